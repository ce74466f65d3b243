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
  /** What each imported. */
  readonly imports: ReadonlyMap<string, readonly SeenImport[]>;
}

interface Target {
  readonly url: string;
  readonly live: boolean;
}

/** The imports that were seen. */
export class Edges {
  readonly #imports = new Map<string, Map<string, Target>>();
  readonly #loaded = new Set<string>();
  #changes = 0;
  #known: { readonly state: string; readonly modules: LoadedModules } | null =
    null;

  /** Notes that a module instance was loaded. */
  addLoaded(url: string): void {
    if (this.#loaded.has(url)) return;
    this.#loaded.add(url);
    this.#changes++;
  }

  /** Tells whether a module instance was loaded while somebody watched. Returns false for boot modules. */
  hasLoaded(url: string): boolean {
    return this.#loaded.has(url);
  }

  /** Notes an import. */
  add(importer: string, specifier: string, url: string, live: boolean): void {
    let seen = this.#imports.get(importer);
    if (!seen) this.#imports.set(importer, seen = new Map());
    // One import that is not live is enough to hold the old module.
    const before = seen.get(specifier);
    const isLive = live && before?.live !== false;
    if (before?.url === url && before.live === isLive) return;
    seen.set(specifier, { url, live: isLive });
    this.#changes++;
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
    const state = () => `${this.#changes} ${table.changes} ${boot}`;
    const before = state();
    if (this.#known?.state === before) return this.#known.modules;
    const loaded = new Set<string>();
    const turns = new Turns();
    for (const url of this.#loaded) {
      if (table.isCurrent(url)) loaded.add(table.pathOf(url)!);
      if (turns.due) yield;
    }
    if (boot !== null) loaded.add(boot);
    const imports = new Map<string, SeenImport[]>();
    for (const [importer, seen] of this.#imports) {
      if (turns.due) yield;
      const from = table.pathOf(importer);
      if (from === null || !table.isCurrent(importer)) continue;
      const list = imports.get(from) ?? [];
      for (const [specifier, { url, live }] of seen) {
        // What lies under the root for Deno's convenience is not the app's.
        const path = url.includes("/node_modules/") ? null : table.pathOf(url);
        const to = path ?? placeOf(url);
        list.push({ specifier, to, inside: path !== null, live });
      }
      imports.set(from, list);
    }
    const modules = { loaded, imports };
    // Others may have had their turn in between.
    if (state() === before) this.#known = { state: before, modules };
    return modules;
  }

  /** The instances that were loaded and of which something is true. */
  loadedWhere(isOf: (url: string) => boolean): string[] {
    return [...this.#loaded].filter(isOf);
  }

  /** Forgets what is known of some instances. */
  keep(keep: (url: string) => boolean): void {
    for (const known of [this.#loaded, this.#imports]) {
      for (const url of known.keys()) {
        if (keep(url)) continue;
        known.delete(url);
        this.#changes++;
      }
    }
  }

  /** Forgets all. */
  clear(): void {
    this.#loaded.clear();
    this.#imports.clear();
    this.#changes++;
  }
}
