/** Who imported what, as seen when it happened: imports for types only are none, computed ones are.
 * @module
 */
import { inOneGo, type Steps, Turns } from "../../base/in_slices.ts";
import type { ModuleTable } from "../module_table.ts";
import { placeOf } from "../module_urls.ts";

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
  readonly loaded: ReadonlySet<string>;
  /** Those that were asked for and could not be read: nothing of them runs. */
  readonly failed: ReadonlySet<string>;
  /** What each imported. */
  readonly imports: ReadonlyMap<string, readonly SeenImport[]>;
}

interface Target {
  readonly url: string;
  readonly live: boolean;
}

/** What one instance imports. */
interface Imported {
  readonly targets: Map<string, Target>;
  /** The same for the planner, which remembers what it made of a list; null until it asks again. */
  list: readonly SeenImport[] | null;
}

/** The imports that were seen. */
export class Edges {
  readonly #imports = new Map<string, Imported>();
  readonly #loaded = new Set<string>();
  readonly #failed = new Set<string>();
  /** Grows with whatever is loaded or imported. */
  changes = 0;
  #known: { readonly state: string; readonly modules: LoadedModules } | null =
    null;

  /** Notes that a module instance was loaded. */
  addLoaded(url: string): void {
    if (this.#loaded.has(url)) return;
    this.#loaded.add(url);
    this.#failed.delete(url);
    this.changes++;
  }

  /** Notes that one could not be read. */
  addFailed(url: string): void {
    this.#loaded.delete(url);
    this.#failed.add(url);
    this.changes++;
  }

  /** Tells whether a module instance was loaded while somebody watched. Returns false for boot modules. */
  hasLoaded(url: string): boolean {
    return this.#loaded.has(url);
  }

  /** Notes an import. */
  add(importer: string, specifier: string, url: string, live: boolean): void {
    let seen = this.#imports.get(importer);
    if (!seen) {
      this.#imports.set(importer, seen = { targets: new Map(), list: null });
    }
    // One import that is not live is enough to hold the old module.
    const before = seen.targets.get(specifier);
    const isLive = live && before?.live !== false;
    if (before?.url === url && before.live === isLive) return;
    seen.targets.set(specifier, { url, live: isLive });
    seen.list = null;
    this.changes++;
  }

  /** What is loaded in the current generation. */
  current(table: ModuleTable, boot: string | null = null): LoadedModules {
    return inOneGo(this.currentSteps(table, boot));
  }

  /** As {@linkcode Edges.current}, in steps; told again without looking, as long as nothing has changed. */
  *currentSteps(
    table: ModuleTable,
    boot: string | null = null,
  ): Steps<LoadedModules> {
    const state = () => `${this.changes} ${table.changes} ${boot}`;
    const before = state();
    if (this.#known?.state === before) return this.#known.modules;
    const loaded = new Set<string>();
    const turns = new Turns();
    for (const url of this.#loaded) {
      if (table.isCurrent(url)) loaded.add(table.pathOf(url)!);
      if (turns.due) yield;
    }
    if (boot !== null) loaded.add(boot);
    const failed = new Set<string>();
    for (const url of this.#failed) {
      const path = table.isCurrent(url) ? table.pathOf(url)! : null;
      if (path !== null && !loaded.has(path)) failed.add(path);
    }
    const imports = new Map<string, readonly SeenImport[]>();
    for (const [importer, seen] of this.#imports) {
      if (turns.due) yield;
      const from = table.pathOf(importer);
      if (from === null || !table.isCurrent(importer)) continue;
      const list = seen.list ??= listOf(seen.targets, table);
      // One that is loaded with a query as well is one file.
      const other = imports.get(from);
      imports.set(from, other ? [...other, ...list] : list);
    }
    const modules = { loaded, failed, imports };
    // Others may have had their turn in between.
    if (state() === before) this.#known = { state: before, modules };
    return modules;
  }

  /** The instances that were loaded and of which something is true. */
  loadedWhere(isOf: (url: string) => boolean): string[] {
    return [...this.#loaded].filter(isOf);
  }

  /** Forgets instances that are no longer current: what is loaded now is the same without them. */
  forgetOld(table: ModuleTable): void {
    for (const known of [this.#loaded, this.#failed, this.#imports]) {
      for (const url of known.keys()) {
        if (table.pathOf(url) !== null && !table.isCurrent(url)) {
          known.delete(url);
        }
      }
    }
  }

  /** Forgets all. */
  clear(): void {
    this.#loaded.clear();
    this.#failed.clear();
    this.#imports.clear();
    this.changes++;
  }
}

function listOf(
  targets: ReadonlyMap<string, Target>,
  table: ModuleTable,
): SeenImport[] {
  return [...targets].map(([specifier, { url, live }]) => {
    // What lies under the root for Deno's convenience is not the app's.
    const path = url.includes("/node_modules/") ? null : table.pathOf(url);
    return { specifier, to: path ?? placeOf(url), inside: path !== null, live };
  });
}
