/** Watches new code for a while after it is in; a failure leads back by an ordinary upgrade.
 * @module
 */
import { performance } from "../base/platform/globals.ts";
import { pause } from "../base/waiting/pause.ts";
import { errorText, thrownText } from "../base/error_text.ts";
import { fingerprint } from "../protocol/fingerprint.ts";
import type { WantedRelease } from "../release/wanted.ts";
import type { AppProcess } from "../process/process.ts";
import type { OnProbation } from "../process/declared/release_state.ts";
import { type NamedCheck, runChecks } from "./health.ts";
import { upgrade } from "./upgrade.ts";
import type { UpgradeContext } from "./context.ts";
import { UpgradeError, upgradeError } from "../base/upgrade_error.ts";

const CHECKS = 5;

/** What is watched. */
export interface ProbationAbout {
  /** The release that is in. */
  readonly release: WantedRelease;
  /** The one to go back to, or null for the base image. */
  readonly before: WantedRelease | null;
  /** For how long, in milliseconds; 0 commits at once. */
  readonly probationMs: number;
  /** The checks that are repeated. */
  readonly checks: readonly NamedCheck[];
  /** Aborted when something newer is wanted, which must not wait. */
  readonly superseded: AbortSignal;
}

/**
 * Keeps an eye on new code: a failed check, or an error that nobody caught, takes it out at once. Throws if it failed;
 * the earlier code is back, unless its `end` is `fail`: then the way back is closed and the new code stays.
 */
export async function probation(
  about: ProbationAbout,
  context: UpgradeContext,
): Promise<number> {
  const { appProcess } = context;
  const { release, before } = about;
  const { version } = release;
  const watched = appProcess.onProbation;
  try {
    await watch(about, context, watched);
    if (!about.superseded.aborted) await watched?.leftBehind();
  } catch (thrown) {
    const cause = upgradeError("probation", null, thrown);
    const error = new UpgradeError("probation", cause.message, { cause });
    watched?.giveUp();
    watched?.finish();
    appProcess.onProbation = null;
    const closed = await goBack(before ?? theBaseImage(release), context);
    if (closed === null) {
      error.end = "rolled_back";
      const { phase, message } = error;
      tell(appProcess, { type: "rolledBack", version, phase, message });
      throw error;
    }
    const stays = new UpgradeError(
      "probation",
      `${version} fails its probation (${cause.message}) and cannot be taken out, so it stays; recycle this machine: ${closed}`,
      { cause },
    );
    stays.end = "fail";
    appProcess.logger.error(stays.message);
    tell(appProcess, {
      type: "failed",
      version,
      phase: "probation",
      message: stays.message,
      end: "fail",
    });
    throw stays;
  }
  appProcess.modules.forgetOld();
  appProcess.classes.given = null;
  const undrained = watched?.undrained ?? 0;
  watched?.finish();
  // What replaces it at once may meet its errors; they are not a reason for the process to end.
  if (about.superseded.aborted) watched?.giveUp();
  else watched?.end();
  appProcess.onProbation = null;
  if (!about.superseded.aborted) {
    tell(appProcess, { type: "committed", version });
  }
  return undrained;
}

async function watch(
  { release, probationMs, checks, superseded }: ProbationAbout,
  { appProcess, imageRef }: UpgradeContext,
  watched: OnProbation | null,
): Promise<void> {
  const endsAt = performance.now() + probationMs;
  const { version } = release;
  while (performance.now() < endsAt && !superseded.aborted) {
    await Promise.race([
      pause(probationMs / CHECKS, { signal: superseded }),
      ...(watched ? [watched.failed] : []),
    ]);
    if (superseded.aborted || checks.length === 0) continue;
    const sha256 = appProcess.release?.sha256 ?? null;
    const now = await fingerprint(imageRef, sha256);
    await Promise.race([
      runChecks(checks, { version, fingerprint: now }),
      aborted(superseded),
      ...(watched ? [watched.failed] : []),
    ]);
  }
}

/** Says why the way back is closed; null where the earlier code is back. */
async function goBack(
  wanted: WantedRelease,
  context: UpgradeContext,
): Promise<string | null> {
  const { appProcess } = context;
  try {
    await upgrade(wanted, { ...context, health: null, isWayBack: true });
    appProcess.onProbation?.finish();
    appProcess.onProbation?.end();
    appProcess.onProbation = null;
    appProcess.classes.given = null;
    return null;
  } catch (closed) {
    return errorText(closed);
  }
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) =>
    signal.addEventListener("abort", () => resolve(), { once: true })
  );
}

function tell(
  appProcess: AppProcess,
  event: Parameters<AppProcess["events"]["emit"]>[0],
): void {
  appProcess.events.emit(
    event,
    (error) =>
      appProcess.logger.error(
        `a listener of upgrades failed: ${thrownText(error)}`,
      ),
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
