/** What an upgrade does about importers that stay: the functions and classes of the new modules take the places of the old ones.
 * @module
 */
import { UpgradeError } from "../../base/upgrade_error.ts";
import type { SetExport } from "../../modules/rebind/settable.ts";
import type { SettableInstance } from "../../modules/rebind/settable_modules.ts";
import type { ReboundModule } from "../../plan/plan.ts";
import type { AppProcess } from "../../process/process.ts";

type Callable = (this: unknown, ...args: unknown[]) => unknown;
type Class = new (...args: unknown[]) => object;

/** What one export of a module becomes. */
interface Successor {
  readonly name: string;
  readonly isClass: boolean;
  /** What the new module has. */
  readonly next: unknown;
  /** Whether it is what everybody meets, and no undo gives back what was before. */
  isSettled: boolean;
}

/** What has variables: an instance, or a server, whose handler is one. */
interface Target {
  readonly set: SetExport;
  /** How upgrades have set them. */
  readonly owners: Owners;
}

/** The variables of one name that an upgrade sets. */
interface Variables {
  readonly successor: Successor;
  readonly targets: readonly Target[];
}

/** Variables that held the same: there are as many as upgrades have evaluated, so that none has a record of its own. */
interface Change {
  readonly successor: Successor;
  targets: Target[];
  /** What they held before. */
  old: unknown;
  /** How an upgrade has set them before that may not be over; null for none. */
  below: Change | null;
  /** What they hold until this upgrade is over. */
  readonly dispatcher: unknown;
}

/** How variables were set last: the next upgrade may come before all work that began before the last one has ended. */
type Owners = Record<string, Change | null>;

/** The name of a server's only variable. */
const HANDLER = "";

/** By the setters of instances: each instance stays for as long as the process. */
const known = new WeakMap<SetExport, Target>();

/** The part of an upgrade that concerns importers that stay. */
export class RebindChange {
  readonly #appProcess: Pick<AppProcess, "modules"> & {
    readonly servers: Pick<AppProcess["servers"], "handlers">;
  };
  readonly #attempt: number;
  readonly #reload: readonly string[];
  readonly #rebound: Readonly<Record<string, ReboundModule>>;
  readonly #successors: Successor[] = [];
  readonly #variables: Variables[] = [];
  #changes: Change[] = [];

  /**
   * @param appProcess what runs in this process
   * @param attempt the attempt that is loaded
   * @param reload the modules that are evaluated
   * @param rebound what importers that stay use of them
   */
  constructor(
    appProcess: Pick<AppProcess, "modules"> & {
      readonly servers: Pick<AppProcess["servers"], "handlers">;
    },
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
    const there = this.#find();
    for (const [path, { names, by }] of Object.entries(this.#rebound)) {
      const missing = names.find((name) => !there.get(path)?.has(name));
      if (missing === undefined) continue;
      throw new UpgradeError(
        "load",
        `Cannot let ${
          by.join(", ")
        } call the new ${missing} of ${path}: its module does not hand it out`,
      );
    }
    this.#mustTell();
  }

  /** Looks once more at what answers: by two names of one function, which are two then, nobody knows which one it is. */
  #mustTell(): void {
    for (const { successor, targets: [server] } of this.#served()) {
      const same = this.#variables.find((
        { successor: { name, next }, targets },
      ) =>
        next !== successor.next &&
        targets.some((it) => now(it, name) === now(server!))
      );
      if (!same) continue;
      throw new UpgradeError(
        "load",
        `Cannot let a server answer by the new ${same.successor.name}: it is exported by another name as well, which is another function then`,
      );
    }
  }

  /** Lets those meet new functions who may, in one turn. */
  swap(isNew: () => boolean): () => void {
    const dispatchers = new Dispatchers(isNew);
    const served = this.#served();
    this.#successors.push(...served.map(({ successor }) => successor));
    for (const variables of [...this.#variables, ...served]) {
      this.#changes.push(...change(variables, dispatchers));
    }
    return () => this.#undo();
  }

  /** Lets everybody meet what is new, at no cost: work that began before has had its time. */
  settle(): void {
    for (const successor of this.#successors) successor.isSettled = true;
    for (const change of this.#changes) {
      const { successor: { name, next }, targets } = change;
      for (const { set, owners } of targets) {
        // A later upgrade may have set it since.
        if (owners[name] !== change) continue;
        owners[name] = null;
        set(name, true, next);
      }
      // There is no way back by an undo: what came before need not live as long as this.
      change.targets = [];
      change.old = undefined;
      change.below = null;
    }
    this.#changes = [];
  }

  #undo(): void {
    // What is settled is there no more. Two names may be of one variable: what it held at first comes back last.
    for (const change of this.#changes.toReversed()) {
      const { successor: { name }, targets, old, below } = change;
      const now = below?.successor.isSettled ? below.successor.next : undefined;
      for (const { set, owners } of targets) {
        if (owners[name] !== change) continue;
        owners[name] = below;
        set(name, true, now ?? old);
      }
    }
  }

  /** Servers of modules that stay, which answer by what is succeeded: their handlers are variables as well. */
  #served(): Variables[] {
    const replaced = new Set(this.#reload);
    const handlers = [...this.#appProcess.servers.handlers(replaced)]
      .map(targetOf);
    if (handlers.length === 0) return [];
    const successors = new Map<unknown, Successor>();
    for (const { successor, targets } of this.#variables) {
      if (successor.isClass) continue;
      for (const it of targets) {
        successors.set(now(it, successor.name), successor);
      }
    }
    return handlers.flatMap((server): Variables[] => {
      const of = successors.get(now(server));
      if (!of) return [];
      return [{ successor: { ...of, name: HANDLER }, targets: [server] }];
    });
  }

  #pathOf(url: string): string | null {
    return this.#appProcess.modules.table!.pathOf(url);
  }

  /** Finds the variables. Returns the names of those that importers who stay use and that are there, by path. */
  #find(): Map<string, Set<string>> {
    const { keeping } = this.#appProcess.modules;
    const byPath = keeping.settable.byPath((url) => this.#pathOf(url));
    const there = new Map<string, Set<string>>();
    for (const path of this.#reload) {
      const { instances = [] } = byPath.get(path) ?? {};
      const nexts = instances.filter(({ attempt, set }) =>
        set !== null && attempt === this.#attempt
      );
      if (nexts.length === 0) continue;
      const names = new Set<string>();
      for (const next of nexts) this.#findFor(next, instances, path, names);
      there.set(path, names);
    }
    return there;
  }

  #findFor(
    next: SettableInstance,
    instances: readonly SettableInstance[],
    path: string,
    names: Set<string>,
  ): void {
    const successors = successorsIn(next);
    this.#successors.push(...successors);
    const isAskedFor = Object.hasOwn(this.#rebound, path);
    const others: { names: readonly string[]; target: Target }[] = [];
    for (const { set, names, place } of instances) {
      // What a query makes another module of has variables, and state, of its own.
      if (set === null || set === next.set || place !== next.place) continue;
      others.push({ names, target: targetOf(set) });
    }
    for (const successor of successors) {
      const { name, isClass } = successor;
      const targets: Target[] = [];
      for (const { names, target } of others) {
        if (names.includes(name)) targets.push(target);
      }
      if (targets.length === 0) continue;
      this.#variables.push({ successor, targets });
      if (!isAskedFor) continue;
      if (targets.some((it) => isCallable(read(it, name), isClass))) {
        names.add(name);
      }
    }
  }
}

