/** The files of a release: what modules read of it, and what is laid over its place.
 * @module
 */
import { AbortSignal } from "../base/platform/globals.ts";
import { UpgradeError } from "../base/upgrade_error.ts";
import type { LaidChange } from "../release/laid/laying/laid_change.ts";
import type { UnpackedRelease } from "../release/unpack/folders.ts";
import type { WantedRelease } from "../release/wanted.ts";
import type { UpgradeContext } from "./context.ts";
import type { UpgradePlan } from "./planning/plan_upgrade.ts";

/** Brings what is read into the folder of the release; the rest of what an earlier release has stays where it is. */
export async function needFiles(
  plan: UpgradePlan,
  release: UnpackedRelease,
  wanted: WantedRelease,
  { folders, bucket, fetchTimeoutMs }: UpgradeContext,
): Promise<void> {
  const written = plan.files.filter(({ kind }) => kind === "write")
    .map(({ path }) => path);
  await folders.need(release, [...plan.reload, ...plan.mapped, ...written], {
    wanted,
    bucket,
    signal: AbortSignal.timeout(fetchTimeoutMs),
  });
}

/**
 * Makes the files ready that are to be laid over their place. Returns what is to be laid in the swap; null where
 * nothing is. Throws naming the files that the app has written itself.
 */
export async function layOut(
  plan: UpgradePlan,
  release: UnpackedRelease | null,
  loaded: Promise<unknown>,
  { appProcess, laid: { files } }: UpgradeContext,
): Promise<LaidChange | null> {
  if (!files || plan.files.length === 0) return null;
  const change = await files.prepare(plan.files, loaded);
  const conflicts = change.conflicts.map(({ path, why }) => `${path}: ${why}`);
  if (conflicts.length === 0) return change;
  if (release === null) {
    // The way back must not fail for what the app has made of a file.
    appProcess.logger.warn(`left as they are: ${conflicts.join("; ")}`);
    return change;
  }
  await change.discard();
  throw new UpgradeError(
    "load",
    `Cannot lay the files of the release over those of the image: ${
      conflicts.join("; ")
    }; leave such files out of the release ("exclude"), or read them by asset() and name them under "assets"`,
  );
}
