/** A release and what runs now, seen in the same way: digests, edges, specifiers, analyses.
 * @module
 */
import type { SeenEdge } from "../../protocol/manifest/plan_fields.ts";
import {
  type ModuleAnalysis,
  type Touch,
  touchesOf,
} from "../../protocol/manifest/module_analysis.ts";
import type {
  Manifest,
  RunningManifest,
} from "../../protocol/manifest/manifest.ts";
import { own } from "../../base/own.ts";

/** One state of an app: the release, or what runs. */
export interface View {
  /** What a module imports before it runs, without what only serves types. */
  readonly imports: (path: string) => readonly string[];
  /** What one of its specifiers leads to in the app; null for outside or unknown. */
  readonly resolve: (path: string, specifier: string) => string | null;
  /** What it does. */
  readonly analysis: (path: string) => ModuleAnalysis | undefined;
  /** The modules that set something outside of all modules: `app` for `globalThis.app`. */
  readonly setters: (name: string) => readonly string[];
  /** Who gives functions to what it imports while it is evaluated. */
  readonly listeners: () => readonly Listener[];
}

/** A module that gives functions to another one. */
export interface Listener {
  readonly path: string;
  readonly touch: Touch;
}

/**
 * The path of a module in the app that a specifier leads to. Returns the path without query and fragment; null for what
 * leads outside or is not known.
 */
