/** What an upgrade is to do on this machine: the shared rule, asked about what really runs here.
 * @module
 */
import { join } from "node:path";
import { UpgradeError } from "../base/upgrade_error.ts";
import { classify } from "../plan/classify.ts";
import { packageOf } from "../plan/packages.ts";
import { isScriptPath } from "../plan/paths.ts";
import { isEmptyPlan, type Plan } from "../plan/plan.ts";
import type { Manifest } from "../protocol/manifest.ts";
import { refusalText } from "../base/refusal.ts";
import type { UnpackedRelease } from "../release/folders.ts";
import type { FileChange } from "../release/file_change.ts";
import { imageManifest } from "./image_manifest.ts";
import { type RunningContext, runningManifest } from "./running_manifest.ts";

/** What is to be done. */
export interface UpgradePlan {
  /** The modules to evaluate again. */
  readonly reload: readonly string[];
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
  /** Old module instances that will be retained, and their source size. */
  readonly retained: { readonly modules: number; readonly bytes: number };
  /** Whether there is nothing to do. */
  readonly isEmpty: boolean;
}

/**
 * Compares a release with what runs.
 *
 * @param release the release, or null for the way back to the base image
 * @param context the process and its files
 * @param consent what is consented to for this upgrade
 * @returns what is to be done
 * @throws {UpgradeError} if the release cannot come in hot, with every reason
 */
export async function planUpgrade(
  release: UnpackedRelease | null,
  context: RunningContext,
  consent: readonly string[] = [],
): Promise<UpgradePlan> {
  const { appProcess, main } = context;
  const { loaded } = appProcess.modules.current(main);
  const manifest = release?.manifest ??
    await imageManifest(appProcess.release!.manifest, loaded, context);
  const running = await runningManifest(context, manifest);
  // Nothing new can have come with the image.
  const plan = classify(
    manifest,
    release ? running : { ...running, external: everyPackage(manifest) },
    { consent },
  );
  for (const text of plan.warnings) appProcess.logger.warn(text);
  if (!plan.hot) {
    throw new UpgradeError(
      "diff",
      `This release needs a cold deploy: ${
        plan.refusals.map(refusalText).join("; ")
      }`,
      { refusals: plan.refusals },
    );
  }
  let bytes = 0;
  for (const path of plan.reload) {
    bytes += appProcess.release?.manifest.files[path]?.size ??
      await context.files.size(path);
  }
  return {
    reload: plan.reload,
    // Whatever is new or differs may be imported by a name that is computed.
    mapped: [
      ...new Set([...plan.mapped, ...plan.fresh, ...plan.files])
        .union(new Set(plan.pruned)),
    ].filter((path) => Object.hasOwn(manifest.files, path)),
    roots: plan.roots,
    gone: [...new Set([...plan.removed, ...plan.pruned])],
    assets: assetsOf(plan, loaded),
    files: await fileChanges(plan, manifest, release, loaded, context),
    retained: { modules: plan.reload.length, bytes },
    isEmpty: isEmptyPlan(plan),
  };
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
  release: UnpackedRelease | null,
  loaded: ReadonlySet<string>,
  { laid, files }: RunningContext,
): Promise<FileChange[]> {
  if (!laid.files) return [];
  if (!release) {
    return laid.files.paths.map((path) => ({ kind: "original", path }));
  }
  const changes: FileChange[] = [];
  for (const path of plan.files) {
    changes.push({
      kind: "write",
      path,
      source: join(release.folder, path),
      sha256: manifest.files[path]!.sha256,
      expected: await files.digest(path),
    });
  }
  for (const path of plan.removed) {
    if (loaded.has(path)) continue;
    changes.push({ kind: "remove", path, expected: await files.digest(path) });
  }
  return changes;
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
