/** Which modules an upgrade evaluates again: what changed, who imports it, and what their evaluation touches.
 * @module
 */
import { type Steps, Turns } from "../../base/in_slices.ts";
import { type Contact, Touched } from "../lookup/touched.ts";
import type { View } from "../lookup/views.ts";
import type { Capture, Captures } from "./captures.ts";
import { owningInstances } from "./instances/owning_instances.ts";

/** What is known for computing a reload set. */
export interface ReloadInput {
  /** The paths of modules whose content differs, or whose specifiers lead elsewhere. */
  readonly changed: Iterable<string>;
  /** The release. */
  readonly release: View;
  /** What runs. */
  readonly running: View;
  /** The main module. */
  readonly main: string;
  /** Modules that cannot be reloaded. */
  readonly boot: ReadonlySet<string>;
  /** The modules that are loaded now and still in the release. */
  readonly loaded: ReadonlySet<string>;
  /** Loaded modules that nothing reaches any more; what their evaluation touched has to be made without them. */
  readonly gone?: ReadonlySet<string>;
  /** What each module imported by `import()` without a boundary, as seen. */
  readonly dynamic: (path: string) => readonly string[];
  /** What modules accept without being reloaded, as importer to accepted; a module may accept itself. */
  readonly accepted?: ReadonlyMap<string, ReadonlySet<string>>;
  /** Who holds what of whom, where others meet new code without being evaluated; null where all importers are evaluated. */
  readonly captures?: Captures | null;
  /** Whether touching a name of a module reloads nothing: it is kept, or the app shares it. */
  readonly isNamed?: (path: string, name: string) => boolean;
}

/** Why a module is evaluated. */
export type Reason =
  | { readonly kind: "changed" }
  | {
    readonly kind: "imports";
    readonly of: string;
    /** The modules whose instances it may have, which hold what that one has made; from its own import on. */
    readonly through?: readonly string[];
    /** What it holds, where others that import the module are not evaluated. */
    readonly capture?: Capture;
  }
  /** Evaluated for the first time, because that one imports it. */
  | { readonly kind: "first"; readonly by: string }
  | { readonly kind: "touched"; readonly contact: Contact };

/** A changed or touched module that a boot module holds. */
export interface Held {
  readonly path: string;
  /** From it up to the boot module; each imports the one before. */
  readonly chain: readonly string[];
}

/** What an upgrade does to the modules. */
export interface ReloadSet {
  /** The modules to evaluate again, in path order. */
  readonly reload: readonly string[];
  /** Changed modules that nothing has loaded: they load when first wanted. */
  readonly mapped: readonly string[];
  /** Modules that are evaluated for the first time, because a reloaded one imports them. */
  readonly fresh: readonly string[];
  /** Why each of both is there. */
  readonly reasons: ReadonlyMap<string, Reason>;
  /** The importers that are not evaluated, because they meet the new code by its variables; by the module they import. */
  readonly rebound: ReadonlyMap<string, readonly string[]>;
  /** What makes it cold, in path order. */
  readonly held: readonly Held[];
  /** What is written to in modules that cannot be reloaded. */
  readonly writes: readonly Contact[];
}

/** The boot modules: the main module and all that it imports statically. */
export function bootModules(
  main: string,
  imports: View["imports"],
): Set<string> {
  const seen = new Set<string>();
  const waiting = [main];
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    if (seen.has(path)) continue;
    seen.add(path);
    for (const next of imports(path)) waiting.push(next);
  }
  return seen;
}

