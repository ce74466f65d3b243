/** Imports of instances that the hooks supply, past Deno's graph of all modules.
 *
 * Where there are load hooks, Deno copies its graph for each `import()`, adds the file that lies at that place to it, and
 * then asks the hooks all the same: the more modules a process has, the more milliseconds. An import of a type that Deno
 * does not know leaves the graph out, and what the hooks give is the module that every other import of the URL finds.
 *
 * @module
 */
import type { LoadHookContext } from "node:module";

/** No type of Deno's own. */
const TYPE = "flyhot";
const OPTIONS: ImportCallOptions = { with: { type: TYPE } };

/** Imports instances. */
export class HookedImport {
  #passes: Promise<boolean> | null = null;

  /**
   * Imports an instance that the hooks supply.
   *
   * @param url its URL
   * @param probe a URL for which the hooks supply an empty module
   * @returns what it exports
   */
  async import(url: string, probe: string): Promise<unknown> {
    this.#passes ??= passes(probe);
    if (!await this.#passes) return await import(url);
    try {
      return await import(url, OPTIONS);
    } catch {
      // Deno says why, as it does to everybody.
      return await import(url);
    }
  }
}

/** Whether this Deno leaves the graph out, and makes one module of both imports. */
async function passes(probe: string): Promise<boolean> {
  try {
    return await import(probe, OPTIONS) === await import(probe);
  } catch {
    return false;
  }
}

/** What a load hook is told of an import, without what it was only told for Deno. */
export function plainContext(context: LoadHookContext): LoadHookContext {
  const { type, ...importAttributes } = context.importAttributes ?? {};
  return type === TYPE ? { ...context, importAttributes } : context;
}
