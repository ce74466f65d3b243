/** One release brought to all machines, wave by wave, or undone on all of them.
 * @module
 */
import { errorText } from "@flyhot/runtime/protocol";
import type { PublishedRelease } from "../release/publish.ts";
import type { Prepared } from "./prepare.ts";
import {
  type RolledOut,
  type RollOutOptions,
  WaveRun,
} from "./waves/run_waves.ts";
import type { WokenMachines } from "./machines/wake.ts";
import type { RolloutDeps } from "./deps.ts";

export type { RolledOut, RollOutOptions };

/** What ends a rollout early. */
interface RollOutSignals {
  /** Aborted when the person interrupts: the machines are brought back. */
  readonly interrupted: AbortSignal;
  /** Aborted when the deploy lock is lost: the pointer is somebody else's then. */
  readonly lockLost: AbortSignal;
}

/** Moves the pointer to a published release, lets the machines apply it wave by wave, and commits it, or undoes it. */
export async function rollOut(
  options: RollOutOptions,
  prepared: Prepared,
  published: PublishedRelease,
  deps: RolloutDeps,
  woken: WokenMachines,
  signals: RollOutSignals,
): Promise<RolledOut> {
  const rollout = new WaveRun(options, prepared, published, deps, woken);
  const work = AbortSignal.any([signals.interrupted, signals.lockLost]);
  let trouble: unknown = null;
  let why: string | null;
  try {
    why = await rollout.goForward(work);
  } catch (error) {
    if (signals.lockLost.aborted) throw rollout.lockLost(signals.lockLost);
    trouble = error;
    why = signals.interrupted.aborted ? "interrupted" : errorText(error);
  }
  if (why === null) return rollout.committed();
  try {
    return await rollout.goBack(why, trouble, signals.lockLost);
  } catch (error) {
    if (signals.lockLost.aborted) throw rollout.lockLost(signals.lockLost);
    throw error;
  }
}
