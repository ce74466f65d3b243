/** What a release changes against what runs.
 * @module
 */
import { newPackages } from "./packages.ts";
import { lockChanges } from "./locked_versions.ts";
import type { Manifest } from "../protocol/manifest.ts";

/** What runs now, by path. */
export interface RunningFiles {
  /** The current digest of a path, or null if there is no such file. */
  readonly digest: (path: string) => string | null;
  /** The paths that are there now, as far as they can be missed. */
  readonly paths: readonly string[];
  /** Digests of what was read at start, as in {@linkcode Manifest.config}. */
  readonly config: Readonly<Record<string, string>>;
  /** As {@linkcode Manifest.locked}. */
  readonly locked: Readonly<Record<string, string>>;
  /** Packages outside the app that the process can already load; see {@linkcode packageOf}. */
  readonly external: ReadonlySet<string>;
}

/** What a release changes. */
export interface ReleaseDiff {
  /** Modules that are new or differ. */
  readonly modules: readonly string[];
  /** Assets that are new or differ. */
  readonly assets: readonly string[];
  /** Files that the release no longer has. */
  readonly removed: readonly string[];
  /** What a running process cannot pick up, a sentence each. */
  readonly cold: readonly string[];
}

/**
 * Compares a release with what runs.
 *
 * @param manifest the release
 * @param running what runs
 * @returns the differences
 */
export function diffRelease(
  manifest: Manifest,
  running: RunningFiles,
): ReleaseDiff {
  const modules: string[] = [];
  const assets: string[] = [];
  for (const [path, file] of Object.entries(manifest.files)) {
    if (file.kind === "config" || running.digest(path) === file.sha256) {
      continue;
    }
    (file.kind === "module" ? modules : assets).push(path);
  }
  const removed = running.paths.filter((path) =>
    !Object.hasOwn(manifest.files, path)
  );
  const cold: string[] = [];
  for (const [name, digest] of Object.entries(manifest.config)) {
    const before = running.config[name];
    // What the image does not carry cannot be compared; the planner sees both sides.
    if (before !== undefined && before !== digest) {
      cold.push(`${name} changed, and is only read when the process starts`);
    }
  }
  for (const change of lockChanges(running.locked, manifest.locked)) {
    cold.push(
      `${change} in deno.lock, and the process keeps what it has loaded`,
    );
  }
  for (const name of newPackages(manifest, running.external)) {
    cold.push(
      `${name} is a new dependency, which only a new image brings`,
    );
  }
  return {
    modules: modules.sort(),
    assets: assets.sort(),
    removed: removed.sort(),
    cold,
  };
}
