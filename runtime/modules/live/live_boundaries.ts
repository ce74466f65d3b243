/** Live boundaries: objects that always stand for the newest version of a module.
 * @module
 */
import { AbortController } from "../../base/platform/globals.ts";
import { pause } from "../../base/waiting/pause.ts";
import type { CallingLine } from "../caller.ts";
import { asWork, callable } from "./calls_as_work.ts";
import { Gate } from "../generation_gate.ts";
import { type Generations, generations } from "../generations.ts";
import type { LiveCall, ModuleLoading } from "../hooks/hooks.ts";
import { SCRIPT } from "../hooks/load_hook.ts";

/** What a boundary stands for in one generation. */
interface Meaning {
  readonly call: LiveCall;
  /** Null until the module has loaded. */
  value: object | null;
}

/** So long a thunk waits for what is imported ahead of it. */
const AHEAD_MS = 1000;

interface Boundary {
  readonly thunk: () => Promise<object>;
  /** Where it is opened; null where that is not known. */
  readonly line: CallingLine | null;
  readonly gate: Gate<Meaning>;
  /** Settles with what an upgrade puts in its place while the module still loads; what it replaces may never settle. */
  readonly overtaken: PromiseWithResolvers<object>;
}

interface Renewed {
  readonly boundary: Boundary;
  readonly call: LiveCall;
  readonly value: object;
}

/** The new values of the boundaries that an upgrade touches. */
export interface RefreshedBoundaries {
  /** Lets the boundaries stand for their new values, for whoever meets that generation. */
  swap(generation: number): () => void;
}

/** All live boundaries of the process. */
export class LiveBoundaries {
  readonly #modules: ModuleLoading;
  readonly #generations: Generations;
  // Weakly held: a boundary lives as long as the code that calls through it.
  #boundaries: WeakRef<Boundary>[] = [];
  readonly #waiting = new Map<Promise<unknown>, () => string>();

  /**
   * @param modules how modules are resolved
   * @param all the generations of the process. Default those that all copies of this package share
   */
  constructor(modules: ModuleLoading, all: Generations = generations) {
    this.#modules = modules;
    this.#generations = all;
  }

