/** The hook into module resolution: sends each import to the current code and notes who imported what.
 * @module
 */
import { registerHooks } from "node:module";
import type { ModuleTable, StagedTable } from "./module_table.ts";

/** One call of a `live()` thunk, seen by the hook. */
export interface LiveCall {
  /** The URL of the module whose thunk it is; empty until it imports something. */
  owner: string;
  /** What was imported, as URLs at the place under the root. */
  readonly targets: Set<string>;
}

/** What has been loaded and how, for the planner. */
export interface LoadedModules {
  /** The paths loaded. */
  readonly loaded: Set<string>;
  /** Imports through `live()`, by importer. */
  readonly live: Map<string, Set<string>>;
  /** All other imports, by importer. */
  readonly plain: Map<string, Set<string>>;
}

/**
 * The attempt that a module belongs to.
 *
 * @param url the module's URL
 * @returns the number in its cache-busting query, or null for a module of the base image
 */
export function attemptOf(url: string): number | null {
  const digits = /\?v=(\d+)$/.exec(url)?.[1];
  return digits === undefined ? null : Number(digits);
}

/** How modules are resolved in this process. */
export class ModuleLoading {
  /** The table of current URLs; null until the app root is known, and then every import is left alone. */
  table: ModuleTable | null = null;
  /** The URLs that an upgrade is preparing; null when there is none. */
  staged: StagedTable | null = null;
  /** Specifiers outside the app that were imported. */
  readonly external: Set<string> = new Set();
  readonly #imports = new Map<string, Map<string, "live" | "plain">>();
  readonly #loaded = new Set<string>();
  #liveCall: (LiveCall & { readonly staged: boolean }) | null = null;
  #hooks: { deregister(): void } | null = null;

  /** Whether imports are seen. */
  get seesImports(): boolean {
    return this.#hooks !== null;
  }

  /**
   * The path of a module under the app root.
   *
   * @param url its URL
   * @returns the path, or the URL itself outside the root or while the root is not known
   */
  pathOf(url: string): string {
    return this.table?.pathOf(url) ?? url;
  }

  /** Starts seeing every import. */
  install(): void {
    this.#hooks ??= registerHooks({
      resolve: (specifier, context, next) =>
        this.#resolve(specifier, context, next),
    });
  }

  /** Stops seeing imports, for a process that flyhot leaves alone. */
  uninstall(): void {
    this.#hooks?.deregister();
    this.#hooks = null;
    this.#imports.clear();
    this.#loaded.clear();
  }

  /**
   * Runs the thunk of a live boundary; the imports it makes before it first waits count as live.
   *
   * @param thunk the thunk
   * @param staged whether its imports go to the code being prepared
   * @returns what the thunk returned, and what it imported
   */
  runLive<T>(thunk: () => T, staged: boolean): { result: T; call: LiveCall } {
    const before = this.#liveCall;
    const call = { owner: "", targets: new Set<string>(), staged };
    this.#liveCall = call;
    try {
      return { result: thunk(), call };
    } finally {
      this.#liveCall = before;
    }
  }

  /**
   * What is loaded in the current generation.
   *
   * @param main the path of the main module
   * @returns the paths and how they were imported
   */
  current(main: string): LoadedModules {
    const { table } = this;
    const loaded = new Set([main]);
    const live = new Map<string, Set<string>>();
    const plain = new Map<string, Set<string>>();
    if (!table) return { loaded, live, plain };
    for (const url of this.#loaded) {
      const path = table.pathOf(url);
      if (path !== null && table.current(path) === url) loaded.add(path);
    }
    for (const [importer, targets] of this.#imports) {
      const from = table.pathOf(importer);
      if (from === null || table.current(from) !== importer) continue;
      for (const [target, kind] of targets) {
        const to = table.pathOf(target);
        if (to === null) continue;
        const edges = kind === "live" ? live : plain;
        edges.set(from, (edges.get(from) ?? new Set()).add(to));
      }
    }
    return { loaded, live, plain };
  }

  /**
   * Counts the module instances of one attempt.
   *
   * @param attempt the attempt
   * @returns their URLs
   */
  loadedBy(attempt: number): string[] {
    return [...this.#loaded].filter((url) => attemptOf(url) === attempt);
  }

  /** Forgets what is known of modules that are no longer current. */
  forgetOld(): void {
    const { table } = this;
    if (!table) return;
    const isCurrent = (url: string) => {
      const path = table.pathOf(url);
      return path === null || table.current(path) === url;
    };
    for (const url of this.#loaded) {
      if (!isCurrent(url)) this.#loaded.delete(url);
    }
    for (const url of this.#imports.keys()) {
      if (!isCurrent(url)) this.#imports.delete(url);
    }
  }

  #resolve(
    specifier: string,
    context: ResolveContext,
    next: (
      specifier: string,
      context?: Partial<ResolveContext>,
    ) => ResolveResult,
  ): ResolveResult {
    const { table } = this;
    const parent = context.parentURL ?? "";
    const parentPath = table?.pathOf(parent) ?? null;
    // Import maps and relative specifiers are written for the place under the root.
    const result = table && parentPath !== null
      ? next(specifier, { ...context, parentURL: table.baseUrl(parentPath) })
      : next(specifier, context);
    if (!result.url.startsWith("file:")) {
      this.external.add(result.url);
      if (/^[a-z]+:/.test(specifier)) this.external.add(specifier);
      return result;
    }
    const liveCall = this.#liveCall;
    if (liveCall) {
      liveCall.owner = parent;
      liveCall.targets.add(result.url);
    }
    const path = table?.pathOf(result.url) ?? null;
    if (!table || path === null || !isBasePlace(table, result.url)) {
      this.#note(parent, result.url, result.url, liveCall !== null);
      return result;
    }
    const { staged } = this;
    const preparing = staged !== null &&
      (liveCall?.staged === true || attemptOf(parent) === staged.attempt);
    const url = (preparing ? staged.urls.get(path) : undefined) ??
      (liveCall ? table.current(path) : table.forImporter(path, parent));
    this.#note(parent, result.url, url, liveCall !== null);
    return { ...result, url };
  }

  // Kept as URLs, because modules are imported before the app root is known.
  #note(parent: string, target: string, url: string, live: boolean): void {
    this.#loaded.add(url);
    if (parent === "") return;
    const targets = this.#imports.get(parent) ??
      new Map<string, "live" | "plain">();
    // One import that is not live is enough to hold the old module for ever.
    if (targets.get(target) !== "plain") {
      targets.set(target, live ? "live" : "plain");
    }
    this.#imports.set(parent, targets);
  }
}

function isBasePlace(table: ModuleTable, url: string): boolean {
  return !url.startsWith(table.releases) && !/[?#]/.test(url);
}

interface ResolveContext {
  readonly parentURL: string | undefined;
  readonly conditions: string[];
  readonly importAttributes: ImportAttributes;
}

interface ResolveResult {
  readonly url: string;
  readonly format?: string | null | undefined;
  readonly importAttributes?: ImportAttributes | undefined;
  readonly shortCircuit?: boolean | undefined;
}

type ImportAttributes = Record<string, string | undefined>;
