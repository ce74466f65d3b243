/** What an upgrade is to do on this machine: the shared rule, asked about what really runs here.
 * @module
 */
import { join } from "node:path";
import { UpgradeError } from "../../base/upgrade_error.ts";
import { stepsInSlices } from "../../base/in_slices.ts";
import { classifySteps } from "../../plan/classify.ts";
import { packageOf } from "../../plan/packages.ts";
import { pathIn } from "../../plan/reload/reload_makers.ts";
import { exportsNoObjects } from "../../plan/lookup/exports_no_objects.ts";
import { fixedNames } from "../../plan/lookup/fixed_names.ts";
import { isScriptPath } from "../../plan/paths.ts";
import { isEmptyPlan, type Plan } from "../../plan/plan.ts";
import type { PackageChange } from "../../plan/dependencies/package_changes.ts";
import type {
  KeptEntry,
  ReleaseSettings,
} from "../../protocol/manifest/release_settings.ts";
import { socketsWay } from "../../plan/rules/socket_rule.ts";
import type {
  Manifest,
  RunningManifest,
} from "../../protocol/manifest/manifest.ts";
import { type Refusal, refusalText } from "../../base/refusal.ts";
import type { UnpackedRelease } from "../../release/unpack/folders.ts";
import type { FileChange } from "../../release/laid/file_change.ts";
import { imageManifest, leadingElsewhere } from "./image_manifest.ts";
import { heldValues, type RunningNames } from "../changes/kept_change.ts";
import {
  declarationLine,
  importLine,
  serverLine,
} from "../../plan/lookup/declaration_line.ts";
import { type NamesOf, namesOf } from "./names_of.ts";
import type { TakenEntry } from "../../plan/rules/keep_rule.ts";
import { type RunningContext, runningManifest } from "./running_manifest.ts";

/** With room for the longest step, which looks at every module once. */
const SLICE_MS = 5;

/** What stands where in the code that runs: lines from 1; 0 where nobody knows. */
export interface RunningLines extends RunningNames {
  /** Where a module serves. */
  readonly serves: (path: string) => number;
  /** Where a module imports a specifier that leads to what is meant. */
  readonly imports: (path: string, isMeant: (to: string) => boolean) => number;
}

/** What is to be done. */
export interface UpgradePlan {
  /** The modules to evaluate again. */
  readonly reload: readonly string[];
  /** Those of them whose functions and classes importers call that stay. */
  readonly rebound: Plan["rebound"];
  /** Files that are found in the release when somebody imports them: modules that nothing has loaded yet. */
  readonly mapped: readonly string[];
  /** The modules to import so that all of `reload` is loaded. */
  readonly roots: readonly string[];
  /** Modules that are gone, or that nothing reaches any more. */
  readonly gone: readonly string[];
  /** Files that are not modules here and are new, differ or are gone. */
  readonly assets: readonly string[];
  /** What is to be laid over its place. */
  readonly files: readonly FileChange[];
  /** Where the new modules read the files that differ while they are evaluated, by path. */
  readonly reads: ReadonlyMap<string, string | null>;
  /** Old module instances that will be retained, and their source size. */
  readonly retained: { readonly modules: number; readonly bytes: number };
  /** What the modules set outside of all modules while they are evaluated. */
  readonly globals: readonly string[];
  /** The values that are taken over. */
  readonly taken: readonly TakenEntry[];
  /** What the release names under `keep`, and what it shares. */
  readonly keep: readonly KeptEntry[];
  /** What becomes of open sockets whose handlers the replaced modules have made. */
  readonly sockets: ReleaseSettings["sockets"];
  /** The packages that come in. */
  readonly packages: readonly PackageChange[];
  /** Where things stand in the code that runs, for who refuses them later; 0 where nobody knows. */
  readonly lines: RunningLines;
  /** What names in the code that runs stand for when the upgrade is in. */
  readonly names: NamesOf;
  /** Whether packages can come in. */
  readonly canAddPackages: boolean;
  /** Whether a module exports nothing but functions, numbers and texts, now and in the release. */
  readonly exportsNoObjects: (path: string) => boolean;
  /** Whether there is nothing to do. */
  readonly isEmpty: boolean;
}

