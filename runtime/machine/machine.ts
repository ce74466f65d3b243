/** The part of the runtime that acts: brings upgrades in, one at a time, and says what became of them.
 * @module
 */
import { addGeneration } from "./add_generation.ts";
import type { MachineContext } from "./context.ts";
import { BootTrial } from "../process/boot_trial.ts";
import {
  afterTransientFailure,
  bootUpgrade,
  decideUpgrade,
  generationOf,
  type UpgradeMemory,
} from "./decide_upgrade.ts";
import {
  badResult,
  goodResult,
  pendingResult,
  resultLine,
  withFailure,
} from "./results.ts";
import { getJson } from "../bucket/bucket.ts";
import { ProtocolError } from "../protocol/parse.ts";
import { probation } from "../upgrade/probation.ts";
import { fingerprint } from "../protocol/fingerprint.ts";
import {
  type HotUpgrade,
  parsePointer,
  type Pointer,
} from "../protocol/pointer.ts";
import type { MachineResult } from "../protocol/machine_result.ts";
import { pointerKey } from "../protocol/object_keys.ts";
import type { WantedRelease } from "../release/wanted.ts";
import { readResult, writeResult } from "./write_result.ts";
import { upgrade } from "../upgrade/upgrade.ts";
import type { UpgradeContext, UpgradeOutcome } from "../upgrade/context.ts";
import { UpgradeError, upgradeError } from "../base/upgrade_error.ts";

const BOOT_ATTEMPTS_MAX = 4;
const BOOT_RETRY_MS = 500;
/** An app must not wait long for a bucket that does not answer. */
const BOOT_READ_MS = 10_000;
const BOOT_TRIAL_MS = 30_000;

interface Attempt {
  /** How many starts in a row have tried it, or null where the app serves already. */
  readonly bootAttempts: number | null;
  /** Whether transient trouble is final too. */
  readonly last: boolean;
}

/** How a release is brought in and watched; given where something else than the transaction is looked at. */
export interface Transaction {
  /** Brings one release in, or changes nothing. */
  readonly upgrade: typeof upgrade;
  /** Watches it for a while; goes back if it does not work. */
  readonly probation: typeof probation;
}

/** Brings upgrades in on this machine. */
export class Machine {
  /** The newest upgrade that has ended here, or null. */
  lastUpgradeId: string | null = null;
  readonly #context: MachineContext;
  readonly #transaction: Transaction;
  readonly #memory = new Map<string, UpgradeMemory>();
  #turn: Promise<unknown> = Promise.resolve();
  #etag: string | null = null;
  #pointer: Pointer | null = null;
  #onTrial: MachineResult | null = null;

  /**
   * @param context what it works with
   * @param transaction how releases are brought in. Default for real
   */
  constructor(
    context: MachineContext,
    transaction: Transaction = { upgrade, probation },
  ) {
    this.#context = context;
    this.#transaction = transaction;
  }

