/** Modules that live boundaries lead to, without a process that loads them.
 * @module
 */

import { LiveBoundaries } from "./live_boundaries.ts";
import { type LiveCall, ModuleLoading } from "../hooks/hooks.ts";
import { ModuleTable } from "../module_table.ts";

const ROOT = "file:///srv/app/";

/** Modules that a test loads by name: what `import()` in a thunk gives depends on whether an upgrade prepares. */
export class Modules extends ModuleLoading {
  /** What the paths stand for now. */
  readonly now = new Map<string, unknown>();
  /** What they will stand for. */
  readonly next = new Map<string, unknown>();
  owner = "main.ts";
  sees = true;
  #call: (LiveCall & { readonly staged: boolean }) | null = null;

  constructor() {
    super();
    this.table = new ModuleTable(ROOT, `${ROOT}.flyhot/releases/`);
  }

  override get seesImports(): boolean {
    return this.sees;
  }

  override runLive<T>(
    thunk: () => T,
    staged: boolean,
  ): { result: T; call: LiveCall } {
    const before = this.#call;
    const call = { owner: "", targets: new Set<string>(), staged };
    this.#call = call;
    try {
      return { result: thunk(), call };
    } finally {
      this.#call = before;
    }
  }

  override async importStaged(path: string): Promise<unknown> {
    const value = (this.next.has(path) ? this.next : this.now).get(path);
    if (value instanceof Error) throw value;
    return await value;
  }

  /** What `import()` does in a module of the app. */
  // deno-lint-ignore no-explicit-any -- a module is what the test says it is
  readonly import = (path: string): Promise<any> => {
    const call = this.#call;
    if (call) {
      call.owner = this.table!.current(this.table!.placeOf(this.owner));
      call.targets.add(this.table!.placeOf(path));
    }
    const source = call?.staged && this.next.has(path) ? this.next : this.now;
    const value = source.get(path);
    return value instanceof Error
      ? Promise.reject(value)
      : Promise.resolve(value);
  };
}

/** Boundaries over modules that a test names. */
export function setUp() {
  const modules = new Modules();
  return { modules, boundaries: new LiveBoundaries(modules) };
}

/** An object like the namespace of a module. */
export function namespace<T extends object>(members: T): T {
  return Object.freeze(
    Object.assign(
      Object.create(null, {
        [Symbol.toStringTag]: { value: "Module" },
      }),
      members,
    ),
  );
}
