/** Repeats the health check for a while after an upgrade; a failure leads back by an ordinary upgrade.
 * @module
 */
import { fingerprint } from "../protocol/fingerprint.ts";
import type { WantedRelease } from "../release/wanted.ts";
import type { AppProcess } from "../process/process.ts";
import { checkHealth } from "./health.ts";
import { upgrade } from "./upgrade.ts";
import type { UpgradeContext } from "./context.ts";
import { UpgradeError, upgradeError } from "../base/upgrade_error.ts";

const CHECKS = 5;

/**
 * Keeps an eye on new code.
 *
 * @param release the release that is in
 * @param before the one to go back to, or null for the base image
 * @param context what upgrades work on
 * @param probationMs for how long, in milliseconds; 0 commits at once
 * @throws {UpgradeError} if the check failed and the earlier code is back. Where the way back is closed the new code
 * stays, which is logged
 */
export async function probation(
  release: WantedRelease,
  before: WantedRelease | null,
  context: UpgradeContext,
  probationMs: number,
): Promise<void> {
  const { appProcess, health, healthTimeoutMs, imageRef } = context;
  const { version } = release;
  const endsAt = performance.now() + probationMs;
  while (health && performance.now() < endsAt) {
    await new Promise((resolve) => setTimeout(resolve, probationMs / CHECKS));
    try {
      const now = await fingerprint(
        imageRef,
        appProcess.release?.sha256 ?? null,
      );
      await checkHealth(health, healthTimeoutMs, { version, fingerprint: now });
    } catch (thrown) {
      const cause = upgradeError("probation", null, thrown);
      if (
        await goBack(before ?? theBaseImage(release), cause, version, context)
      ) {
        const error = new UpgradeError("probation", cause.message, { cause });
        error.end = "rolled_back";
        tell(appProcess, {
          type: "rolledBack",
          version,
          phase: "probation",
          message: cause.message,
        });
        throw error;
      }
      return;
    }
  }
  tell(appProcess, { type: "committed", version });
}

async function goBack(
  wanted: WantedRelease,
  cause: UpgradeError,
  version: string,
  context: UpgradeContext,
): Promise<boolean> {
  try {
    await upgrade(wanted, { ...context, health: null });
    return true;
  } catch (closed) {
    const why = closed instanceof Error ? closed.message : String(closed);
    context.appProcess.logger.error(
      `${version} fails its probation (${cause.message}) and cannot be taken out, so it stays: ${why}`,
    );
    return false;
  }
}

function tell(
  appProcess: AppProcess,
  event: Parameters<AppProcess["events"]["emit"]>[0],
): void {
  appProcess.events.emit(
    event,
    (error) =>
      appProcess.logger.error(`a listener of upgrades failed: ${error}`),
  );
}

function theBaseImage(after: WantedRelease): WantedRelease {
  return {
    id: `${after.id}-back`,
    version: "base",
    sourceImageRef: after.sourceImageRef,
    deployedAt: new Date().toISOString(),
    tarballUrl: null,
    sha256: null,
    size: null,
  };
}
