/** Which modules a process could load, and which loaded ones nothing reaches any more.
 * @module
 */
import type {
  Manifest,
  RunningManifest,
} from "../../protocol/manifest/manifest.ts";
import { type Steps, Turns } from "../../base/in_slices.ts";
import {
  bare,
  isOutside,
  relativePath,
  releaseView,
  seenEdges,
  targetsSeen,
  type View,
} from "../lookup/views.ts";

/** All that the given modules import, statically or not, however deep. Returns the paths, the first ones among them. */
export function* reach(
  start: Iterable<string>,
  edges: (path: string) => Iterable<string>,
): Steps<Set<string>> {
  const seen = new Set<string>(start);
  const waiting = [...seen];
  const turns = new Turns();
  for (let path = waiting.pop(); path !== undefined; path = waiting.pop()) {
    for (const next of edges(path)) {
      if (seen.has(next)) continue;
      seen.add(next);
      waiting.push(next);
    }
    if (turns.due) yield;
  }
  return seen;
}

/** What tells of a release what its scripts import. */
export type ReleaseEdges = Pick<
  Manifest,
  "files" | "modules" | "analysis" | "workerSpecifiers"
>;

/** All that a worker loads: what its script imports, however deep, and the scripts of workers that any of it starts. */
export function* workerReach(
  script: string,
  manifest: ReleaseEdges,
  release: View = releaseView(manifest),
): Steps<Set<string>> {
  return yield* reach(
    [script],
    (path) => workerEdges(path, manifest, release),
  );
}

/** What a module of the release imports, and the scripts of the workers that it starts, where its text names them. */
export function workerEdges(
  path: string,
  manifest: ReleaseEdges,
  release: View,
): readonly string[] {
  const edges = releaseEdges(path, manifest, release);
  const scripts: string[] = [];
  for (const { kind, detail } of release.analysis(path)?.owned ?? []) {
    const started = kind === "worker" && detail !== ""
      ? release.resolve(path, detail) ?? relativePath(path, detail)
      : null;
    // What the text names may be something else that only looks like a script.
    if (started !== null && Object.hasOwn(manifest.files, started)) {
      scripts.push(started);
    }
  }
  return scripts.length === 0 ? edges : [...edges, ...scripts];
}

/** What a module of the release imports, statically or by an `import()` that can be read off the text. */
export function releaseEdges(
  path: string,
  manifest: ReleaseEdges,
  release: View,
): readonly string[] {
  if (!Object.hasOwn(manifest.modules, path)) {
    return [...unlistedEdges(path, manifest, release)];
  }
  const { dynamic } = manifest.modules[path]!;
  const edges = release.imports(path);
  return dynamic.length === 0 ? edges : [...edges, ...dynamic.map(bare)];
}

/** What a script imports that is none of the modules which lead from the main one: that of a worker. */
function* unlistedEdges(
  path: string,
  manifest: ReleaseEdges,
  release: View,
): Generator<string> {
  const { workerSpecifiers = {} } = manifest;
  const own = Object.hasOwn(workerSpecifiers, path)
    ? workerSpecifiers[path]!
    : {};
  for (const { specifier } of release.analysis(path)?.imports ?? []) {
    const to = Object.hasOwn(own, specifier)
      ? own[specifier]!
      : release.resolve(path, specifier) ?? aliasOf(specifier, manifest);
    if (to !== null && !isOutside(to)) yield bare(to);
  }
}

/** Where an alias leads for any module: the import map is the same for all. */
function aliasOf(specifier: string, { modules }: ReleaseEdges): string | null {
  if (/^(?:\.{0,2}\/|[a-z][a-z+.-]*:)/i.test(specifier)) return null;
  for (const { specifiers } of Object.values(modules)) {
    if (specifiers && Object.hasOwn(specifiers, specifier)) {
      return specifiers[specifier]!;
    }
  }
  return null;
}

/**
 * Finds loaded modules that nothing reaches any more. Returns their paths, in order; none where the machine does not
 * say which imports it has seen.
 */
export function* prunedModules(
  manifest: Manifest,
  running: RunningManifest,
  release: View,
  isChanged: (path: string) => boolean,
): Steps<string[]> {
  const edges = seenEdges(running);
  if (!edges) return [];
  const seen = (path: string) => Object.hasOwn(edges, path) ? edges[path]! : [];
  const has = (path: string) => Object.hasOwn(manifest.files, path);
  // An import() may name what the release has no more.
  const edgesOf = (path: string) =>
    releaseEdges(path, manifest, release).filter(has);
  const mainReach = yield* reach(
    [running.main],
    (path) => has(path) ? edgesOf(path) : [],
  );
  // As it mostly is: what follows can only reach more.
  if (running.loaded.every((path) => mainReach.has(path))) return [];
  // One that no module of the app was seen importing belongs to somebody else.
  const imported = new Set(mainReach);
  const turns = new Turns();
  for (const list of Object.values(edges)) {
    for (const { to } of list) imported.add(bare(to));
    if (turns.due) yield;
  }
  const start = [
    running.main,
    ...running.loaded.filter((path) => !imported.has(path)),
  ];
  const reached = yield* reach(start, (path) => {
    if (!has(path)) return [];
    const next = edgesOf(path);
    const now = seen(path);
    if (!isChanged(path)) next.push(...now.map(({ to }) => bare(to)));
    else if (release.analysis(path)?.computed ?? true) {
      // An import whose specifier is computed may lead where it led before.
      const literal = new Set(
        (running.analysis?.[path]?.imports ?? []).map((it) => it.specifier),
      );
      for (const { to, kind, specifier } of now) {
        if (kind !== "static" && !literal.has(specifier)) next.push(bare(to));
      }
    }
    return next;
  });
  return running.loaded.filter((path) => !reached.has(path)).sort();
}

/** What a module imported by `import()` without a boundary; where no hooks have told these apart, all that it imported. */
export function importCalls(
  path: string,
  running: RunningManifest,
): readonly string[] {
  const { edges } = running;
  return edges ? calledIn(path, edges) : dynamicImports(path, running);
}

/** What a module imported without a boundary, seen by hooks or, by an older runtime, by its table. */
export function dynamicImports(
  path: string,
  running: RunningManifest,
): readonly string[] {
  const { edges, plain } = running;
  const called = edges ? calledIn(path, edges) : NONE;
  return Object.hasOwn(plain, path)
    ? [...called, ...plain[path]!.map(bare)]
    : called;
}

const NONE: readonly string[] = [];

function calledIn(
  path: string,
  edges: NonNullable<RunningManifest["edges"]>,
): readonly string[] {
  return Object.hasOwn(edges, path) ? targetsSeen(edges[path]!).dynamic : NONE;
}
