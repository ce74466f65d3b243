/** Which modules an upgrade reloads, and whether it can be done hot at all: one rule for machine and planner.
 * @module
 */
import type { ModuleEdges } from "../protocol/manifest.ts";

/** What is known of the program that runs now. */
export interface RunningModules {
  /** The path of the main module. */
  readonly main: string;
  /** The paths of the modules that are loaded now. */
  readonly loaded: ReadonlySet<string>;
  /** Dynamic imports seen at run time that went through `live()`, as `from` to the set of `to`. */
  readonly live: ReadonlyMap<string, ReadonlySet<string>>;
  /** Dynamic imports seen at run time that did not go through `live()`. */
  readonly plain: ReadonlyMap<string, ReadonlySet<string>>;
  /** What modules accept without being reloaded, as `importer` to the set of accepted; a module may accept itself. */
  readonly accepted?: ReadonlyMap<string, ReadonlySet<string>>;
}

/** Why one changed module needs a cold deploy. */
export interface ColdReason {
  /** The changed module. */
  readonly path: string;
  /** From the changed module up to the boot module that holds it; each imports the one before. */
  readonly chain: readonly string[];
}

/** What an upgrade would do to the modules. */
export interface ReloadSet {
  /** The modules to evaluate anew, in path order. */
  readonly reload: readonly string[];
  /** Changed modules that nothing has loaded yet: they are mapped and load when first wanted. */
  readonly mapped: readonly string[];
  /** For every module in `reload`: the changed module it is there for, and the chain up to it. */
  readonly because: ReadonlyMap<string, readonly string[]>;
  /** The changes that cannot go hot. Empty means hot. */
  readonly cold: readonly ColdReason[];
}

/**
 * The boot modules: the main module and all that it imports statically.
 *
 * @param main the path of the main module
 * @param modules the edges of the release
 * @returns the paths
 */
export function bootModules(
  main: string,
  modules: Readonly<Record<string, ModuleEdges>>,
): Set<string> {
  const seen = new Set<string>();
  const waiting = [main];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    waiting.push(...modules[path]?.static ?? []);
  }
  return seen;
}

/**
 * Computes the reload set: the changed modules and the importers of each, up to a live boundary.
 *
 * The edges of the new release are enough: an importer that did not change has the same edges in both,
 * one that did change is in the set by itself.
 *
 * @param changed the paths of modules whose content differs or that are new
 * @param modules the edges of the new release
 * @param running what is loaded now and how it was imported
 * @returns what to reload, what only to map, and what makes it cold
 */
export function reloadSet(
  changed: Iterable<string>,
  modules: Readonly<Record<string, ModuleEdges>>,
  running: RunningModules,
): ReloadSet {
  const boot = bootModules(running.main, modules);
  // Boot modules ran before anybody could watch them being loaded.
  const loaded = running.loaded.union(boot);
  const importers = importersOf(modules, loaded, running);
  const because = new Map<string, readonly string[]>();
  const cold: ColdReason[] = [];
  const mapped: string[] = [];
  for (const path of [...new Set(changed)].sort()) {
    if (boot.has(path)) {
      cold.push({ path, chain: chainToMain(path, running.main, modules) });
      continue;
    }
    if (!loaded.has(path)) {
      mapped.push(path);
      continue;
    }
    const seen = new Set<string>([path]);
    const waiting: (readonly string[])[] = [[path]];
    let coldChain: readonly string[] | undefined;
    for (let chain = waiting.shift(); chain; chain = waiting.shift()) {
      const module = chain.at(-1)!;
      if (boot.has(module)) {
        coldChain ??= chain;
        continue;
      }
      if (!because.has(module)) because.set(module, chain);
      for (const importer of importers.get(module) ?? []) {
        if (seen.has(importer)) continue;
        seen.add(importer);
        waiting.push([...chain, importer]);
      }
    }
    if (coldChain) cold.push({ path, chain: coldChain });
  }
  const reload = [...because.keys()].sort();
  return { reload, mapped, because, cold };
}

function importersOf(
  modules: Readonly<Record<string, ModuleEdges>>,
  loaded: ReadonlySet<string>,
  { plain, accepted }: RunningModules,
): Map<string, Set<string>> {
  const importers = new Map<string, Set<string>>();
  const add = (from: string, to: string) => {
    // An importer that never ran holds nothing that could be stale.
    if (!loaded.has(from)) return;
    if (accepted?.get(from)?.has(to) || accepted?.get(to)?.has(to)) return;
    const set = importers.get(to) ?? new Set();
    importers.set(to, set.add(from));
  };
  for (const [from, edges] of Object.entries(modules)) {
    for (const to of edges.static) add(from, to);
  }
  for (const [from, targets] of plain) {
    for (const to of targets) add(from, to);
  }
  return importers;
}

function chainToMain(
  path: string,
  main: string,
  modules: Readonly<Record<string, ModuleEdges>>,
): readonly string[] {
  const waiting: (readonly string[])[] = [[main]];
  const seen = new Set<string>();
  for (let chain = waiting.shift(); chain; chain = waiting.shift()) {
    const module = chain.at(-1)!;
    if (module === path) return chain.toReversed();
    if (seen.has(module)) continue;
    seen.add(module);
    for (const next of modules[module]?.static ?? []) {
      waiting.push([...chain, next]);
    }
  }
  return [path];
}

/**
 * Picks the fewest modules whose static imports reach the whole set, so that few `import()` calls load it.
 *
 * @param set the modules to load
 * @param modules the edges of the release
 * @returns the roots, in path order
 */
export function importRoots(
  set: readonly string[],
  modules: Readonly<Record<string, ModuleEdges>>,
): string[] {
  const members = new Set(set);
  const reach = (from: string): Set<string> => {
    const seen = new Set<string>();
    const waiting = [from];
    for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
      if (seen.has(path) || !members.has(path)) continue;
      seen.add(path);
      waiting.push(...modules[path]?.static ?? []);
    }
    return seen;
  };
  const imported = new Set<string>();
  for (const path of members) {
    for (const to of modules[path]?.static ?? []) {
      if (to !== path) imported.add(to);
    }
  }
  const roots: string[] = [];
  const covered = new Set<string>();
  const take = (path: string) => {
    roots.push(path);
    for (const reached of reach(path)) covered.add(reached);
  };
  for (const path of [...members].sort()) if (!imported.has(path)) take(path);
  // What is left lies on cycles that nothing outside them imports.
  for (const path of [...members].sort()) if (!covered.has(path)) take(path);
  return roots.sort();
}
