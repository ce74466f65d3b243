/** Brings releases in, one at a time, and watches each for a while.
 * @module
 */
import { AbortController } from "../base/platform/globals.ts";
import { errorText } from "../base/error_text.ts";
import { pause } from "../base/waiting/pause.ts";
import { UpgradeError, upgradeError } from "../base/upgrade_error.ts";
import type { Bucket } from "../bucket/bucket.ts";
import { retainedMemory } from "../protocol/machine/retained_memory.ts";
import { BootTrial } from "../process/declared/boot_trial.ts";
import { fingerprint } from "../protocol/fingerprint.ts";
import type { HotUpgrade } from "../protocol/hot_upgrade.ts";
import type { MachineResult } from "../protocol/machine/machine_result.ts";
import type { WantedRelease } from "../release/wanted.ts";
import type { UpgradeContext, UpgradeOutcome } from "../upgrade/context.ts";
import type { NamedCheck } from "../upgrade/health.ts";
import { probation, type ProbationAbout } from "../upgrade/probation.ts";
import { upgrade } from "../upgrade/upgrade.ts";
import type { MachineContext } from "./context.ts";
import { DEATHS_MAX } from "./start/decide_start.ts";
import type { PointerReading } from "./pointer/pointer_reading.ts";
import { badResult, resultLine } from "./results/results.ts";
import { unsigned, unsignedError } from "./pointer/signed_releases.ts";
import type { Starts } from "./start/starts.ts";
import type { Upgrades } from "./results/upgrade_memory.ts";

const BOOT_TRIAL_MS = 30_000;

/** How a release is brought in and watched; given where something else than the transaction is looked at. */
export interface Transaction {
  /** Brings one release in, or changes nothing. */
  readonly upgrade: typeof upgrade;
  /** Watches it for a while; goes back if it does not work. */
  readonly probation: typeof probation;
}

/** What releases are really brought in by. */
export const TRANSACTION: Transaction = { upgrade, probation };

/** What the machine that brings releases in works with. */
export interface BringInDeps {
  /** What the machine works with. */
  readonly context: MachineContext;
  /** How releases are brought in. */
  readonly transaction: Transaction;
  readonly pointer: PointerReading;
  /** What is remembered and said of upgrades. */
  readonly upgrades: Upgrades;
  /** The starts of this machine; null where there is no bucket. */
  readonly starts: Starts | null;
}

/** Brings releases in. */
export class BringIn {
  readonly #deps: BringInDeps;
  #turn: Promise<unknown> = Promise.resolve();
  #onTrial: MachineResult | null = null;
  #superseded: AbortController | null = null;
  /** How many that are named by their URLs wait for their turn. */
  #waiting = 0;
  #nudged: (() => void) | null = null;

  constructor(deps: BringInDeps) {
    this.#deps = deps;
  }

