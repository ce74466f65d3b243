/** Finds out what a release changes on this machine, and whether it can come in hot.
 * @module
 */
import type { AppFiles } from "../release/app_files.ts";
import { knownPackages } from "./known_packages.ts";
import type { Manifest, ModuleEdges } from "../protocol/manifest.ts";
import { diffRelease } from "../plan/release_diff.ts";
import type { UnpackedRelease } from "../release/folders.ts";
import { importRoots, reloadSet } from "../plan/old_reload_set.ts";
import type { AppProcess } from "../process/process.ts";
import { UpgradeError } from "../base/upgrade_error.ts";

/** What an upgrade does to the modules and files of this machine. */
export interface UpgradePlan {
  /** The modules to evaluate anew. */
  readonly reload: readonly string[];
  /** Changed modules that nothing has loaded yet. */
  readonly mapped: readonly string[];
  /** The modules to import so that all of `reload` is loaded. */
  readonly roots: readonly string[];
  /** Files that are gone. */
  readonly gone: readonly string[];
  /** Assets that are new, differ or are gone. */
  readonly assets: readonly string[];
  /** Old module instances that will be retained, and their source size. */
  readonly retained: { readonly modules: number; readonly bytes: number };
}

/**
 * Compares a release with what runs.
 *
 * @param release the release, or null for the way back to the base image
 * @param appProcess what runs in this process
 * @param files the base image's files
 * @param main the path of the main module
 * @returns what is to be done
 * @throws {UpgradeError} if the release needs a cold deploy, with every reason
 */
export async function planUpgrade(
  release: UnpackedRelease | null,
  appProcess: AppProcess,
  files: AppFiles,
  main: string,
): Promise<UpgradePlan> {
  const current = appProcess.release;
  const loaded = appProcess.modules.current(main);
  const manifest = release?.manifest ??
    await baseManifest(current!.manifest, files, loaded.loaded);
  if (release && !Object.hasOwn(manifest.modules, main)) {
    throw new UpgradeError(
      "diff",
      `This release needs a cold deploy: ${main}, the main module here, is no entry of it; name it under "flyhot".entry in deno.json`,
    );
  }
  const digests = new Map<string, string | null>();
  for (const path of Object.keys(manifest.files)) {
    digests.set(
      path,
      current
        ? current.manifest.files[path]?.sha256 ?? null
        : await files.digest(path),
    );
  }
  const diff = diffRelease(manifest, {
    digest: (path) => digests.get(path) ?? null,
    // Of the base image only what is loaded can be missed: a release may leave files of the image out.
    paths: current ? Object.keys(current.manifest.files) : [...loaded.loaded],
    config: release ? await files.config() : {},
    locked: release ? await files.locked() : {},
    external: await knownPackages(appProcess, files),
  });
  const set = reloadSet(diff.modules, manifest.modules, {
    main,
    ...loaded,
    // What an upgrade removed stays in memory; there is nothing to evaluate it from.
    loaded: new Set(
      [...loaded.loaded].filter((path) => Object.hasOwn(manifest.files, path)),
    ),
    accepted: acceptedBy(appProcess),
  });
  const declined = declinedBy(appProcess);
  const cold = [
    ...diff.cold,
    ...set.cold.map(({ path, chain }) =>
      chain.length > 1
        ? `${path} is imported by the boot module ${chain.at(-1)} (${
          chain.join(" <- ")
        })`
        : `${path} is a boot module`
    ),
    ...set.reload.filter((path) => Object.hasOwn(declined, path))
      .map((path) => `${path} declines to be replaced: ${declined[path]}`),
  ];
  if (cold.length > 0) {
    throw new UpgradeError(
      "diff",
      `This release needs a cold deploy: ${cold.join("; ")}`,
    );
  }
  let bytes = 0;
  for (const path of set.reload) {
    bytes += current?.manifest.files[path]?.size ?? await files.size(path);
  }
  const isModule = (path: string) =>
    current === null || current.manifest.files[path]?.kind === "module";
  return {
    reload: set.reload,
    mapped: set.mapped,
    roots: importRoots(set.reload, manifest.modules),
    gone: diff.removed,
    assets: [...diff.assets, ...diff.removed.filter((path) => !isModule(path))],
    retained: { modules: set.reload.length, bytes },
  };
}

/** Whether an upgrade would change anything that runs. */
export function isEmpty(plan: UpgradePlan): boolean {
  return plan.reload.length + plan.mapped.length + plan.gone.length +
      plan.assets.length === 0;
}

/**
 * What modules accept without being reloaded.
 *
 * @param appProcess what runs in this process
 * @returns the accepted modules by importer
 */
export function acceptedBy(
  appProcess: AppProcess,
): Map<string, ReadonlySet<string>> {
  return new Map(
    [...appProcess.hots.values()].filter(({ accepted }) => accepted.size > 0)
      .map(({ path, accepted }) => [path, new Set(accepted.keys())]),
  );
}

/**
 * Why modules decline to be replaced.
 *
 * @param appProcess what runs in this process
 * @returns the reasons by path
 */
export function declinedBy(appProcess: AppProcess): Record<string, string> {
  return Object.fromEntries(
    [...appProcess.hots.values()].flatMap(({ path, declined }) =>
      declined === null ? [] : [[path, declined]]
    ),
  );
}

// The way back to the base image: its files under the edges of the release that is in. An importer that differs
// is in the reload set by itself, so its edges there do not matter; those of what the release removed neither.
async function baseManifest(
  current: Manifest,
  files: AppFiles,
  loaded: ReadonlySet<string>,
): Promise<Manifest> {
  const kept: Record<string, Manifest["files"][string]> = Object.create(null);
  const edges: Record<string, ModuleEdges> = Object.create(null);
  for (const [path, file] of Object.entries(current.files)) {
    const sha256 = await files.digest(path);
    if (sha256 === null) continue;
    kept[path] = { ...file, sha256 };
    if (current.modules[path]) edges[path] = current.modules[path];
  }
  for (const path of loaded) {
    if (Object.hasOwn(current.files, path)) continue;
    const sha256 = await files.digest(path);
    if (sha256 === null) continue;
    kept[path] = { sha256, size: await files.size(path), kind: "module" };
    edges[path] = { static: [], dynamic: [], external: [] };
  }
  return { ...current, files: kept, modules: edges };
}
