/** What this machine remembers and says of its upgrades.
 * @module
 */
import { performance } from "../../base/platform/globals.ts";
import { errorText } from "../../base/error_text.ts";
import { UpgradeError } from "../../base/upgrade_error.ts";
import type { HotUpgrade } from "../../protocol/hot_upgrade.ts";
import type { MachineResult } from "../../protocol/machine/machine_result.ts";
import { ProtocolError } from "../../protocol/json/parse.ts";
import type { UpgradeOutcome } from "../../upgrade/context.ts";
import type { MachineContext } from "../context.ts";
import {
  afterTransientFailure,
  type UpgradeMemory,
} from "../decide_upgrade.ts";
import {
  badResult,
  goodResult,
  pendingResult,
  withFailure,
} from "./results.ts";
import { readResult, writeResult } from "./write_result.ts";

/** The upgrades of one machine: what has become of each, here and in the bucket. */
export class Upgrades {
  /** The newest upgrade that has ended here, or null. */
  lastId: string | null = null;
  /** What is remembered of each, by id. */
  readonly memory = new Map<string, UpgradeMemory>();
  readonly #context: MachineContext;

  constructor(context: MachineContext) {
    this.#context = context;
  }

  /** What this machine has said about an upgrade; a record that nobody can read says nothing. */
  async ownResult(id: string): Promise<MachineResult | null> {
    const { bucket, settings, logger } = this.#context;
    if (!bucket) return null;
    try {
      return await readResult(bucket, settings.app, id, settings.machineId);
    } catch (error) {
      if (!(error instanceof ProtocolError || error instanceof SyntaxError)) {
        throw error;
      }
      logger.warn(error.message);
      return null;
    }
  }

  /** The result of an upgrade that has failed for good in an earlier process, whose memory is gone; null for any other. */
  async failedBefore(id: string): Promise<MachineResult | null> {
    const said = await this.ownResult(id);
    if (!said || !endedBadly(said)) return null;
    this.memory.set(id, { state: "ended" });
    this.#context.logger.warn(
      `${said.version} failed on this machine before and is not tried again`,
    );
    return said;
  }

  /** Remembers that an upgrade has ended here. */
  end(id: string): void {
    this.memory.set(id, { state: "ended" });
    this.lastId = id;
  }

  /** The result of an upgrade that has begun, with the release that is in now. */
  pending(
    wanted: HotUpgrade,
    startedAt: Date,
    bootAttempts: number | null,
  ): Promise<MachineResult> {
    const { settings, appProcess, startedAt: processStart } = this.#context;
    const sha256 = appProcess.release?.sha256 ?? null;
    return pendingResult(wanted, settings, sha256, startedAt, bootAttempts, {
      pid: Deno.pid,
      started_at: processStart,
    });
  }

  /** The result of an upgrade that has been tried, which is remembered. */
  judge(
    pending: MachineResult,
    outcome: UpgradeOutcome | UpgradeError,
    wanted: HotUpgrade,
  ): MachineResult {
    const id = pending.upgrade_id;
    // What is committed is this generation's code: there is nothing else to run, and a bucket that refuses it or does not
    // have it says nothing of the release itself.
    const isCommitted = wanted.state === "committed";
    if (
      outcome instanceof UpgradeError &&
      (outcome.transient || (isCommitted && outcome.phase === "fetch"))
    ) {
      const memory = afterTransientFailure(
        this.memory.get(id),
        performance.now(),
        isCommitted,
      );
      this.memory.set(id, memory);
      if (memory.state === "waiting") return withFailure(pending, outcome);
    }
    this.end(id);
    return outcome instanceof UpgradeError
      ? badResult(pending, outcome)
      : goodResult(pending, outcome);
  }

  /** Writes a result into the bucket. */
  async say(result: MachineResult): Promise<void> {
    const { bucket, settings, logger } = this.#context;
    if (!bucket) return;
    try {
      await writeResult(bucket, settings.app, result);
    } catch (error) {
      // The upgrade itself has happened or not; only the word of it is missing.
      logger.warn(errorText(error));
    }
  }
}

function endedBadly({ state, failure }: MachineResult): boolean {
  return state === "rolled_back" ||
    (state === "failed" && failure?.transient === false);
}
