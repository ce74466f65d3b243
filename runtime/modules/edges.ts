/** Who imported what, as seen when it happened: imports for types only are none, computed ones are.
 * @module
 */
import type { ModuleTable } from "./module_table.ts";
import { placeOf } from "./module_urls.ts";

/** One import that was seen. */
export interface SeenImport {
  /** As it was asked for. */
  readonly specifier: string;
  /** Where it leads: a path of the app, or a URL outside of it. */
  readonly to: string;
  /** Whether it leads to a module of the app. */
  readonly inside: boolean;
  /** Whether it went through `live()`, and only so. */
  readonly live: boolean;
}

/** What has been loaded and how, for the planner. */
export interface LoadedModules {
  /** The paths loaded. */
  readonly loaded: Set<string>;
  /** What each imported. */
  readonly imports: Map<string, readonly SeenImport[]>;
}

interface Target {
  readonly url: string;
  readonly live: boolean;
}

/** The imports that were seen. */
export class Edges {
  readonly #imports = new Map<string, Map<string, Target>>();
  readonly #loaded = new Set<string>();

  /**
   * Notes that a module instance was loaded.
   *
   * @param url its URL
   */
  addLoaded(url: string): void {
    this.#loaded.add(url);
  }

  /**
   * Tells whether a module instance was loaded while somebody watched.
   *
   * @param url its URL
   * @returns false for boot modules
   */
  hasLoaded(url: string): boolean {
    return this.#loaded.has(url);
  }

  /**
   * Notes an import.
   *
   * @param importer the importing instance
   * @param specifier as written
   * @param url where it leads, as a place
   * @param live whether it went through `live()`
   */
  add(importer: string, specifier: string, url: string, live: boolean): void {
    let seen = this.#imports.get(importer);
    if (!seen) this.#imports.set(importer, seen = new Map());
    // One import that is not live is enough to hold the old module.
    const before = seen.get(specifier);
    seen.set(specifier, { url, live: live && before?.live !== false });
  }

  /**
   * What is loaded in the current generation.
   *
   * @param table the table of current instances
   * @returns the paths and what they imported
   */
  current(table: ModuleTable): LoadedModules {
    const loaded = new Set<string>();
    for (const url of this.#loaded) {
      if (table.isCurrent(url)) loaded.add(table.pathOf(url)!);
    }
    const imports = new Map<string, readonly SeenImport[]>();
    for (const [importer, seen] of this.#imports) {
      const from = table.pathOf(importer);
      if (from === null || !table.isCurrent(importer)) continue;
      const list = [...imports.get(from) ?? []];
      for (const [specifier, { url, live }] of seen) {
        // What lies under the root for Deno's convenience is not the app's.
        const path = url.includes("/node_modules/") ? null : table.pathOf(url);
        const to = path ?? placeOf(url);
        list.push({ specifier, to, inside: path !== null, live });
      }
      imports.set(from, list);
    }
    return { loaded, imports };
  }

  /**
   * The instances that were loaded and of which something is true.
   *
   * @param isOf tells which
   * @returns their URLs
   */
  loadedWhere(isOf: (url: string) => boolean): string[] {
    return [...this.#loaded].filter(isOf);
  }

  /**
   * Forgets what is known of some instances.
   *
   * @param keep tells which to remember
   */
  keep(keep: (url: string) => boolean): void {
    for (const url of this.#loaded) if (!keep(url)) this.#loaded.delete(url);
    for (const url of this.#imports.keys()) {
      if (!keep(url)) this.#imports.delete(url);
    }
  }

  /** Forgets all. */
  clear(): void {
    this.#loaded.clear();
    this.#imports.clear();
  }
}
