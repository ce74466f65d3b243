/** The part of the runtime that acts: brings upgrades in, one at a time, and says what became of them.
 * @module
 */
import { addGeneration } from "./add_generation.ts";
import type { MachineContext } from "./context.ts";
import { PointerWatch } from "./pointer_watch.ts";
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
import { type Bucket, getJson } from "../bucket/bucket.ts";
import { ProtocolError } from "../protocol/parse.ts";
import { probation } from "../upgrade/probation.ts";
import { fingerprint } from "../protocol/fingerprint.ts";
import type { HotUpgrade } from "../protocol/hot_upgrade.ts";
import {
  type Generation,
  parsePointer,
  type Pointer,
} from "../protocol/pointer.ts";
import { signatureTrouble, signedText } from "../protocol/signature.ts";
import { shownText } from "../base/shown_text.ts";
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
const WARNED_MAX = 100;

interface Attempt {
  /** How many starts in a row have tried it, or null where the app serves already. */
  readonly bootAttempts: number | null;
  /** Whether transient trouble is final too. */
  readonly last: boolean;
}

/** Brings upgrades in on this machine. */
export class Machine {
  /** The newest upgrade that has ended here, or null. */
  lastUpgradeId: string | null = null;
  readonly #context: MachineContext;
  readonly #memory = new Map<string, UpgradeMemory>();
  #turn: Promise<unknown> = Promise.resolve();
  #etag: string | null = null;
  #pointer: Pointer | null = null;
  readonly #watch = new PointerWatch();
  readonly #warned = new Set<string>();
  #onTrial: MachineResult | null = null;

  /**
   * @param context what it works with
   */
  constructor(context: MachineContext) {
    this.#context = context;
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
    const wanted = bootUpgrade(await this.#signedOnly(generation));
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
      if (this.#context.settings.publicKeys) {
        throw unsignedError(
          release.version,
          "a release that is named by its URL alone has no signature",
        );
      }
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
    const pointer = parsePointer(read.value, {
      place: bucket,
      warn: (text) => this.#warnOnce(text),
    });
    const verdict = this.#watch.judge(pointer, performance.now());
    if (verdict.act === "ignore") return;
    if (verdict.warning !== null) this.#context.logger.warn(verdict.warning);
    this.#etag = read.etag;
    this.#pointer = pointer;
  }

  /** A bad entry stays in the pointer for long, and is read every few seconds. */
  #warnOnce(text: string): void {
    if (this.#warned.has(text)) return;
    if (this.#warned.size >= WARNED_MAX) this.#warned.clear();
    this.#warned.add(text);
    this.#context.logger.warn(text);
  }

  /** Why a release may not be taken where the image asks for signatures; null where it may. */
  async #unsigned(wanted: HotUpgrade): Promise<UpgradeError | null> {
    const { app, imageRef, publicKeys } = this.#context.settings;
    // The code of the image needs nobody to vouch for it.
    if (!publicKeys || wanted.sha256 === null) return null;
    const why = await signatureTrouble(
      signedText(app, imageRef, wanted.sha256),
      wanted.signature,
      publicKeys,
    );
    return why === null ? null : unsignedError(wanted.version, why);
  }

  /** What is left of a generation without the releases that nobody vouches for. */
  async #signedOnly(generation: Generation): Promise<Generation> {
    const taken = async (upgrade: HotUpgrade) => {
      const error = await this.#unsigned(upgrade);
      if (error && upgrade.state === "committed") {
        this.#warnOnce(error.message);
      }
      return error === null;
    };
    const history: HotUpgrade[] = [];
    for (const upgrade of generation.history) {
      if (await taken(upgrade)) history.push(upgrade);
    }
    const { hot_upgrade } = generation;
    return {
      ...generation,
      hot_upgrade: hot_upgrade && await taken(hot_upgrade) ? hot_upgrade : null,
      history,
    };
  }

  #bringIn(wanted: HotUpgrade, attempt: Attempt): Promise<MachineResult> {
    return this.#oneAtATime(async () => {
      const startedAt = new Date();
      await this.#say(await this.#pending(wanted, startedAt, attempt));
      const atBoot = attempt.bootAttempts !== null;
      const outcome = await this.#unsigned(wanted) ??
        await this.#upgrade(
          wantedRelease(wanted, this.#context.bucket),
          atBoot,
        );
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

function unsignedError(version: string, why: string): UpgradeError {
  return new UpgradeError(
    "verify",
    `unsigned: Cannot take ${
      shownText(version)
    }: ${why}; sign it with flyhot hot and FLYHOT_SIGNING_KEY, because flyhot.publicKeys in the image's deno.json asks for it`,
  );
}

function wantedRelease(
  wanted: HotUpgrade,
  bucket: Bucket | null,
): WantedRelease {
  if (!bucket) throw new TypeError("an upgrade is read from a bucket");
  return {
    id: wanted.id,
    version: wanted.version,
    sourceImageRef: wanted.source_image_ref,
    deployedAt: wanted.deployed_at,
    // By the machine's own name of the bucket, whatever the deployer calls it.
    tarballUrl: wanted.key === null ? null : bucket.url(wanted.key),
    sha256: wanted.sha256,
    size: wanted.key === null ? null : wanted.size,
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
