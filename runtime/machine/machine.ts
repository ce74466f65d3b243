/** The part of the runtime that acts: brings upgrades in, one at a time, and says what became of them.
 * @module
 */
import { errorText } from "../base/error_text.ts";
import { addGeneration } from "./add_generation.ts";
import type { MachineContext } from "./context.ts";
import { acceptPointer, type OtherPointer } from "./accept_pointer.ts";
import {
  DEATHS_MAX,
  type StartDecision,
  type StartWanted,
} from "./decide_start.ts";
import { Starts } from "./starts.ts";
import { BootTrial } from "../process/boot_trial.ts";
import {
  afterTransientFailure,
  bootUpgrades,
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
import { probation, type ProbationAbout } from "../upgrade/probation.ts";
import type { NamedCheck } from "../upgrade/health.ts";
import { natives } from "../base/natives.ts";
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

const BOOT_ATTEMPTS_MAX = 3;
const BOOT_RETRY_MS = 500;
/** An app must not wait long for a bucket that does not answer. */
const BOOT_READ_MS = 10_000;
const BOOT_TRIAL_MS = 30_000;
const WARNED_MAX = 100;

interface Attempt {
  /** How many starts in a row have tried it, or null where the app serves already. */
  readonly bootAttempts: number | null;
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
  readonly #warned = new Set<string>();
  #onTrial: MachineResult | null = null;
  #isBooting = false;
  #other: OtherPointer | null = null;
  /** What boot could not download. */
  #owed: HotUpgrade | null = null;
  readonly #starts: Starts | null;
  #superseded: AbortController | null = null;
  #nudged: (() => void) | null = null;

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
    const { bucket, settings, appProcess } = context;
    this.#starts = bucket && new Starts({
      bucket,
      app: settings.app,
      machineId: settings.machineId,
      livedMs: settings.livedMs,
      onEnd: (act) => appProcess.endSignals.onEnd(act),
      onProven: (wanted) => this.#proven(wanted),
    });
  }

  /**
   * Applies, before the app serves, what its generation runs.
   *
   * @returns the result, or null where there was nothing to apply
   * @throws {Error} if the pointer cannot be read
   */
  async boot(): Promise<MachineResult | null> {
    // What the pointer says is not acted on twice.
    this.#isBooting = true;
    try {
      return await this.#boot();
    } finally {
      this.#isBooting = false;
    }
  }

  async #boot(): Promise<MachineResult | null> {
    const { bucket, settings } = this.#context;
    const { app, imageRef } = settings;
    if (!bucket) return null;
    await this.#readPointer(AbortSignal.timeout(BOOT_READ_MS));
    const generation = this.#pointer && generationOf(this.#pointer, imageRef);
    if (!generation) {
      await addGeneration(bucket, app, imageRef);
      return null;
    }
    const all = bootUpgrades(await this.#signedOnly(generation));
    let ended: MachineResult | null = null;
    let at = 0;
    for (; at < all.length; at++) {
      const said = await this.#ownResult(all[at]!.id);
      if (!said || !endedBadly(said)) break;
      ended ??= said;
      this.#rememberEnd(said);
    }
    const wanted = all[at];
    if (!wanted) return ended;
    const result = await this.#bootWith(wanted, all[at + 1] ?? null);
    return ended ?? result;
  }

  async #bootWith(
    wanted: HotUpgrade,
    before: HotUpgrade | null,
  ): Promise<MachineResult> {
    const start = await this.#startWith(wanted, before);
    if (start.run !== "wanted") {
      return await this.#bootBefore(
        wanted,
        start.run === "before" ? before : null,
        start,
      );
    }
    await pause(start.delayMs);
    for (let attempt = 1;; attempt++) {
      const result = await this.#bringIn(wanted, { bootAttempts: attempt });
      if (result.state !== "pending") return result;
      if (attempt === BOOT_ATTEMPTS_MAX) {
        // The image serves meanwhile; it is brought in as soon as it can be had.
        this.#owed = wanted;
        return result;
      }
      await pause(BOOT_RETRY_MS * 2 ** attempt);
    }
  }

  async #startWith(
    wanted: HotUpgrade,
    before: HotUpgrade | null,
  ): Promise<StartDecision> {
    return await this.#starts!.begin({
      upgradeId: wanted.id,
      revision: this.#pointer?.revision ?? 0,
      hasBefore: before !== null,
    });
  }

  /** Runs what was before a release that keeps killing the process: the release before, else the image. */
  async #bootBefore(
    wanted: HotUpgrade,
    before: HotUpgrade | null,
    { stage, deaths }: StartDecision,
  ): Promise<MachineResult> {
    const instead = before ? before.version : "the code of the image";
    const error = new UpgradeError(
      "load",
      stage === "trial"
        ? `Cannot start with ${wanted.version}: the process died ${deaths} times in a row within a minute of its start; ${instead} runs instead, on trial`
        : `Cannot start with ${wanted.version}: it killed the process within a minute where ${instead} lived; ${instead} runs instead until the next rollout`,
    );
    this.#context.logger.error(error.message);
    if (before) await this.#bringIn(before, { bootAttempts: 1 });
    const pending = await this.#pending(wanted, new Date(), {
      bootAttempts: deaths,
    });
    // The word on a trial comes when it has been passed.
    const result = stage === "trial"
      ? withFailure(pending, error)
      : badResult(pending, error);
    this.#memory.set(wanted.id, { state: "ended" });
    this.lastUpgradeId = wanted.id;
    await this.#say(result);
    return result;
  }

  async #proven({ upgradeId }: StartWanted): Promise<void> {
    const { bucket, settings, logger } = this.#context;
    const said = await this.#ownResult(upgradeId);
    if (!said || !bucket) return;
    const error = new UpgradeError(
      "load",
      `Cannot run ${said.version}: it killed the process within a minute of its start, twice in a row, where what was before lives; it is ended on this machine until the next rollout`,
    );
    logger.error(error.message);
    await this.#say({
      ...badResult(said, error),
      fingerprint: await fingerprint(
        settings.imageRef,
        this.#context.appProcess.release?.sha256 ?? null,
      ),
    });
  }

  /** Says that the process ends in order. */
  async rest(): Promise<void> {
    await this.#starts?.forget();
  }

  /**
   * Reads the pointer once and does what it says.
   *
   * @returns when to look again at the latest, in milliseconds from now; null for the usual interval
   * @throws {Error} if the pointer cannot be read
   */
  async poll(): Promise<number | null> {
    const { settings } = this.#context;
    if (this.#isBooting) return null;
    await this.#readPointer();
    if (this.#isBooting) return null;
    const decision = decideUpgrade(
      this.#pointer && generationOf(this.#pointer, settings.imageRef),
      settings.machineId,
      this.#memory,
      performance.now(),
    );
    if (decision.act === "wait") return decision.until - performance.now();
    if (decision.act === "none") return await this.#bringInOwed();
    if (await this.#endedBefore(decision.upgrade.id)) return null;
    this.#owed = null;
    await this.#bringIn(decision.upgrade, { bootAttempts: null });
    return null;
  }

  /** Tries again what could not be had at boot: the image serves, and goes on serving however long that takes. */
  async #bringInOwed(): Promise<number | null> {
    const owed = this.#owed;
    const memory = owed && this.#memory.get(owed.id);
    if (!owed || memory?.state === "ended") return null;
    const generation = this.#pointer &&
      generationOf(this.#pointer, this.#context.settings.imageRef);
    if (!bootUpgrades(generation).some(({ id }) => id === owed.id)) {
      this.#owed = null;
      return null;
    }
    const wait = (memory?.retryAt ?? 0) - performance.now();
    if (wait > 0) return wait;
    const { state } = await this.#bringIn(owed, { bootAttempts: null });
    if (state !== "pending") this.#owed = null;
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
    this.#superseded?.abort();
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
    // The known one has been read, so the minute of another one is over.
    if (read.status === "unchanged") this.#other = null;
    if (read.status !== "found") return;
    const pointer = parsePointer(read.value, {
      place: bucket,
      warn: (text) => this.#warnOnce(text),
    });
    const decision = acceptPointer(
      this.#pointer,
      pointer,
      this.#other,
      performance.now(),
    );
    // An eventually consistent bucket may answer with an older one.
    if (decision.act === "ignore") return;
    if (decision.act === "wait") {
      this.#other = decision.other;
      if (decision.isNew) {
        this.#context.logger.warn(
          `the pointer was made again (revision ${pointer.revision}, known is ${
            this.#pointer?.revision ?? 0
          } of another lineage); it counts once it has been read for a minute`,
        );
      }
      return;
    }
    this.#other = null;
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
      const refused = await this.#unsigned(wanted) ??
        (atBoot ? null : await this.#deadly(wanted));
      const outcome = refused ?? await this.#upgrade(
        wantedRelease(wanted, this.#context.bucket),
        atBoot,
        wanted.probation_ms,
      );
      // Anew, because it tells which release is in.
      const pending = await this.#pending(wanted, startedAt, attempt);
      const result = this.#judge(pending, outcome, wanted);
      const { level, text } = resultLine(result);
      this.#context.logger[level](text);
      // Said when the app has loaded: a process that dies until then is found pending by the next one.
      if (
        atBoot && result.state === "applied" &&
        this.#context.appProcess.bootTrial
      ) {
        this.#onTrial = result;
      } else await this.#say(result);
      return result;
    });
  }

  /** Notes that a release is being taken; an error where it has killed the process twice, and no start would take it. */
  async #deadly(wanted: HotUpgrade): Promise<UpgradeError | null> {
    if (wanted.key === null) return null;
    const deaths = await this.#starts?.taking({
      upgradeId: wanted.id,
      revision: this.#pointer?.revision ?? 0,
      hasBefore: false,
    }) ?? 0;
    if (wanted.state === "committed" || deaths < DEATHS_MAX) return null;
    return new UpgradeError(
      "probation",
      `Cannot take ${wanted.version}: the process died ${deaths} times in a row within a minute of taking it; it is ended on this machine until the next rollout`,
    );
  }

  async #upgrade(
    release: WantedRelease,
    atBoot: boolean,
    probationMs: number = this.#context.settings.probationMs,
  ): Promise<UpgradeOutcome | UpgradeError> {
    const { settings, logger, ...rest } = this.#context;
    const { appProcess } = rest;
    let checks: readonly NamedCheck[] = [];
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
      callbackTimeoutMs: settings.callbackTimeoutMs,
      drainMs: settings.drainMs,
      onChecked: (passed) => {
        checks = passed;
      },
      onBoot: atBoot ? (undo) => this.#beginTrial(release, undo) : null,
    };
    const before = appProcess.release?.wanted ?? null;
    try {
      let outcome = await this.#transaction.upgrade(release, context);
      if (outcome.state === "applied") {
        const undrained = await this.#watch({
          release,
          before,
          checks,
          probationMs: atBoot ? 0 : probationMs,
        }, context);
        outcome = { ...outcome, undrained };
      }
      return outcome;
    } catch (thrown) {
      return upgradeError("check", null, thrown);
    } finally {
      const { modules, bytes } = appProcess.retained;
      if (bytes > settings.retainedBudgetBytes) {
        logger.warn(
          `${modules} replaced modules (${bytes} bytes of source) are still in memory, more than the budget of ${settings.retainedBudgetBytes}: a cold deploy frees them`,
        );
      }
    }
  }

  /** Watches new code; what is newer must not wait for that. */
  async #watch(
    about: Omit<ProbationAbout, "superseded">,
    context: UpgradeContext,
  ): Promise<number> {
    const superseded = this.#superseded = new AbortController();
    const watching = this.#lookForNewer(about.release.id, superseded);
    try {
      return await this.#transaction.probation(
        { ...about, superseded: superseded.signal },
        context,
      );
    } finally {
      this.#superseded = null;
      this.nudge();
      await watching;
    }
  }

  async #lookForNewer(id: string, superseded: AbortController): Promise<void> {
    const { settings, bucket } = this.#context;
    while (bucket && this.#superseded === superseded) {
      await this.#pauseUntilNudged(settings.pollIntervalMs);
      if (this.#superseded !== superseded) return;
      try {
        await this.#readPointer();
      } catch {
        // The watcher says so when it looks next.
        continue;
      }
      const newest = this.#pointer &&
        generationOf(this.#pointer, settings.imageRef)?.hot_upgrade;
      const decided = newest && newest.id !== id &&
        newest.state !== "rolled_back" &&
        (newest.wave === "*" || newest.wave.includes(settings.machineId));
      if (decided) {
        return superseded.abort();
      }
    }
  }

  #pauseUntilNudged(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const done = () => {
        natives.clearTimeout(timer);
        this.#nudged = null;
        resolve();
      };
      const timer = natives.setTimeout(done, ms);
      timer.unref();
      this.#nudged = done;
    });
  }

  /** Looks at the pointer now, where new code is watched. */
  nudge(): void {
    this.#nudged?.();
  }

  #pending(
    wanted: HotUpgrade,
    startedAt: Date,
    attempt: Attempt,
  ): Promise<MachineResult> {
    const { settings, appProcess, startedAt: processStart } = this.#context;
    const sha256 = appProcess.release?.sha256 ?? null;
    return pendingResult(
      wanted,
      settings,
      sha256,
      startedAt,
      attempt.bootAttempts,
      { pid: Deno.pid, started_at: processStart },
    );
  }

  #judge(
    pending: MachineResult,
    outcome: UpgradeOutcome | UpgradeError,
    wanted: HotUpgrade,
  ): MachineResult {
    const id = pending.upgrade_id;
    if (outcome instanceof UpgradeError && outcome.transient) {
      const memory = afterTransientFailure(
        this.#memory.get(id),
        performance.now(),
        // What is committed is this generation's code: there is nothing else to run.
        wanted.state === "committed",
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
        const why = errorText(thrown);
        const error = new UpgradeError(
          "load",
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
      logger.warn(errorText(error));
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
    ...(wanted.consent ? { consent: wanted.consent } : {}),
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
