/** A release and what runs now, seen in the same way: digests, edges, specifiers, analyses.
 * @module
 */
import type { ModuleAnalysis } from "../../protocol/module_analysis.ts";
import type { Manifest, RunningManifest } from "../../protocol/manifest.ts";

/** One state of an app: the release, or what runs. */
export interface View {
  /** What a module imports before it runs, without what only serves types. */
  readonly imports: (path: string) => readonly string[];
  /** What one of its specifiers leads to in the app; null for outside or unknown. */
  readonly resolve: (path: string, specifier: string) => string | null;
  /** What it does. */
  readonly analysis: (path: string) => ModuleAnalysis | undefined;
}

/**
 * The path of a module in the app that a specifier leads to.
 *
 * @param from the path of the importing module
 * @param specifier as written
 * @param table where its specifiers lead
 * @returns the path without query and fragment; null for what leads outside or is not known
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

/**
 * A path from the folder of another one.
 *
 * @param from the path of a file
 * @param relative a path beginning with `./` or `../`, or a bare one in the same folder
 * @returns the path under the root; null if it leads out
 */
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
  return path.replace(/[?#].*$/, "");
}

function own<T>(
  record: Readonly<Record<string, T>> | undefined,
  key: string,
): T | undefined {
  return record && Object.hasOwn(record, key) ? record[key] : undefined;
}

/**
 * The release.
 *
 * @param manifest its manifest
 * @returns the view
 */
export function releaseView(manifest: Manifest): View {
  const known = new Map<string, readonly string[]>();
  const analysis = (path: string) => own(manifest.analysis, path);
  const resolve = (path: string, specifier: string) =>
    targetOf(path, specifier, own(manifest.modules, path)?.specifiers);
  return {
    analysis,
    resolve,
    imports: (path) => {
      let found = known.get(path);
      if (!found) {
        found = valueImports(
          path,
          own(manifest.modules, path)?.static ?? [],
          analysis(path),
          own(manifest.modules, path)?.specifiers,
        );
        known.set(path, found);
      }
      return found;
    },
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
  const imports = (analysis?.imports ?? []).filter((it) => !it.dynamic);
  // Without a table an alias may lead to any of them.
  const isTold = table !== undefined ||
    imports.every(({ specifier }) => /^(?:\.{1,2}\/|[a-z]+:)/.test(specifier));
  if (!analysis || analysis.commonjs || !isTold) return all;
  const values = new Set(
    imports.map(({ specifier }) => targetOf(path, specifier, table)),
  );
  for (const [specifier, target] of Object.entries(table ?? {})) {
    // JSX imports it, without a word in the text.
    if (/\/jsx(?:-dev)?-runtime$/.test(specifier)) values.add(bare(target));
  }
  return all.filter((edge) => values.has(edge));
}

/**
 * What runs.
 *
 * @param running what the machine says
 * @param release the release, whose edges stand in for modules that nobody saw being loaded
 * @returns the view
 */
export function runningView(running: RunningManifest, release: View): View {
  const resolve = (path: string, specifier: string) => {
    const seen = own(running.edges, path)?.find((edge) =>
      edge.specifier === specifier
    );
    return seen
      ? bare(seen.to)
      : targetOf(path, specifier, own(running.specifiers, path)) ??
        release.resolve(path, specifier);
  };
  return {
    analysis: (path) => own(running.analysis, path),
    resolve,
    imports: (path) =>
      own(running.edges, path)?.filter(({ kind }) => kind === "static")
        .map(({ to }) => bare(to)) ?? release.imports(path),
  };
}