/** Computes the reload set in one walk: every module and every edge is looked at once. */
export function* reloadSet(input: ReloadInput): Steps<ReloadSet> {
  const { boot, release, running } = input;
  const loaded = input.loaded.union(boot);
  const importers = yield* importersOf(input, loaded);
  const toBoot = yield* chainsToBoot(input, loaded);
  const reasons = new Map<string, Reason>();
  const fresh: string[] = [];
  const writes = new Map<string, Contact>();
  const held: Held[] = [];
  const mapped: string[] = [];
  const waiting: string[] = [];
  const meeting = new Map<string, string[]>();
  const importing = (path: string) => importers.get(path) ?? [];
  const isNamed = input.isNamed ?? (() => false);
  const touchedNow = new Touched(running, isNamed);
  const touchedNext = new Touched(release, isNamed);

  function join(path: string, reason: Reason): void {
    if (reasons.has(path)) return;
    reasons.set(path, reason);
    waiting.push(path);
    if (reason.kind !== "imports" && toBoot.has(path)) {
      held.push({ path, chain: chainOf(path, toBoot) });
    }
  }
  function contact(it: Contact): void {
    if (boot.has(it.path)) {
      const key = `${it.path}\n${it.name}`;
      if (it.grip === "write" && !writes.has(key)) writes.set(key, it);
    } else if (loaded.has(it.path) && !input.gone?.has(it.path)) {
      join(it.path, { kind: "touched", contact: it });
    }
  }
  function evaluate(path: string): void {
    touchedNext.follow(path, contact);
    for (const next of release.imports(path)) {
      // One that is not loaded is evaluated by this upgrade as well.
      if (loaded.has(next)) continue;
      const isMissed = missed.delete(next);
      if (reasons.has(next) && !isMissed) continue;
      if (!isMissed) reasons.set(next, { kind: "first", by: path });
      fresh.push(next);
      evaluated.push(next);
    }
  }
  const evaluated: string[] = [];
  /** What is new and was asked for before, until it is evaluated. */
  const missed = new Set<string>();

  for (const path of [...new Set(input.changed)].sort()) {
    yield;
    if (boot.has(path)) {
      held.push({ path, chain: chainToMain(path, input) });
    } else if (!loaded.has(path)) {
      mapped.push(path);
      if (!importers.has(path)) continue;
      // Whoever asked for it and got nothing has gone on without it, and would get it now.
      missed.add(path);
      reasons.set(path, { kind: "changed" });
      if (toBoot.has(path)) held.push({ path, chain: chainOf(path, toBoot) });
      for (const importer of importers.get(path)!) {
        if (boot.has(importer) || input.gone?.has(importer)) continue;
        join(importer, { kind: "imports", of: path });
      }
    } else join(path, { kind: "changed" });
  }
  for (const path of input.gone ?? []) touchedNow.follow(path, contact);
  for (let at = 0; at < waiting.length; at++) {
    yield;
    const path = waiting[at]!;
    evaluate(path);
    touchedNow.follow(path, contact);
    for (let next = evaluated.pop(); next !== undefined;) {
      yield;
      evaluate(next);
      next = evaluated.pop();
    }
    const direct = new Set<string>(importers.get(path) ?? []);
    const users = input.captures
      ? direct.union(input.captures.usersOf(path))
      : direct;
    for (const importer of users) {
      if (input.captures) yield;
      if (boot.has(importer) || input.gone?.has(importer)) continue;
      const capture = !input.captures
        ? undefined
        : direct.has(importer)
        ? input.captures.ofEdge(importer, path)
        : input.captures.ofUses(importer, path);
      if (capture === null) {
        const staying = meeting.get(path) ?? [];
        if (staying.length === 0) meeting.set(path, staying);
        staying.push(importer);
        const owning = owningInstances(
          input.captures!,
          importer,
          path,
          importing,
        );
        for (const it of owning) {
          if (boot.has(it.path) || input.gone?.has(it.path)) continue;
          const { through, capture } = it;
          join(it.path, { kind: "imports", of: path, through, capture });
        }
        continue;
      }
      join(importer, {
        kind: "imports",
        of: path,
        ...capture ? { capture } : {},
      });
    }
  }
  const rebound = new Map(
    [...meeting].map(([path, list]) =>
      [
        path,
        list.filter((it) => !reasons.has(it)).sort(),
      ] as const
    ).filter(([, list]) => list.length > 0),
  );
  return {
    reload: waiting.toSorted(),
    mapped,
    fresh: fresh.sort(),
    reasons,
    rebound,
    held: held.sort((a, b) => a.path < b.path ? -1 : 1),
    writes: [...writes.values()],
  };
}

/**
 * The way from what changed up to a module of the set.
 *
 * @param path the module
 * @param reasons why each module is there
 * @returns the paths; each imports the one before, or is touched by it
 */
export function becauseOf(
  path: string,
  reasons: ReadonlyMap<string, Reason>,
): string[] {
  const chain = [path];
  for (let at = reasons.get(path); at && at.kind !== "changed";) {
    const next = at.kind === "imports"
      ? at.of
      : at.kind === "first"
      ? at.by
      : at.contact.by;
    if (at.kind === "imports") chain.push(...at.through ?? []);
    chain.push(next);
    at = reasons.get(next);
  }
  return chain.reverse();
}

/** What a module imports that has to be reloaded with it. */
function edgesOf(path: string, input: ReloadInput): readonly string[] {
  const dynamic = input.dynamic(path);
  const seen = input.running.imports(path);
  // The release knows the imports of what nobody saw being loaded.
  const edges = input.boot.has(path)
    ? [...seen, ...dynamic, ...input.release.imports(path)]
    : dynamic.length === 0
    ? seen
    : [...seen, ...dynamic];
  const { accepted } = input;
  return accepted && accepted.size > 0
    ? edges.filter((to) =>
      !accepted.get(path)?.has(to) && !accepted.get(to)?.has(to)
    )
    : edges;
}

function* importersOf(
  input: ReloadInput,
  loaded: ReadonlySet<string>,
): Steps<Map<string, string[]>> {
  const importers = new Map<string, string[]>();
  const turns = new Turns();
  // An importer that never ran holds nothing that could be stale.
  for (const from of loaded) {
    if (turns.due) yield;
    for (const to of edgesOf(from, input)) {
      const list = importers.get(to);
      if (list) list.push(from);
      else importers.set(to, [from]);
    }
  }
  return importers;
}

/** For every module that a boot module holds: the next one on the shortest way there. */
function* chainsToBoot(
  input: ReloadInput,
  loaded: ReadonlySet<string>,
): Steps<Map<string, string>> {
  const towards = new Map<string, string>();
  const waiting = [...input.boot];
  const turns = new Turns();
  for (let at = 0; at < waiting.length; at++) {
    if (turns.due) yield;
    const from = waiting[at]!;
    if (!loaded.has(from) || input.gone?.has(from)) continue;
    for (const to of edgesOf(from, input)) {
      if (input.boot.has(to) || towards.has(to)) continue;
      towards.set(to, from);
      waiting.push(to);
    }
  }
  return towards;
}

function chainOf(path: string, towards: ReadonlyMap<string, string>): string[] {
  const chain = [path];
  for (let at = towards.get(path); at !== undefined; at = towards.get(at)) {
    chain.push(at);
  }
  return chain;
}

function chainToMain(path: string, { main, release }: ReloadInput): string[] {
  const towards = new Map<string, string | undefined>([[main, undefined]]);
  const waiting = [main];
  for (let at = 0; at < waiting.length && !towards.has(path); at++) {
    for (const next of release.imports(waiting[at]!)) {
      if (towards.has(next)) continue;
      towards.set(next, waiting[at]!);
      waiting.push(next);
    }
  }
  if (!towards.has(path)) return [path];
  const chain = [path];
  for (let at = towards.get(path); at !== undefined; at = towards.get(at)) {
    chain.push(at);
  }
  return chain;
}
