/** The base image as if it were a release: where the way back from one leads.
 * @module
 */
import type {
  Manifest,
  ModuleEdges,
} from "../../protocol/manifest/manifest.ts";
import type { ModuleAnalysis } from "../../protocol/manifest/module_analysis.ts";
import { isScriptPath } from "../../plan/paths.ts";
import {
  aliasDigests,
  aliasesDiffer,
} from "../../plan/settings/config_keys.ts";
import { bare, targetOf } from "../../plan/lookup/views.ts";
import { Slices } from "../../base/in_slices.ts";
import type { RunningContext } from "./running_manifest.ts";

/** With room for the tables, which are made in one go. */
const SLICE_MS = 4;

/** Describes the base image, as far as the release in place or the process knows its files. */
export async function imageManifest(
  current: Manifest,
  loaded: ReadonlySet<string>,
  { appProcess: { imageAnalysis }, files, laid }: RunningContext,
): Promise<Manifest> {
  const kept: [path: string, file: Manifest["files"][string]][] = [];
  const analysis = new Map<string, ModuleAnalysis>();
  const changed = new Set<string>();
  const slices = new Slices({ sliceMs: SLICE_MS });
  const paths = new Set([
    ...Object.keys(current.files),
    ...loaded,
    // What releases have removed since.
    ...(await files.list()).filter(isScriptPath),
    ...laid.files?.paths ?? [],
  ]);
  for (const path of paths) {
    // What is known already is awaited without a turn for anybody else.
    if (slices.over) await slices.next();
    const file = Object.hasOwn(current.files, path)
      ? current.files[path]!
      : null;
    const sha256 = await files.digest(path);
    if (sha256 === null) continue;
    kept.push([
      path,
      file ? { ...file, sha256 } : {
        sha256,
        size: await files.size(path),
        kind: isScriptPath(path) ? "module" : "asset",
      },
    ]);
    const known = current.analysis?.[path];
    if (known && file?.sha256 === sha256) analysis.set(path, known);
    else changed.add(path);
  }
  for (const [path, facts] of await imageAnalysis.of(changed)) {
    analysis.set(path, facts);
  }
  const modules: [path: string, edges: ModuleEdges][] = [];
  for (const [path] of kept) {
    if (slices.over) await slices.next();
    const before = Object.hasOwn(current.modules, path)
      ? current.modules[path]!
      : undefined;
    const facts = changed.has(path) ? analysis.get(path) : undefined;
    if (facts) modules.push([path, edgesOf(path, facts, before)]);
    else if (before || loaded.has(path)) {
      modules.push([path, before ?? { static: [], dynamic: [], external: [] }]);
    }
  }
  const { packages: _, ...rest } = current;
  return {
    // Which packages the image had is asked of Deno, not read off the release.
    ...rest,
    files: Object.fromEntries(kept),
    modules: Object.fromEntries(modules),
    analysis: Object.fromEntries(analysis),
    // The process was started with them.
    config: {},
    configKeys: {},
    locked: {},
  };
}

/** The loaded modules whose specifiers lead elsewhere in the image than in the release they came with. */
export async function leadingElsewhere(
  { appProcess: { modules, release }, files, main }: RunningContext,
): Promise<Set<string>> {
  const found = new Set<string>();
  const table = modules.table!;
  const isLedElsewhere = aliasesDiffer(
    aliasDigests(release?.manifest.configKeys ?? {}),
    aliasDigests(await files.configKeys()),
    () => true,
  );
  for (const path of isLedElsewhere ? modules.current(main).loaded : []) {
    const facts = release?.manifest.analysis?.[path];
    if (table.attempt(path) !== null && facts?.computed) found.add(path);
  }
  const known = new Map<string, string>();
  const { imports } = await modules.currentInSlices(main);
  const slices = new Slices({ sliceMs: SLICE_MS });
  for (const [path, seen] of imports) {
    if (slices.over) await slices.next();
    if (table.attempt(path) === null) continue;
    for (const { specifier, to, inside } of seen) {
      if (/^(?:\.{0,2}\/|file:|node:)/.test(specifier)) continue;
      const place = table.placeOf(path);
      const key = `${place.slice(0, place.lastIndexOf("/"))}\n${specifier}`;
      let lead = known.get(key);
      if (lead === undefined) {
        lead = (await modules.packages.where(specifier, place)).url ?? "";
        known.set(key, lead);
      }
      const there = inside ? bare(table.placeOf(bare(to))) : bare(to);
      if (bare(lead) !== there) found.add(path);
    }
  }
  return found;
}

/** What a script of the image imports, read off its text. */
function edgesOf(
  path: string,
  { imports = [] }: ModuleAnalysis,
  before: ModuleEdges | undefined,
): ModuleEdges {
  const lead = (dynamic: boolean) =>
    [
      ...new Set(
        imports.filter((fact) => (fact.dynamic === true) === dynamic)
          .map(({ specifier }) => targetOf(path, specifier, before?.specifiers))
          .filter((to) => to !== null),
      ),
    ].sort();
  return {
    static: lead(false),
    dynamic: lead(true),
    external: before?.external ?? [],
    ...(before?.specifiers ? { specifiers: before.specifiers } : {}),
  };
}