/** Sets variables of one name, as far as they hold what can be succeeded. */
function change(
  { successor, targets }: Variables,
  dispatchers: Dispatchers,
): Change[] {
  const { name, isClass } = successor;
  const changes = new Map<unknown, Change>();
  /** Those of earlier upgrades, by what they lead to. */
  const earlier = new Map<unknown, Change>();
  // Most hold the same.
  let last: Change | undefined, seen: Change | undefined;
  for (const target of targets) {
    const { set, owners } = target;
    let owner = owners[name] ?? null;
    let old: unknown;
    // What is settled is what the variable holds; by what is not, whatever it holds tells what that is.
    if (owner === null || owner.successor.isSettled || isClass) {
      old = read(target, name);
      owner ??= earlier.get(old) ?? null;
    }
    const below = owner?.successor.isSettled === false ? owner : null;
    if (below && !isClass) {
      // What the last upgrade has evaluated leads to the same as all before it, so that they do not have to be told apart.
      if (owners[name] !== below) below.targets.push(target);
      else if (below !== seen) earlier.set(below.successor.next, seen = below);
      old = below.dispatcher;
    }
    let change: Change | undefined = last?.old === old
      ? last
      : changes.get(old);
    if (!change) {
      if (!isCallable(old, isClass)) continue;
      const dispatcher = dispatchers.of(old, successor);
      change = { successor, targets: [], old, below, dispatcher };
      changes.set(old, change);
    }
    last = change;
    change.targets.push(target);
    owners[name] = change;
    set(name, true, change.dispatcher);
  }
  return [...changes.values()];
}

/** What stands in variables until an upgrade is settled: the same for all that have the same before and after. */
class Dispatchers {
  readonly #isNew: () => boolean;
  readonly #made = new Map<unknown, Map<unknown, unknown>>();

  constructor(isNew: () => boolean) {
    this.#isNew = isNew;
  }

  of(old: unknown, { isClass, next }: Successor): unknown {
    let made = this.#made.get(old);
    if (!made) this.#made.set(old, made = new Map());
    let dispatcher = made.get(next);
    if (!dispatcher) {
      dispatcher = isClass
        ? classOf(old as Class, next as Class, this.#isNew)
        : dispatcherOf(old as Callable, next as Callable, this.#isNew);
      made.set(next, dispatcher);
    }
    return dispatcher;
  }
}

/** What a new instance hands out. */
function successorsIn({ names, set }: SettableInstance): Successor[] {
  return names.flatMap((name): Successor[] => {
    const next = set && read({ set }, name);
    return typeof next === "function"
      ? [{ name, isClass: isOfClass(next), next, isSettled: false }]
      : [];
  });
}

/** The value of an export; undefined as long as it has none. */
function read({ set }: Pick<Target, "set">, name: string): unknown {
  try {
    return set(name);
  } catch {
    // Its declaration has not been reached.
    return undefined;
  }
}

/** What a variable stands for now, whoever is to meet it. */
function now(target: Target, name = HANDLER): unknown {
  return target.owners[name]?.successor.next ?? read(target, name);
}

function targetOf(set: SetExport): Target {
  let target = known.get(set);
  if (!target) {
    // Not a map each.
    target = { set, owners: Object.create(null) as Owners };
    known.set(set, target);
  }
  return target;
}

/** Whether a value is a class, or a function that is none. */
function isCallable(value: unknown, isClass: boolean): boolean {
  return typeof value === "function" && isOfClass(value) === isClass;
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
