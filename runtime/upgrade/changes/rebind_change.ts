/** What an upgrade does about importers that stay: the functions and classes of the new modules take the places of the old ones.
 * @module
 */
import { UpgradeError } from "../../base/upgrade_error.ts";
import { attemptOf } from "../../modules/module_urls.ts";
import type { SettableInstance } from "../../modules/rebind/settable_modules.ts";
import type { ReboundModule } from "../../plan/plan.ts";
import type { AppProcess } from "../../process/process.ts";

type Callable = (this: unknown, ...args: unknown[]) => unknown;
type Class = new (...args: unknown[]) => object;

/** One variable of an old instance. */
interface Slot {
  readonly instance: SettableInstance;
  readonly name: string;
  readonly isClass: boolean;
  /** What it held before. */
  readonly old: unknown;
  /** What the new module has in its place. */
  readonly next: unknown;
  /** The upgrade that has set it before and may not be over; null for none. */
  readonly below: RebindChange | null;
}

/** By which upgrade a variable was set: the next may come before all work that began before the last one has ended. */
const newest = new WeakMap<object, Record<string, RebindChange | null>>();

/** The part of an upgrade that concerns importers that stay. */
export class RebindChange {
  readonly #appProcess: Pick<AppProcess, "modules">;
  readonly #attempt: number;
  readonly #reload: readonly string[];
  readonly #rebound: Readonly<Record<string, ReboundModule>>;
  #slots: Slot[] = [];
  #isSettled = false;

  /**
   * @param appProcess what runs in this process
   * @param attempt the attempt that is loaded
   * @param reload the modules that are evaluated
   * @param rebound what importers that stay use of them
   */
  constructor(
    appProcess: Pick<AppProcess, "modules">,
    attempt: number,
    reload: readonly string[],
    rebound: Readonly<Record<string, ReboundModule>>,
  ) {
    this.#appProcess = appProcess;
    this.#attempt = attempt;
    this.#reload = reload;
    this.#rebound = rebound;
  }

  /**
   * Looks for the variables. Throws if the new modules, as they have been evaluated, do not have what the plan has found
   * in their texts.
   */
  prepare(): void {
    this.#slots = this.#find();
    for (const [path, { names, by }] of Object.entries(this.#rebound)) {
      for (const name of names) {
        const isThere = this.#slots.some((slot) =>
          slot.name === name && this.#pathOf(slot.instance.url) === path
        );
        if (isThere) continue;
        throw new UpgradeError(
          "load",
          `Cannot let ${
            by.join(", ")
          } call the new ${name} of ${path}: its module does not hand it out`,
        );
      }
    }
  }