/** Compares a release with what runs. Throws if the release cannot come in hot, with every reason. */
export async function planUpgrade(
  release: UnpackedRelease | null,
  context: RunningContext,
  consent: readonly string[] = [],
): Promise<UpgradePlan> {
  const { appProcess, main } = context;
  const { loaded } = await appProcess.modules.currentInSlices(main);
  const manifest = release?.manifest ??
    await imageManifest(appProcess.release!.manifest, loaded, context);
  const running = await runningManifest(context, manifest);
  const isWayBack = appProcess.ran.has(release?.sha256 ?? null);
  // Nothing new can have come with the image.
  const plan = await stepsInSlices(
    classifySteps(
      manifest,
      release ? running : { ...running, external: everyPackage(manifest) },
      {
        consent,
        isWayBack,
        listsUnchanged: false,
        ...release ? {} : { elsewhere: await leadingElsewhere(context) },
      },
    ),
    { sliceMs: SLICE_MS },
  );
  for (const text of plan.warnings) appProcess.logger.warn(text);
  for (const text of plan.notes) appProcess.logger.info(text);
  const { held, refusals: unheld } = heldValues(plan.taken, appProcess);
  const refusals = [...plan.refusals, ...unheld];
  if (refusals.length > 0) {
    throw new UpgradeError(
      "plan",
      `This release needs a cold deploy: ${refusals.map(describe).join("; ")}`,
      { refusals },
    );
  }
  const files = await fileChanges(plan, manifest, running, release, context);
  const keeping = new Set(
    [manifest, running].flatMap(({ settings }) => settings?.keep ?? [])
      .map(({ at }) => pathIn(at)),
  );
  let bytes = 0;
  for (const path of plan.reload) {
    bytes += appProcess.release?.manifest.files[path]?.size ??
      await context.files.size(path);
  }
  return {
    reload: plan.reload,
    rebound: plan.rebound,
    // Whatever is new or differs may be imported by a name that is computed.
    mapped: [
      ...new Set([...plan.mapped, ...plan.fresh, ...plan.files])
        .union(new Set(plan.pruned))
        .union(new Set(missing(context))),
    ].filter((path) => Object.hasOwn(manifest.files, path)),
    roots: plan.roots,
    gone: [...new Set([...plan.removed, ...plan.pruned])],
    assets: assetsOf(plan, loaded),
    files,
    reads: readsOf(files, context),
    retained: { modules: plan.reload.length, bytes },
    globals: [...plan.reload, ...plan.fresh].flatMap((path) =>
      manifest.analysis?.[path]?.globals?.map(({ name }) => name) ?? []
    ),
    taken: held,
    keep: [
      ...manifest.settings?.keep ?? [],
      // What is done to it a second time is the app's own affair.
      ...(manifest.settings?.shared ?? []).map((at) => ({
        at,
        functions: "keep" as const,
      })),
    ],
    packages: release ? plan.packages : [],
    sockets: socketsWay(manifest.settings?.sockets, running, isWayBack),
    canAddPackages: running.canAddPackages?.possible ?? false,
    lines: linesOf(running),
    names: namesOf(
      running,
      new Set([...plan.reload, ...plan.removed, ...plan.pruned]),
      new Set(held.map(({ at }) => at)),
    ),
    exportsNoObjects: (path) =>
      // What was taken over may be anything, whatever stands in the text.
      !keeping.has(path) &&
      [running, manifest].every(({ analysis = {} }) =>
        Object.hasOwn(analysis, path) && exportsNoObjects(analysis[path])
      ),
    isEmpty: isEmptyPlan(plan),
  };
}

function linesOf(running: RunningManifest): RunningLines {
  const { analysis = {}, specifiers = {} } = running;
  const of = (path: string) =>
    Object.hasOwn(analysis, path) ? analysis[path] : undefined;
  return {
    declares: (path, name) => declarationLine(of(path), name),
    fixed: (path) => fixedNames(of(path)),
    serves: (path) => serverLine(of(path)),
    imports: (path, isMeant) =>
      importLine(of(path), (specifier) => {
        const to = Object.hasOwn(specifiers, path)
          ? specifiers[path]![specifier]
          : undefined;
        return to !== undefined && isMeant(to);
      }),
  };
}

/** What would be looked for in the release in place, which has taken it away, though it is still at its place. */
function missing(
  { appProcess: { modules, release } }: RunningContext,
): string[] {
  const files = release?.manifest.files ?? {};
  return modules.table!.assigned().filter((path) =>
    !Object.hasOwn(files, path)
  );
}

/** A refusal, and for modules the way to the one that holds what changed. */
function describe(refusal: Refusal): string {
  const { chain = [] } = refusal;
  const way = chain.length > 1 ? ` (${chain.join(" <- ")})` : "";
  return refusalText(refusal) + way;
}

function assetsOf(plan: Plan, loaded: ReadonlySet<string>): string[] {
  const mapped = new Set(plan.mapped);
  return [
    ...plan.files.filter((path) => !mapped.has(path) && !isScriptPath(path)),
    ...plan.removed.filter((path) => !loaded.has(path) && !isScriptPath(path)),
  ];
}

/** What lies over the image's files afterwards; on the way back the image's own. */
async function fileChanges(
  plan: Plan,
  manifest: Manifest,
  running: RunningManifest,
  release: UnpackedRelease | null,
  { laid, files }: RunningContext,
): Promise<FileChange[]> {
  if (!laid.files) return [];
  if (!release) {
    return laid.files.paths.map((path) => ({ kind: "original", path }));
  }
  const changes: FileChange[] = [];
  // Modules that hooks supply as well: child processes, workers and whoever reads them as text find them at their place.
  const modules = running.loaded.filter((path) =>
    Object.hasOwn(manifest.files, path) &&
    manifest.files[path]!.kind !== "config" &&
    running.files[path] !== manifest.files[path]!.sha256
  );
  const supplied = new Set(modules);
  for (const path of new Set([...plan.files, ...modules])) {
    changes.push({
      kind: "write",
      path,
      source: join(release.folder, path),
      sha256: manifest.files[path]!.sha256,
      expected: await files.digest(path),
      ...supplied.has(path) ? { optional: true } : {},
    });
  }
  for (const path of plan.removed) {
    changes.push({ kind: "remove", path, expected: await files.digest(path) });
  }
  return changes;
}

function readsOf(
  changes: readonly FileChange[],
  { laid }: RunningContext,
): Map<string, string | null> {
  const reads = new Map<string, string | null>();
  for (const change of changes) {
    const file = change.kind === "write"
      ? change.source
      : change.kind === "original"
      ? laid.files?.originalFile(change.path)
      : null;
    if (file !== undefined) reads.set(change.path, file);
  }
  return reads;
}

function everyPackage(manifest: Manifest): string[] {
  return [
    ...new Set(
      Object.values(manifest.modules).flatMap(({ external }) =>
        external.map(packageOf)
      ),
    ),
  ];
}