  /** Brings in what the pointer names. */
  bringIn(
    wanted: HotUpgrade,
    bootAttempts: number | null,
  ): Promise<MachineResult> {
    const { context, upgrades } = this.#deps;
    return this.#oneAtATime(async () => {
      const startedAt = new Date();
      await upgrades.say(
        await upgrades.pending(wanted, startedAt, bootAttempts),
      );
      const atBoot = bootAttempts !== null;
      const outcome = await unsigned(wanted, context.settings) ??
        await this.#upgrade(
          wantedRelease(wanted, context.bucket),
          atBoot,
          wanted.probation_ms,
          () => this.#loading(wanted, atBoot),
        );
      // Anew, because it tells which release is applied.
      const pending = await upgrades.pending(wanted, startedAt, bootAttempts);
      const result = upgrades.judge(pending, outcome, wanted);
      const { level, text } = resultLine(result);
      context.logger[level](text);
      // Said when the app has loaded: a process that dies until then is found pending by the next one.
      if (
        atBoot && result.state === "applied" && context.appProcess.bootTrial
      ) {
        this.#onTrial = result;
      } else await upgrades.say(result);
      return result;
    });
  }

  /** Brings a release in that is named by its URL alone. */
  directly(release: WantedRelease): Promise<UpgradeOutcome> {
    this.#waiting++;
    this.#superseded?.abort();
    return this.#oneAtATime(async () => {
      this.#waiting--;
      if (this.#deps.context.settings.publicKeys) {
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

  /** Looks at the pointer now, where new code is watched. */
  nudge(): void {
    this.#nudged?.();
  }

  /** Notes that a release runs from here on; refuses it where it has killed the process twice, and no start would take it. */
  async #loading(wanted: HotUpgrade, atBoot: boolean): Promise<void> {
    if (wanted.key === null) return;
    const { starts, pointer } = this.#deps;
    if (atBoot) return await starts?.had(wanted.id);
    const deaths = await starts?.taking({
      upgradeId: wanted.id,
      revision: pointer.revision,
      hasBefore: false,
      isCommitted: wanted.state === "committed",
    }) ?? 0;
    if (wanted.state === "committed" || deaths < DEATHS_MAX) return;
    throw new UpgradeError(
      "probation",
      `Cannot take ${wanted.version}: the process died ${deaths} times in a row within a minute of taking it; it is ended on this machine until the next rollout`,
    );
  }

  async #upgrade(
    release: WantedRelease,
    atBoot: boolean,
    probationMs: number = this.#deps.context.settings.probationMs,
    onLoading: () => Promise<void> = () => Promise.resolve(),
  ): Promise<UpgradeOutcome | UpgradeError> {
    const { settings, logger, ...rest } = this.#deps.context;
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
      onLoading,
      onChecked: (passed) => {
        checks = passed;
      },
      onBoot: atBoot ? (undo) => this.#beginTrial(release, undo) : null,
    };
    const before = appProcess.release?.wanted ?? null;
    try {
      let outcome = await this.#deps.transaction.upgrade(release, context);
      if (outcome.state === "applied") {
        const { undrained: goOn = 0 } = outcome;
        const undrained = goOn + await this.#watch({
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
      const { modules, bytes: sourceBytes } = appProcess.retained;
      const kept = retainedMemory({ modules, sourceBytes });
      if (kept > settings.retainedBudgetBytes) {
        logger.warn(
          `${modules} replaced modules keep about ${kept} bytes of memory, more than the budget of ${settings.retainedBudgetBytes}: a restart or a cold deploy frees them`,
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
    // It may have been asked for between the swap and this moment.
    if (this.#waiting > 0) superseded.abort();
    const watching = this.#lookForNewer(about.release.id, superseded);
    try {
      return await this.#deps.transaction.probation(
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
    const { pointer, context: { settings, bucket } } = this.#deps;
    while (bucket && this.#superseded === superseded) {
      const nudged = new AbortController();
      this.#nudged = () => nudged.abort();
      await pause(settings.pollIntervalMs, {
        signal: nudged.signal,
        staysAlive: false,
      });
      this.#nudged = null;
      if (this.#superseded !== superseded) return;
      try {
        await pointer.read();
      } catch {
        // The watcher says so when it looks next.
        continue;
      }
      const newest = pointer.generation?.hot_upgrade;
      const decided = newest && newest.id !== id &&
        newest.state !== "rolled_back" &&
        (newest.wave === "*" || newest.wave.includes(settings.machineId));
      if (decided) {
        return superseded.abort();
      }
    }
  }

  #beginTrial(release: WantedRelease, undo: () => Promise<void>): void {
    const { context, upgrades } = this.#deps;
    const { appProcess, settings, logger } = context;
    appProcess.bootTrial = new BootTrial({
      undo,
      confirmAfterMs: BOOT_TRIAL_MS,
      confirmed: async () => {
        appProcess.bootTrial = null;
        if (this.#onTrial) await upgrades.say(this.#onTrial);
      },
      failed: async (thrown) => {
        appProcess.bootTrial = null;
        const error = new UpgradeError(
          "load",
          `Cannot start with ${release.version}: ${
            errorText(thrown)
          }; the code of the image runs instead`,
          { cause: thrown },
        );
        logger.error(error.message);
        if (!this.#onTrial) return;
        await upgrades.say({
          ...badResult(this.#onTrial, error),
          fingerprint: await fingerprint(settings.imageRef, null),
        });
      },
    });
  }

  #oneAtATime<T>(act: () => Promise<T>): Promise<T> {
    const mine = this.#turn.then(act);
    this.#turn = mine.catch(() => {});
    return mine;
  }
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