  /** Lets those meet new functions who may, in one turn. */
  swap(isNew: () => boolean): () => void {
    const dispatchers = new Map<unknown, unknown>();
    this.#slots = this.#slots.map((slot) => {
      const { instance, name, isClass, next } = slot;
      const owners = ownersOf(instance);
      const below = owners[name] ?? null;
      owners[name] = this;
      const old = instance.set!(name);
      let dispatcher = dispatchers.get(old);
      if (!dispatcher) {
        dispatcher = isClass
          ? classOf(old as Class, next as Class, isNew)
          : dispatcherOf(old as Callable, next as Callable, isNew);
        dispatchers.set(old, dispatcher);
      }
      instance.set!(name, true, dispatcher);
      return { ...slot, old, below };
    });
    return () => this.#undo();
  }

  /** Lets everybody meet what is new, at no cost: work that began before has had its time. */
  settle(): void {
    this.#isSettled = true;
    for (const { instance, name, next } of this.#slots) {
      // A later upgrade may have set it since.
      if (ownersOf(instance)[name] === this) {
        instance.set!(name, true, next);
      }
    }
    // There is no way back by an undo: what came before need not live as long as this.
    this.#slots = this.#slots.map((slot) => ({
      ...slot,
      old: undefined,
      below: null,
    }));
  }

  #undo(): void {
    if (this.#isSettled) return;
    for (const { instance, name, old, below } of this.#slots) {
      const owners = ownersOf(instance);
      if (owners[name] !== this) continue;
      owners[name] = below;
      const now = below ? below.#nowOf(instance, name) : undefined;
      instance.set!(name, true, now ?? old);
    }
  }

  /** What a variable is to hold by this upgrade, where that is not its dispatcher any more. */
  #nowOf(instance: SettableInstance, name: string): unknown {
    const slot = this.#slots.find((it) =>
      it.instance === instance && it.name === name
    );
    return slot && this.#isSettled ? slot.next : undefined;
  }

  #pathOf(url: string): string | null {
    return this.#appProcess.modules.table!.pathOf(url);
  }

  #find(): Slot[] {
    const { keeping } = this.#appProcess.modules;
    const byPath = keeping.settable.byPath((url) => this.#pathOf(url));
    return this.#reload.flatMap((path) => {
      const instances = (byPath.get(path) ?? []).filter(({ set }) => set);
      const next = instances.find(({ url }) =>
        attemptOf(url) === this.#attempt
      );
      if (!next) return [];
      return instances.filter((it) => it !== next).flatMap((instance) =>
        next.names.filter((name) => instance.names.includes(name))
          .flatMap((name): Slot[] => {
            const old = read(instance, name), made = read(next, name);
            if (typeof old !== "function" || typeof made !== "function") {
              return [];
            }
            const isClass = isOfClass(made);
            if (isOfClass(old) !== isClass) return [];
            return [{ instance, name, isClass, old, next: made, below: null }];
          })
      );
    });
  }
}

/** The value of an export; undefined as long as it has none. */
function read({ set }: SettableInstance, name: string): unknown {
  try {
    return set!(name);
  } catch {
    // Its declaration has not been reached.
    return undefined;
  }
}

function ownersOf(
  { set }: SettableInstance,
): Record<string, RebindChange | null> {
  const known = newest.get(set!);
  if (known) return known;
  // Each instance stays for as long as the process: not a map each.
  const owners: Record<string, RebindChange | null> = Object.create(null);
  newest.set(set!, owners);
  return owners;
}

function isOfClass(value: unknown): boolean {
  return Object.getOwnPropertyDescriptor(value, "prototype")?.writable ===
    false;
}

/** A function that calls whichever the caller may meet. */
function dispatcherOf(
  old: Callable,
  next: Callable,
  isNew: () => boolean,
): Callable {
  const dispatcher: Callable = function (...args) {
    return Reflect.apply(isNew() ? next : old, this, args);
  };
  for (const key of ["name", "length"] as const) {
    Object.defineProperty(dispatcher, key, {
      value: next[key],
      configurable: true,
    });
  }
  return dispatcher;
}

/** A class that is whichever the caller may meet; for a while, since private static members and identity do not see through it. */
function classOf(old: Class, next: Class, isNew: () => boolean): Class {
  const now = () => isNew() ? next : old;
  const dispatcher: Class = new Proxy(old, {
    construct: (_, args, target) => {
      const of = now();
      return Reflect.construct(of, args, target === dispatcher ? of : target);
    },
    get: (target, key) => {
      const of = now();
      // Also for instances of the other one.
      if (key === Symbol.hasInstance) {
        const test = Reflect.get(of, key) as Callable;
        return (value: unknown) => Reflect.apply(test, of, [value]);
      }
      const fixed = Reflect.getOwnPropertyDescriptor(target, key);
      if (fixed && !fixed.configurable && !fixed.writable) return fixed.value;
      const value = Reflect.get(of, key);
      return typeof value === "function" && !isOfClass(value)
        ? value.bind(of)
        : value;
    },
    set: (_, key, value) => Reflect.set(now(), key, value),
    has: (_, key) => Reflect.has(now(), key),
  });
  return dispatcher;
}
