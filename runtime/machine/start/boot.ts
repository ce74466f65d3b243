/** What a process starts with: what its generation runs, unless that has failed here or keeps killing it.
 * @module
 */
import { AbortSignal } from "../../base/platform/globals.ts";
import { errorText } from "../../base/error_text.ts";
import { pause } from "../../base/waiting/pause.ts";
import { retry } from "../../base/waiting/retry.ts";
import { UpgradeError } from "../../base/upgrade_error.ts";
import { fingerprint } from "../../protocol/fingerprint.ts";
import type { HotUpgrade } from "../../protocol/hot_upgrade.ts";
import type { MachineResult } from "../../protocol/machine/machine_result.ts";
import { addGeneration } from "../pointer/add_generation.ts";
import type { BringIn, BringInDeps } from "../bring_in.ts";
import type { StartDecision, StartWanted } from "./decide_start.ts";
import { bootUpgrades } from "../decide_upgrade.ts";
import { badResult, withFailure } from "../results/results.ts";
import { signedOnly } from "../pointer/signed_releases.ts";

const RETRY = { attemptsMax: 3, firstMs: 1_000 };
/** The last one comes after eight minutes. */
const WORD_ATTEMPTS_MAX = 10;
/** An app must not wait long for a bucket that does not answer. */
const READ_MS = 10_000;

/** What came of a start. */
interface Booted {
  /** The result, or null where there was nothing to apply. */
  readonly result: MachineResult | null;
  /** What could not be downloaded: the image serves meanwhile, and it is brought in as soon as it can be had. */
  readonly owed: HotUpgrade | null;
}

/** Applies, before the app serves, what its generation runs. */
export async function boot(
  deps: BringInDeps,
  machine: BringIn,
): Promise<Booted> {
  const { context, pointer, upgrades } = deps;
  const { bucket, settings } = context;
  if (!bucket) return { result: null, owed: null };
  await pointer.read(AbortSignal.timeout(READ_MS));
  const { generation } = pointer;
  if (!generation) {
    await addGeneration(bucket, settings.app, settings.imageRef);
    return { result: null, owed: null };
  }
  const all = bootUpgrades(
    await signedOnly(generation, settings, (text) => pointer.warnOnce(text)),
  );
  let ended: MachineResult | null = null;
  let at = 0;
  for (; at < all.length; at++) {
    const said = await upgrades.failedBefore(all[at]!.id);
    if (!said) break;
    ended ??= said;
  }
  const wanted = all[at];
  if (!wanted) return { result: ended, owed: null };
  const { result, owed } = await bootWith(
    wanted,
    all[at + 1] ?? null,
    deps,
    machine,
  );
  return { result: ended ?? result, owed };
}

async function bootWith(
  wanted: HotUpgrade,
  before: HotUpgrade | null,
  deps: BringInDeps,
  machine: BringIn,
): Promise<Booted> {
  const start = await deps.starts!.begin({
    upgradeId: wanted.id,
    revision: deps.pointer.revision,
    hasBefore: before !== null,
  });
  if (start.run !== "wanted") {
    const instead = start.run === "before" ? before : null;
    const result = await bootBefore(wanted, instead, start, deps, machine);
    return { result, owed: null };
  }
  await pause(start.delayMs);
  const result = await retry(
    (attempt) => machine.bringIn(wanted, attempt),
    { ...RETRY, isUnsettled: ({ state }) => state === "pending" },
  );
  return { result, owed: result.state === "pending" ? wanted : null };
}

/** Runs what was before a release that keeps killing the process: the release before, else the image. */
async function bootBefore(
  wanted: HotUpgrade,
  before: HotUpgrade | null,
  { stage, deaths }: StartDecision,
  { context, upgrades }: BringInDeps,
  machine: BringIn,
): Promise<MachineResult> {
  // What cannot be had, or fails, does not run either.
  const came = before && await machine.bringIn(before, 1);
  const isIn = came?.state === "applied" || came?.state === "nothing_to_do";
  const instead = before && isIn ? before.version : "the code of the image";
  const error = new UpgradeError(
    "load",
    stage === "trial"
      ? `Cannot start with ${wanted.version}: the process died ${deaths} times in a row within a minute of its start; ${instead} runs instead, on trial`
      : `Cannot start with ${wanted.version}: it killed the process within a minute where ${instead} lived; ${instead} runs instead until the next rollout`,
  );
  context.logger.error(error.message);
  const pending = await upgrades.pending(wanted, new Date(), deaths);
  // The word on a trial comes when it has been passed.
  const result = stage === "trial"
    ? withFailure(pending, error)
    : badResult(pending, error);
  upgrades.end(wanted.id);
  await upgrades.say(result);
  return result;
}

/**
 * Says of a release that it is ended here, because what was before it has lived where it killed the process. Nobody waits
 * for that: whatever goes wrong is only logged, because it must not end the process that serves.
 */
export async function proven(
  wanted: StartWanted,
  deps: Pick<BringInDeps, "context" | "upgrades">,
): Promise<void> {
  const warn = (error: unknown) =>
    deps.context.logger.warn(
      `cannot say yet that a release is ended here: ${errorText(error)}`,
    );
  await retry(() => sayProven(wanted, deps), {
    attemptsMax: WORD_ATTEMPTS_MAX,
    firstMs: RETRY.firstMs,
    isTransient(error) {
      warn(error);
      return true;
    },
    wait: (ms) => pause(ms, { staysAlive: false }),
  }).catch(warn);
}

async function sayProven(
  { upgradeId }: StartWanted,
  { context, upgrades }: Pick<BringInDeps, "context" | "upgrades">,
): Promise<void> {
  const { settings, logger, appProcess } = context;
  const said = await upgrades.ownResult(upgradeId);
  if (!said) return;
  const error = new UpgradeError(
    "load",
    `Cannot run ${said.version}: it killed the process within a minute of its start, twice in a row, where what was before lives; it is ended on this machine until the next rollout`,
  );
  logger.error(error.message);
  await upgrades.say({
    ...badResult(said, error),
    fingerprint: await fingerprint(
      settings.imageRef,
      appProcess.release?.sha256 ?? null,
    ),
  });
}
