/** Live boundaries: objects that always stand for the newest version of a module.
 * @module
 */
import type { LiveCall, ModuleLoading } from "./hooks.ts";

interface Boundary {
  readonly thunk: () => Promise<object>;
  call: LiveCall;
  /** Null until the module has loaded, by the thunk or by an upgrade that came in between. */
  value: object | null;
}

interface LoadedBoundary extends Boundary {
  value: object;
}

interface Renewed {
  readonly boundary: Boundary;
  readonly call: LiveCall;
  readonly value: object;
}

/** The new values of the boundaries that an upgrade touches. */
export interface RefreshedBoundaries {
  /**
   * Lets the boundaries stand for their new values.
   *
   * @returns puts the old values back
   */
  swap(): () => void;
}

/** All live boundaries of the process. */
export class LiveBoundaries {
  readonly #modules: ModuleLoading;
  // Weakly held: a boundary lives as long as the code that calls through it.
  #boundaries: WeakRef<Boundary>[] = [];

  /**
   * @param modules how modules are resolved
   */
  constructor(modules: ModuleLoading) {
    this.#modules = modules;
  }

  /**
   * Opens a boundary.
   *
   * @param thunk imports the module
   * @returns an object that stands for the newest version of what the thunk resolves to
   * @throws {TypeError} if the thunk imports nothing, or does not resolve to an object or a function
   */
  async open<T extends object>(thunk: () => Promise<T>): Promise<T> {
    const { result, call } = this.#modules.runLive(thunk, false);
    const boundary: Boundary = { thunk, call, value: null };
    // Before the module has loaded, so that an upgrade which arrives meanwhile finds the boundary.
    this.#boundaries.push(new WeakRef(boundary));
    const value = await loadedValue(boundary, result);
    if (!isObject(value)) {
      throw new TypeError(
        `Cannot open a live boundary: the thunk resolved to ${
          value === null ? "null" : typeof value
        }; write live(() => import("./app.ts"))`,
      );
    }
    boundary.value ??= value;
    if (call.targets.size === 0 && this.#modules.seesImports) {
      throw new TypeError(
        'Cannot open a live boundary: the thunk imported no module of the app before it first waited; write live(() => import("./app.ts"))',
      );
    }
    return standIn(boundary as LoadedBoundary) as T;
  }

  /**
   * Imports the new code for the boundaries that lead to reloaded modules.
   *
   * @param reload the paths that are evaluated anew
   * @returns the new values, to be swapped in
   * @throws whatever the new code throws while it is evaluated
   */
  async refresh(reload: ReadonlySet<string>): Promise<RefreshedBoundaries> {
    const waiting: Promise<Renewed | null>[] = [];
    this.#boundaries = this.#boundaries.filter((reference) =>
      reference.deref() !== undefined
    );
    for (const reference of this.#boundaries) {
      const boundary = reference.deref();
      if (boundary && this.#leadsTo(boundary, reload)) {
        waiting.push(this.#renew(boundary, reload));
      }
    }
    const settled = await Promise.allSettled(waiting);
    const renewed = settled.map((outcome) => {
      if (outcome.status === "rejected") throw outcome.reason;
      return outcome.value;
    }).filter((entry) => entry !== null);
    return {
      swap: () => {
        const before = renewed.map(({ boundary: { call, value } }) => ({
          call,
          value,
        }));
        for (const { boundary, call, value } of renewed) {
          Object.assign(boundary, { call, value });
        }
        return () =>
          renewed.forEach(({ boundary }, index) =>
            Object.assign(boundary, before[index])
          );
      },
    };
  }

  #leadsTo({ call }: Boundary, reload: ReadonlySet<string>): boolean {
    return [...call.targets].some((url) => {
      const path = this.#modules.table?.pathOf(url) ?? null;
      return path !== null && reload.has(path);
    });
  }

  async #renew(
    boundary: Boundary,
    reload: ReadonlySet<string>,
  ): Promise<Renewed | null> {
    const { table } = this.#modules;
    const owner = table?.pathOf(boundary.call.owner) ?? null;
    try {
      const { result, call } = this.#modules.runLive(boundary.thunk, true);
      const value: unknown = await result;
      if (!isObject(value)) {
        throw new TypeError(
          `Cannot refresh a live boundary of ${owner}: its thunk resolved to ${typeof value}`,
        );
      }
      // A thunk may decide anew what it imports.
      return {
        boundary,
        value,
        call: call.targets.size > 0 ? call : boundary.call,
      };
    } catch (error) {
      // The thunk of replaced code may ask for what is gone; whoever still holds it keeps what it has.
      const replaced = owner !== null &&
        (reload.has(owner) || table?.isCurrent(boundary.call.owner) === false);
      if (replaced) return null;
      throw error;
    }
  }
}

/** What the thunk resolves to; where it fails, what an upgrade has put in its place meanwhile. */
async function loadedValue(
  boundary: Boundary,
  result: Promise<unknown>,
): Promise<unknown> {
  try {
    return await result;
  } catch (error) {
    if (boundary.value !== null) return boundary.value;
    throw error;
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) ||
    typeof value === "function";
}

function standIn(boundary: LoadedBoundary): object {
  const target = typeof boundary.value === "function"
    // Bound, it can be constructed and has no prototype of its own to report.
    ? function () {}.bind(null)
    : Object.create(null);
  const stand: object = new Proxy<object>(target, {
    get(_, key) {
      const { value } = boundary;
      const member: unknown = Reflect.get(value, key, value);
      // Methods of an object other than a module namespace may need the object itself as `this`.
      return typeof member === "function" && !isNamespace(value)
        ? member.bind(value)
        : member;
    },
    set: (_, key, member) => Reflect.set(boundary.value, key, member),
    has: (_, key) => Reflect.has(boundary.value, key),
    deleteProperty: (_, key) => Reflect.deleteProperty(boundary.value, key),
    defineProperty: (_, key, descriptor) =>
      Reflect.defineProperty(boundary.value, key, descriptor),
    preventExtensions: () => false,
    ownKeys: () => Reflect.ownKeys(boundary.value),
    getPrototypeOf: () => Reflect.getPrototypeOf(boundary.value),
    getOwnPropertyDescriptor(_, key) {
      const descriptor = Reflect.getOwnPropertyDescriptor(boundary.value, key);
      // A proxy may only report as fixed what its own target has.
      return descriptor && { ...descriptor, configurable: true };
    },
    apply: (_, self, args) =>
      Reflect.apply(boundary.value as () => unknown, self, args),
    construct: (_, args, newTarget) =>
      Reflect.construct(
        boundary.value as new () => object,
        args,
        newTarget === stand ? boundary.value as new () => object : newTarget,
      ),
  });
  return stand;
}

function isNamespace(value: object): boolean {
  return Reflect.get(value, Symbol.toStringTag) === "Module";
}
