/** Who imported what, as seen when it happened: imports for types only are none, computed ones are.
 * @module
 */
import type { ModuleTable } from "./module_table.ts";
import { placeOf } from "./module_urls.ts";

/** How one module was imported by another. */
export type EdgeKind = "live" | "plain";

/** What has been loaded and how, for the planner. */
export interface LoadedModules {
  /** The paths loaded. */
  readonly loaded: Set<string>;
  /** Imports through `live()`, by importer. */
  readonly live: Map<string, Set<string>>;
  /** All other imports, by importer. */
  readonly plain: Map<string, Set<string>>;
  /** Where each specifier of an importer leads: a path of the app, or a URL outside of it. */
  readonly specifiers: Map<string, Map<string, string>>;
}

interface Seen {
  readonly targets: Map<string, EdgeKind>;
  readonly specifiers: Map<string, string>;
}

/** The imports that were seen. */
export class Edges {
  readonly #imports = new Map<string, Seen>();
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
   * @param target where it leads, as a place
   * @param kind how it was imported
   */
  add(
    importer: string,
    specifier: string,
    target: string,
    kind: EdgeKind,
  ): void {
    let seen = this.#imports.get(importer);
    if (!seen) {
      seen = { targets: new Map(), specifiers: new Map() };
      this.#imports.set(importer, seen);
    }
    // One import that is not live is enough to hold the old module.
    if (seen.targets.get(target) !== "plain") seen.targets.set(target, kind);
    seen.specifiers.set(specifier, target);
  }

  /**
   * What is loaded in the current generation, or will be after an upgrade.
   *
   * @param table the table of current instances
   * @param isCurrent tells which instances count. Default those that the table calls current
   * @returns the paths and how they were imported
   */
  current(
    table: ModuleTable,
    isCurrent: (url: string) => boolean = (url) => table.isCurrent(url),
  ): LoadedModules {
    const loaded = new Set<string>();
    const live = new Map<string, Set<string>>();
    const plain = new Map<string, Set<string>>();
    const specifiers = new Map<string, Map<string, string>>();
    for (const url of this.#loaded) {
      if (isCurrent(url)) loaded.add(table.pathOf(url)!);
    }
    for (const [importer, seen] of this.#imports) {
      const from = table.pathOf(importer);
      if (from === null || !isCurrent(importer)) continue;
      for (const [target, kind] of seen.targets) {
        const to = table.pathOf(target);
        // Whoever imports itself holds nothing that is not replaced with it.
        if (to === null || to === from) continue;
        const edges = kind === "live" ? live : plain;
        edges.set(from, (edges.get(from) ?? new Set()).add(to));
      }
      const led = specifiers.get(from) ?? new Map<string, string>();
      for (const [specifier, target] of seen.specifiers) {
        led.set(specifier, table.pathOf(target) ?? placeOf(target));
      }
      specifiers.set(from, led);
    }
    return { loaded, live, plain, specifiers };
  }

  /**
   * The instances that one attempt has loaded.
   *
   * @param isOf tells the attempt's instances
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