  /**
   * Applies, before the app serves, what its generation runs.
   *
   * @returns the result, or null where there was nothing to apply
   * @throws {Error} if the pointer cannot be read
   */
  async boot(): Promise<MachineResult | null> {
    const { bucket, settings } = this.#context;
    const { app, imageRef } = settings;
    if (!bucket) return null;
    await this.#readPointer(AbortSignal.timeout(BOOT_READ_MS));
    const generation = this.#pointer && generationOf(this.#pointer, imageRef);
    if (!generation) {
      await addGeneration(bucket, app, imageRef);
      return null;
    }
    const wanted = bootUpgrade(generation);
    if (!wanted) return null;
    const before = await this.#ownResult(wanted.id);
    if (before && endedBadly(before)) {
      this.#rememberEnd(before);
      return before;
    }
    const died = before?.state === "pending" && before.at_boot
      ? before.boot_attempts ?? 1
      : 0;
    if (died >= BOOT_ATTEMPTS_MAX) {
      return await this.#giveUpAtBoot(wanted, died);
    }
    for (let attempt = 1;; attempt++) {
      const last = attempt === BOOT_ATTEMPTS_MAX;
      const result = await this.#bringIn(wanted, {
        bootAttempts: died + 1,
        last,
      });
      if (result.state !== "pending" || last) return result;
      await pause(BOOT_RETRY_MS * 2 ** attempt);
    }
  }

  /**
   * Reads the pointer once and does what it says.
   *
   * @returns when to look again at the latest, in milliseconds from now; null for the usual interval
   * @throws {Error} if the pointer cannot be read
   */
  async poll(): Promise<number | null> {
    const { settings } = this.#context;
    await this.#readPointer();
    const decision = decideUpgrade(
      this.#pointer && generationOf(this.#pointer, settings.imageRef),
      settings.machineId,
      this.#memory,
      performance.now(),
    );
    if (decision.act === "wait") return decision.until - performance.now();
    if (decision.act === "apply") {
      if (await this.#endedBefore(decision.upgrade.id)) return null;
      await this.#bringIn(decision.upgrade, {
        bootAttempts: null,
        last: false,
      });
    }
    return null;
  }

  /**
   * Brings a release in that is named by its URL alone.
   *
   * @param release the release
   * @returns what was done
   * @throws {UpgradeError} if it fails; the old code and state are as they were
   */
  bringInDirectly(release: WantedRelease): Promise<UpgradeOutcome> {
    return this.#oneAtATime(async () => {
      const outcome = await this.#upgrade(release, false);
      if (outcome instanceof UpgradeError) throw outcome;
      return outcome;
    });
  }

  /** Whether it ended badly here in an earlier process, whose memory is gone. */
  async #endedBefore(id: string): Promise<boolean> {
    if (this.#memory.has(id)) return false;
    const result = await this.#ownResult(id);
    if (!result || !endedBadly(result)) return false;
    this.#rememberEnd(result);
    return true;
  }

  #rememberEnd({ upgrade_id, version }: MachineResult): void {
    this.#memory.set(upgrade_id, { state: "ended" });
    this.#context.logger.warn(
      `${version} failed on this machine before and is not tried again`,
    );
  }

  /** What this machine has said about an upgrade; a record that nobody can read says nothing. */
  async #ownResult(id: string): Promise<MachineResult | null> {
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

  async #readPointer(signal?: AbortSignal): Promise<void> {
    const { bucket, settings } = this.#context;
    if (!bucket) return;
    const read = await getJson(bucket, pointerKey(settings.app), {
      ...(this.#etag === null ? {} : { ifNoneMatch: this.#etag }),
      ...(signal ? { signal } : {}),
    });
    if (read.status !== "found") return;
    const pointer = parsePointer(read.value);
    // An eventually consistent bucket may answer with an older one.
    if (pointer.revision < (this.#pointer?.revision ?? 0)) return;
    this.#etag = read.etag;
    this.#pointer = pointer;
  }

  #bringIn(wanted: HotUpgrade, attempt: Attempt): Promise<MachineResult> {
    return this.#oneAtATime(async () => {
      const startedAt = new Date();
      await this.#say(await this.#pending(wanted, startedAt, attempt));
      const atBoot = attempt.bootAttempts !== null;
      const outcome = await this.#upgrade(wantedRelease(wanted), atBoot);
      // Anew, because it tells which release is in.
      const pending = await this.#pending(wanted, startedAt, attempt);
      const result = this.#judge(pending, outcome, attempt.last);
      const { level, text } = resultLine(result);
      this.#context.logger[level](text);
      // Said when the app has loaded: a process that dies until then is found pending by the next one.
      if (result.state === "applied" && this.#context.appProcess.bootTrial) {
        this.#onTrial = result;
      } else await this.#say(result);
      return result;
    });
  }

  async #upgrade(
    release: WantedRelease,
    atBoot: boolean,
  ): Promise<UpgradeOutcome | UpgradeError> {
    const { settings, logger, ...rest } = this.#context;
    const { appProcess } = rest;
    const context: UpgradeContext = {
      ...rest,
      imageRef: settings.imageRef,
      fetchTimeoutMs: settings.fetchTimeoutMs,
      prepareTimeoutMs: settings.prepareTimeoutMs,
      suspendTimeoutMs: settings.suspendTimeoutMs,
      migrateTimeoutMs: settings.migrateTimeoutMs,
      // Nothing serves yet that could be asked.
      health: atBoot ? null : settings.health,
      healthTimeoutMs: settings.healthTimeoutMs,
      onBoot: atBoot ? (undo) => this.#beginTrial(release, undo) : null,
    };
    const before = appProcess.release?.wanted ?? null;
    try {
      const { upgrade, probation } = this.#transaction;
      const outcome = await upgrade(release, context);
      if (outcome.state === "applied" && !atBoot) {
        await probation(release, before, context, settings.probationMs);
      }
      const { modules, bytes } = appProcess.retained;
      if (bytes > settings.retainedBudgetBytes) {
        logger.warn(
          `${modules} replaced modules (${bytes} bytes of source) are still in memory, more than the budget of ${settings.retainedBudgetBytes}: a cold deploy frees them`,
        );
      }
      return outcome;
    } catch (thrown) {
      return upgradeError("check", null, thrown);
    }
  }

  #pending(
    wanted: HotUpgrade,
    startedAt: Date,
    attempt: Attempt,
  ): Promise<MachineResult> {
    const { settings, appProcess } = this.#context;
    const sha256 = appProcess.release?.sha256 ?? null;
    return pendingResult(
      wanted,
      settings,
      sha256,
      startedAt,
      attempt.bootAttempts,
    );
  }

  #judge(
    pending: MachineResult,
    outcome: UpgradeOutcome | UpgradeError,
    last: boolean,
  ): MachineResult {
    const id = pending.upgrade_id;
    if (outcome instanceof UpgradeError && outcome.transient && !last) {
      const memory = afterTransientFailure(
        this.#memory.get(id),
        performance.now(),
      );
      this.#memory.set(id, memory);
      if (memory.state === "waiting") return withFailure(pending, outcome);
    }
    this.#memory.set(id, { state: "ended" });
    this.lastUpgradeId = id;
    return outcome instanceof UpgradeError
      ? badResult(pending, outcome)
      : goodResult(pending, outcome);
  }

  /** A release that keeps killing the process at boot must not keep the machine down. */
  async #giveUpAtBoot(
    wanted: HotUpgrade,
    died: number,
  ): Promise<MachineResult> {
    const pending = await this.#pending(wanted, new Date(), {
      bootAttempts: died,
      last: true,
    });
    const error = new UpgradeError(
      "prepare",
      `Cannot start with ${wanted.version}: the process died ${died} times while it was brought in at boot; the code of the image runs instead`,
    );
    const result = this.#judge(pending, error, true);
    this.#context.logger.error(error.message);
    await this.#say(result);
    return result;
  }

  #beginTrial(release: WantedRelease, undo: () => Promise<void>): void {
    const { appProcess, settings, logger } = this.#context;
    appProcess.bootTrial = new BootTrial({
      undo,
      confirmAfterMs: BOOT_TRIAL_MS,
      confirmed: async () => {
        appProcess.bootTrial = null;
        if (this.#onTrial) await this.#say(this.#onTrial);
      },
      failed: async (thrown) => {
        appProcess.bootTrial = null;
        const why = thrown instanceof Error ? thrown.message : String(thrown);
        const error = new UpgradeError(
          "prepare",
          `Cannot start with ${release.version}: ${why}; the code of the image runs instead`,
          { cause: thrown },
        );
        logger.error(error.message);
        if (!this.#onTrial) return;
        await this.#say({
          ...badResult(this.#onTrial, error),
          fingerprint: await fingerprint(settings.imageRef, null),
        });
      },
    });
  }

  async #say(result: MachineResult): Promise<void> {
    const { bucket, settings, logger } = this.#context;
    if (!bucket) return;
    try {
      await writeResult(bucket, settings.app, result);
    } catch (error) {
      // The upgrade itself has happened or not; only the word of it is missing.
      logger.warn(error instanceof Error ? error.message : String(error));
    }
  }

  #oneAtATime<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(act);
    this.#turn = mine.catch(() => {});
    return mine;
  }
}

function endedBadly({ state, failure }: MachineResult): boolean {
  return state === "rolled_back" ||
    (state === "failed" && failure?.transient === false);
}

function wantedRelease(wanted: HotUpgrade): WantedRelease {
  return {
    id: wanted.id,
    version: wanted.version,
    sourceImageRef: wanted.source_image_ref,
    deployedAt: wanted.deployed_at,
    tarballUrl: wanted.tarball_url,
    sha256: wanted.sha256,
    size: wanted.tarball_url === null ? null : wanted.size,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