  /** Opens a boundary. Throws if the thunk imports nothing, or does not resolve to an object or a function. */
  async open<T extends object>(
    thunk: () => Promise<T>,
    line: CallingLine | null = null,
  ): Promise<T> {
    const { result, call } = this.#evaluate(thunk, false);
    const first: Meaning = { call, value: null };
    const gate = new Gate(this.#generations, first);
    const boundary: Boundary = {
      thunk,
      line,
      gate,
      overtaken: Promise.withResolvers(),
    };
    // Before the module has loaded, so that an upgrade which arrives meanwhile finds the boundary.
    this.#boundaries.push(new WeakRef(boundary));
    const value = await this.#waited(
      boundary,
      call,
      loadedValue(boundary, result),
    );
    if (!isObject(value)) {
      throw new TypeError(
        `Cannot open a live boundary: the thunk resolved to ${
          value === null ? "null" : typeof value
        }; write live(() => import("./app.ts"))`,
      );
    }
    if (call.targets.size === 0 && this.#modules.seesImports) {
      throw new TypeError(
        'Cannot open a live boundary: the thunk imported no module of the app before it first waited; write live(() => import("./app.ts"))',
      );
    }
    first.value = value;
    return standIn(boundary, this.#generations) as T;
  }

  /** The modules that boundaries import, as they did the last time. */
  get targets(): Set<string> {
    const { table } = this.#modules;
    const paths = new Set<string>();
    for (const reference of this.#boundaries) {
      for (const url of reference.deref()?.gate.newest.call.targets ?? []) {
        const path = table?.pathOf(url) ?? null;
        if (path !== null) paths.add(path);
      }
    }
    return paths;
  }

  /**
   * Imports the new code for the boundaries that lead to reloaded modules. Throws whatever the new code throws while it
   * is evaluated.
   */
  async refresh(reload: ReadonlySet<string>): Promise<RefreshedBoundaries> {
    // What an upgrade before this one has waited for is not this one's affair.
    this.#waiting.clear();
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
      swap: (generation) => {
        for (const { boundary: { gate, overtaken }, value } of renewed) {
          if (gate.newest.value !== null) continue;
          this.#generations.whenServing(generation).then(() =>
            overtaken.resolve(value)
          );
        }
        const undo = renewed.map(({ boundary, call, value }) =>
          boundary.gate.put(generation, { call, value })
        );
        return () => {
          for (const step of undo) step();
        };
      },
    };
  }

  /** The boundaries whose modules have not loaded yet, as people look for them. */
  get waiting(): string[] {
    return [...this.#waiting.values()].map((describe) => describe());
  }

  async #waited(
    { line }: Boundary,
    { targets }: LiveCall,
    result: Promise<unknown>,
  ): Promise<unknown> {
    const pathOf = (url: string) => this.#modules.pathOf(url);
    this.#waiting.set(result, () => {
      const at = line === null ? "" : ` at ${pathOf(line.url)}:${line.line}`
        // Where the file is that is evaluated at this place.
        .replace(/ \S*\/\.flyhot\/releases\/[^/]+\//, " ");
      const [target] = targets;
      return `live()${at} waits for ${
        target === undefined ? "its thunk" : pathOf(target)
      }`;
    });
    try {
      return await result;
    } finally {
      this.#waiting.delete(result);
    }
  }

  // What the module starts while it is evaluated is its own, and ends with it.
  #evaluate(thunk: () => Promise<object>, staged: boolean) {
    return this.#generations.inEvaluation((name) => {
      const { result, call } = this.#modules.runLive(thunk, staged);
      const [target] = call.targets;
      if (target !== undefined) name(this.#modules.pathOf(target));
      return { result, call };
    });
  }

  #leadsTo({ gate }: Boundary, reload: ReadonlySet<string>): boolean {
    return [...gate.newest.call.targets].some((url) => {
      const path = this.#modules.table?.pathOf(url) ?? null;
      return path !== null && reload.has(path);
    });
  }

  /** Imports what the thunk is about to ask for: its own import takes as long as Deno takes for its graph of all modules. */
  async #importAhead(
    boundary: Boundary,
    reload: ReadonlySet<string>,
  ): Promise<void> {
    const { call } = boundary.gate.newest;
    const paths = [...call.targets].map((url) => this.#modules.pathOf(url))
      .filter((path) => reload.has(path) && SCRIPT.test(path));
    const imported = paths.map((path) =>
      this.#generations.inEvaluation((name) => {
        name(path);
        return this.#modules.importStaged(path);
      })
    );
    // The thunk is told what fails, and one whose module never ends is waited for as such.
    const over = new AbortController();
    const late = pause(AHEAD_MS, { signal: over.signal });
    const settled = Promise.allSettled(imported);
    await this.#waited(boundary, call, Promise.race([settled, late]));
    over.abort();
  }

  async #renew(
    boundary: Boundary,
    reload: ReadonlySet<string>,
  ): Promise<Renewed | null> {
    const { table } = this.#modules;
    const before = boundary.gate.newest;
    const owner = table?.pathOf(before.call.owner) ?? null;
    try {
      await this.#importAhead(boundary, reload);
      const { result, call } = this.#evaluate(boundary.thunk, true);
      const value = await this.#waited(boundary, call, result);
      if (!isObject(value)) {
        throw new TypeError(
          `Cannot refresh a live boundary of ${owner}: its thunk resolved to ${typeof value}`,
        );
      }
      // A thunk may decide again what it imports.
      return {
        boundary,
        value,
        call: call.targets.size > 0 ? call : before.call,
      };
    } catch (error) {
      // The thunk of replaced code may ask for what is gone; whoever still holds it keeps what it has.
      const replaced = owner !== null &&
        (reload.has(owner) || table?.isCurrent(before.call.owner) === false);
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
    return await Promise.race([result, boundary.overtaken.promise]);
  } catch (error) {
    const { value } = boundary.gate.newest;
    if (value !== null) return value;
    throw error;
  }
}

function isObject(value: unknown): value is object {
  return (typeof value === "object" && value !== null) ||
    typeof value === "function";
}

function standIn(boundary: Boundary, all: Generations): object {
  // Holds on to the boundary itself, which is otherwise held weakly.
  const meant = () => ({ value: boundary.gate.value.value! });
  const target = typeof meant().value === "function"
    // Bound, it can be constructed and has no prototype of its own to report.
    ? function () {}.bind(null)
    : Object.create(null);
  const stand: object = new Proxy<object>(target, {
    get(_, key) {
      const { value } = meant();
      const member: unknown = Reflect.get(value, key, value);
      // Methods of an object other than a module namespace may need the object itself as `this`.
      return typeof member === "function" && !isNamespace(value)
        ? callable(all, member.bind(value))
        : callable(all, member);
    },
    set: (_, key, member) => Reflect.set(meant().value, key, member),
    has: (_, key) => Reflect.has(meant().value, key),
    deleteProperty: (_, key) => Reflect.deleteProperty(meant().value, key),
    defineProperty: (_, key, descriptor) =>
      Reflect.defineProperty(meant().value, key, descriptor),
    preventExtensions: () => false,
    ownKeys: () => Reflect.ownKeys(meant().value),
    getPrototypeOf: () => Reflect.getPrototypeOf(meant().value),
    getOwnPropertyDescriptor(_, key) {
      const descriptor = Reflect.getOwnPropertyDescriptor(meant().value, key);
      // A proxy may only report as fixed what its own target has.
      return descriptor && { ...descriptor, configurable: true };
    },
    apply: (_, self, args) =>
      asWork(
        all,
        () => Reflect.apply(meant().value as () => unknown, self, args),
      ),
    construct: (_, args, newTarget) =>
      Reflect.construct(
        meant().value as new () => object,
        args,
        newTarget === stand ? meant().value as new () => object : newTarget,
      ),
  });
  return stand;
}

function isNamespace(value: object): boolean {
  return Reflect.get(value, Symbol.toStringTag) === "Module";
}