export function targetOf(
  from: string,
  specifier: string,
  table: Readonly<Record<string, string>> | undefined,
): string | null {
  const target = own(table, specifier);
  if (target !== undefined) return isOutside(target) ? null : bare(target);
  // What a table leaves out leads where it says: by its own text.
  if (!/^\.{1,2}\//.test(specifier)) return null;
  return relativePath(from, bare(specifier));
}

/** Whether a resolved specifier leads outside of the app. */
export function isOutside(target: string): boolean {
  return /^[a-z][a-z+.-]*:/i.test(target);
}

/** A path from the folder of another one. Returns the path under the root; null if it leads out. */
export function relativePath(from: string, relative: string): string | null {
  const parts = from.split("/").slice(0, -1);
  for (const part of relative.split("/")) {
    if (part === "..") {
      if (parts.pop() === undefined) return null;
    } else if (part !== "." && part !== "") parts.push(part);
  }
  return parts.join("/");
}

/** A path without query and fragment. */
export function bare(path: string): string {
  return path.includes("?") || path.includes("#")
    ? path.replace(/[?#].*$/, "")
    : path;
}

/** The entries of a record, each of which is asked for many times. */
function tableOf<T>(record: Readonly<Record<string, T>> = {}): Map<string, T> {
  const table = new Map<string, T>();
  for (const key of Object.keys(record)) table.set(key, record[key]!);
  return table;
}

function settersIn(
  analyses: ReadonlyMap<string, ModuleAnalysis>,
): View["setters"] {
  let known: Map<string, string[]> | null = null;
  return (name) => {
    if (known === null) {
      known = new Map();
      for (const [path, { globals = [] }] of analyses) {
        for (const { name, specifier } of globals) {
          if (specifier !== undefined) continue;
          const [first] = name.split(".");
          const paths = known.get(first!);
          if (paths) paths.push(path);
          else known.set(first!, [path]);
        }
      }
    }
    return known.get(name) ?? [];
  };
}

function listenersIn(
  analyses: ReadonlyMap<string, ModuleAnalysis>,
): View["listeners"] {
  let known: Listener[] | null = null;
  return () =>
    known ??= [...analyses].flatMap(([path, analysis]) =>
      touchesOf(analysis, analysis.top).flatMap((touch) =>
        touch.callbacks ? [{ path, touch }] : []
      )
    );
}

/** The method that a touch calls in the end. */
export function methodOf({ member = "" }: Touch): string {
  const last = member.slice(member.lastIndexOf(".") + 1);
  return last.endsWith("()") ? last.slice(0, -2) : "";
}

/** The release. */
export function releaseView(
  manifest: Pick<Manifest, "modules" | "analysis">,
): View {
  const modules = tableOf(manifest.modules);
  const analyses = tableOf(manifest.analysis);
  const analysis = (path: string) => analyses.get(path);
  const ofOthers = remembered((path: string, specifier: string) =>
    targetOf(path, specifier, undefined)
  );
  return {
    analysis,
    setters: settersIn(analyses),
    listeners: listenersIn(analyses),
    resolve: (path, specifier) => {
      const entry = modules.get(path);
      if (!entry) return ofOthers(path, specifier);
      let known = TARGETS.get(entry);
      if (known?.path !== path) {
        TARGETS.set(entry, known = { path, targets: new Map() });
      }
      let target = known.targets.get(specifier);
      if (target === undefined) {
        target = targetOf(path, specifier, entry.specifiers);
        known.targets.set(specifier, target);
      }
      return target;
    },
    imports: (path) => {
      const entry = modules.get(path);
      if (!entry) return [];
      const facts = analysis(path);
      let known = VALUE_IMPORTS.get(entry);
      if (known?.path !== path || known.facts !== facts) {
        const found = valueImports(path, entry.static, facts, entry.specifiers);
        VALUE_IMPORTS.set(entry, known = { path, facts, found });
      }
      return known.found;
    },
  };
}

/** What specifiers lead to, by the entries of the modules that say them: most of them are the same in the next manifest. */
const TARGETS = new WeakMap<object, {
  readonly path: string;
  readonly targets: Map<string, string | null>;
}>();
/** What modules import, likewise. */
const VALUE_IMPORTS = new WeakMap<object, {
  readonly path: string;
  readonly facts: ModuleAnalysis | undefined;
  readonly found: readonly string[];
}>();

/** Remembers what was resolved: the same specifiers are asked for again and again. */
function remembered(resolve: View["resolve"]): View["resolve"] {
  const known = new Map<string, Map<string, string | null>>();
  return (path, specifier) => {
    let table = known.get(path);
    if (!table) known.set(path, table = new Map());
    let target = table.get(specifier);
    if (target === undefined) {
      target = resolve(path, specifier);
      table.set(specifier, target);
    }
    return target;
  };
}

/** The static edges without those that, by the analysis, only serve types. */
function valueImports(
  path: string,
  edges: readonly string[],
  analysis: ModuleAnalysis | undefined,
  table: Readonly<Record<string, string>> | undefined,
): readonly string[] {
  const all = [...new Set(edges.map(bare))];
  // Without a table an alias may lead to any of them.
  if (!analysis || analysis.commonjs || !table) return all;
  const imports = (analysis.imports ?? []).filter((it) => !it.dynamic);
  const values = new Set(
    imports.map(({ specifier }) => targetOf(path, specifier, table)),
  );
  for (const [specifier, target] of Object.entries(table)) {
    if (isJsxRuntime(specifier)) values.add(bare(target));
  }
  return all.filter((edge) => values.has(edge));
}

/** Whether a specifier is what JSX imports, without a word in the text. */
export function isJsxRuntime(specifier: string): boolean {
  return /\/jsx(?:-dev)?-runtime$/.test(specifier);
}

/** What runs. */
export function runningView(running: RunningManifest, release: View): View {
  const edges = tableOf(seenEdges(running));
  const analyses = tableOf(running.analysis);
  const unseen = remembered((path: string, specifier: string) =>
    targetOf(path, specifier, own(running.specifiers, path)) ??
      release.resolve(path, specifier)
  );
  return {
    analysis: (path) => analyses.get(path),
    setters: settersIn(analyses),
    resolve: (path, specifier) => {
      const seen = edges.get(path);
      const target = seen && targetsSeen(seen).bySpecifier.get(specifier);
      return target ?? unseen(path, specifier);
    },
    listeners: listenersIn(analyses),
    imports: (path) => {
      const seen = edges.get(path);
      return seen ? targetsSeen(seen).static : release.imports(path);
    },
  };
}

/** What a module was seen importing, by how it did. */
type TargetsSeen = Readonly<Record<SeenEdge["kind"], readonly string[]>> & {
  /** The first of each. */
  readonly bySpecifier: ReadonlyMap<string, string>;
};

/** By the lists of what was seen: this machine has the same ones in its next plan. */
const TARGETS_SEEN = new WeakMap<readonly SeenEdge[], TargetsSeen>();

/** What was imported in each of the ways. */
export function targetsSeen(seen: readonly SeenEdge[]): TargetsSeen {
  let known = TARGETS_SEEN.get(seen);
  if (!known) {
    const made: Record<SeenEdge["kind"], string[]> = {
      live: [],
      static: [],
      dynamic: [],
    };
    const bySpecifier = new Map<string, string>();
    for (const { kind, to, specifier } of seen) {
      const path = bare(to);
      made[kind].push(path);
      if (!bySpecifier.has(specifier)) bySpecifier.set(specifier, path);
    }
    TARGETS_SEEN.set(seen, known = { ...made, bySpecifier });
  }
  return known;
}

/** What hooks have seen each module import. Returns the imports by importer; undefined where no hooks saw them. */
export function seenEdges(
  running: RunningManifest,
): Readonly<Record<string, readonly SeenEdge[]>> | undefined {
  const { edges, specifiers, live, plain } = running;
  if (edges || !specifiers) return edges;
  const found: Record<string, SeenEdge[]> = Object.create(null);
  for (const [from, table] of Object.entries(specifiers)) {
    const isLive = new Set(own(live, from));
    for (const to of own(plain, from) ?? []) isLive.delete(to);
    // Which of the others are static makes no difference: both hold what they imported.
    found[from] = Object.entries(table).filter(([, to]) => !isOutside(to))
      .map(([specifier, to]): SeenEdge => ({
        to: bare(to),
        kind: isLive.has(bare(to)) ? "live" : "static",
        specifier,
      }));
  }
  return found;
}
