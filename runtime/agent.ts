/** The part of the runtime that acts: brings upgrades in, one at a time, and says what became of them.
 * @module
 */
import { addGeneration } from "./add_generation.ts";
import type { AppFiles } from "./app_files.ts";
import {
  afterTransientFailure,
  bootUpgrade,
  decideUpgrade,
  generationOf,
  type UpgradeMemory,
} from "./decide_upgrade.ts";
import { knownPackages } from "./known_packages.ts";
import type { UpgradeEvent } from "./events.ts";
import type { Logger } from "./log.ts";
import { type Bucket, getJson } from "./object_store.ts";
import {
  fingerprint,
  type HotUpgrade,
  type MachineInfo,
  type MachineResult,
  parsePointer,
  type Pointer,
  pointerKey,
  PROTOCOL_VERSION,
  type RunningManifest,
} from "./protocol.ts";
import type { WantedRelease } from "./release.ts";
import type { ReleaseFolders } from "./release_folders.ts";
import { readResult, writeResult } from "./results.ts";
import type { Settings } from "./settings.ts";
import type { System } from "./system.ts";
import {
  checkHealth,
  upgrade,
  type UpgradeContext,
  type UpgradeOutcome,
} from "./upgrade.ts";
import { UpgradeError, upgradeError } from "./upgrade_error.ts";
import { acceptedBy, declinedBy } from "./upgrade_plan.ts";

/** What an agent works with. */
export interface AgentParts {
  /** The running system. */
  readonly system: System;
  /** The settings. */
  readonly settings: Settings;
  /** The bucket, or null where there is none. */
  readonly bucket: Bucket | null;
  /** The base image's files. */
  readonly files: AppFiles;
  /** The path of the main module. */
  readonly main: string;
  /** Where releases go. */
  readonly folders: ReleaseFolders;
  /** Takes messages. */
  readonly logger: Logger;
}

const BOOT_ATTEMPTS_MAX = 4;
const BOOT_RETRY_MS = 500;
const PROBATION_CHECKS = 5;

/** Brings upgrades in on this machine. */
export class Agent {
  readonly #parts: AgentParts;
  readonly #memory = new Map<string, UpgradeMemory>();
  readonly #startedAt = new Date().toISOString();
  #turn: Promise<unknown> = Promise.resolve();
  #etag: string | null = null;
  #pointer: Pointer | null = null;
  #lastUpgradeId: string | null = null;

  /**
   * @param parts what it works with
   */
  constructor(parts: AgentParts) {
    this.#parts = parts;
  }

  /**
   * Applies, before the app serves, what its generation runs.
   *
   * @returns the result, or null where there was nothing to apply
   * @throws {Error} if the pointer cannot be read
   */
  async boot(): Promise<MachineResult | null> {
    const { bucket, settings, logger } = this.#parts;
    if (!bucket) return null;
    await this.#readPointer();
    const generation = this.#pointer &&
      generationOf(this.#pointer, settings.imageRef);
    if (!generation) {
      await addGeneration(bucket, settings.app, settings.imageRef);
      return null;
    }
    const wanted = bootUpgrade(generation);
    if (!wanted) return null;
    const before = await readResult(
      bucket,
      settings.app,
      wanted.id,
      settings.machineId,
    );
    if (before?.state === "failed" && before.failure?.transient === false) {
      this.#memory.set(wanted.id, { state: "ended" });
      logger.warn(
        `${wanted.version} failed on this machine before and is not tried again`,
      );
      return before;
    }
    for (let attempt = 1;; attempt++) {
      const result = await this.bringIn(
        wanted,
        true,
        attempt === BOOT_ATTEMPTS_MAX,
      );
      if (result.state !== "pending" || attempt === BOOT_ATTEMPTS_MAX) {
        return result;
      }
      await new Promise((resolve) =>
        setTimeout(resolve, BOOT_RETRY_MS * 2 ** attempt)
      );
    }
  }

  /**
   * Reads the pointer once and does what it says.
   *
   * @returns when to look again at the latest, in milliseconds from now; null for the usual interval
   * @throws {Error} if the pointer cannot be read
   */
  async poll(): Promise<number | null> {
    const { settings } = this.#parts;
    await this.#readPointer();
    const generation = this.#pointer &&
      generationOf(this.#pointer, settings.imageRef);
    const decision = decideUpgrade(
      generation,
      settings.machineId,
      this.#memory,
      performance.now(),
    );
    if (decision.act === "wait") return decision.until - performance.now();
    if (decision.act === "apply") await this.bringIn(decision.upgrade, false);
    return null;
  }

  /**
   * Brings one upgrade in and writes its result.
   *
   * @param wanted the upgrade
   * @param atBoot whether the app does not serve yet
   * @param last whether transient trouble is final too. Default false
   * @returns the result; `pending` after transient trouble that is worth another try
   */
  bringIn(
    wanted: HotUpgrade,
    atBoot: boolean,
    last = false,
  ): Promise<MachineResult> {
    return this.#oneAtATime(async () => {
      const startedAt = new Date();
      await this.#say({ ...await this.#blank(wanted, startedAt, atBoot) });
      const release: WantedRelease = {
        id: wanted.id,
        version: wanted.version,
        sourceImageRef: wanted.source_image_ref,
        deployedAt: wanted.deployed_at,
        tarballUrl: wanted.tarball_url,
        sha256: wanted.sha256,
        size: wanted.tarball_url === null ? null : wanted.size,
      };
      const { outcome, error } = await this.#upgrade(release, atBoot);
      const result = await this.#judge(
        wanted,
        startedAt,
        atBoot,
        last,
        outcome,
        error,
      );
      this.#report(result);
      await this.#say(result);
      return result;
    });
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
      const { outcome, error } = await this.#upgrade(release, false);
      if (error) throw error;
      return outcome!;
    });
  }

  /**
   * What runs.
   *
   * @returns the answer of `GET /v1/info`
   */
  async info(): Promise<MachineInfo> {
    const { system, settings } = this.#parts;
    const { release } = system;
    const common = {
      currentImageRef: settings.imageRef,
      fingerprint: await fingerprint(
        settings.imageRef,
        release?.sha256 ?? null,
      ),
      upgrades: system.upgrades,
      retainedModules: system.retained.modules,
      retainedBytes: system.retained.bytes,
      retainedBudgetExceeded:
        system.retained.bytes > settings.retainedBudgetBytes,
      pid: Deno.pid,
      startedAt: this.#startedAt,
      lastUpgradeId: this.#lastUpgradeId,
    };
    if (!release) return { hotUpgradeApplied: false, ...common };
    const { wanted, sha256, appliedAt } = release;
    return {
      hotUpgradeApplied: true,
      ...common,
      id: wanted.id,
      version: wanted.version,
      sourceImageRef: wanted.sourceImageRef,
      deployedAt: wanted.deployedAt,
      appliedAt,
      sha256,
    };
  }

  /**
   * What a planner needs to know of this process.
   *
   * @returns the answer of `GET /v1/manifest`
   */
  async manifest(): Promise<RunningManifest> {
    const { system, settings, files, main } = this.#parts;
    const { release } = system;
    const digests: Record<string, string> = Object.create(null);
    if (release) {
      for (const [path, file] of Object.entries(release.manifest.files)) {
        digests[path] = file.sha256;
      }
    } else {
      for (const path of await files.list()) {
        const digest = await files.digest(path);
        if (digest !== null) digests[path] = digest;
      }
    }
    const { loaded, live, plain } = system.modules.current(main);
    const lists = (edges: ReadonlyMap<string, ReadonlySet<string>>) =>
      Object.fromEntries([...edges].map(([from, to]) => [from, [...to]]));
    return {
      protocol: PROTOCOL_VERSION,
      image_ref: settings.imageRef,
      fingerprint: await fingerprint(
        settings.imageRef,
        release?.sha256 ?? null,
      ),
      release_sha256: release?.sha256 ?? null,
      main,
      files: digests,
      config: await files.config(),
      locked: await files.locked(),
      loaded: [...loaded].sort(),
      live: lists(live),
      plain: lists(plain),
      accepted: lists(acceptedBy(system)),
      declined: declinedBy(system),
      external: [...await knownPackages(system, files)].sort(),
      holders: Object.fromEntries(
        [...system.holders].map((
          [name, { definition: { version, module } }],
        ) => [
          name,
          { version, module },
        ]),
      ),
    };
  }

  async #readPointer(): Promise<void> {
    const { bucket, settings } = this.#parts;
    if (!bucket) return;
    const read = await getJson(
      bucket,
      pointerKey(settings.app),
      this.#etag === null ? {} : { ifNoneMatch: this.#etag },
    );
    if (read.status !== "found") return;
    const pointer = parsePointer(read.value);
    // An eventually consistent bucket may answer with an older one.
    if (pointer.revision < (this.#pointer?.revision ?? 0)) return;
    this.#etag = read.etag;
    this.#pointer = pointer;
  }

  /** Repeats the health check for a while; a failure leads back by an ordinary upgrade. */
  async #probation(
    release: WantedRelease,
    before: WantedRelease | null,
    context: UpgradeContext,
  ): Promise<void> {
    const { settings, system, logger } = this.#parts;
    const { health, healthTimeoutMs, imageRef } = context;
    const { version } = release;
    const tell = (event: UpgradeEvent) =>
      system.events.emit(event, (error) => logger.error(String(error)));
    const endsAt = performance.now() + settings.probationMs;
    while (health && performance.now() < endsAt) {
      await pause(settings.probationMs / PROBATION_CHECKS);
      try {
        await checkHealth(health, healthTimeoutMs, {
          version,
          fingerprint: await fingerprint(
            imageRef,
            system.release?.sha256 ?? null,
          ),
        });
      } catch (thrown) {
        const cause = upgradeError("probation", null, thrown);
        try {
          await upgrade(before ?? theBaseImage(release), {
            ...context,
            health: null,
          });
        } catch (closed) {
          const why = closed instanceof Error ? closed.message : String(closed);
          logger.error(
            `${version} fails its probation (${cause.message}) and cannot be taken out, so it stays: ${why}`,
          );
          return;
        }
        const error = new UpgradeError("probation", cause.message, { cause });
        error.end = "rolled_back";
        tell({
          type: "rolledBack",
          version,
          phase: "probation",
          message: cause.message,
        });
        throw error;
      }
    }
    tell({ type: "committed", version });
  }

  #warnOfRetained(): void {
    const { settings, system, logger } = this.#parts;
    const { modules, bytes } = system.retained;
    if (bytes <= settings.retainedBudgetBytes) return;
    logger.warn(
      `${modules} replaced modules (${bytes} bytes of source) are still in memory, more than the budget of ${settings.retainedBudgetBytes}: a cold deploy frees them`,
    );
  }

  async #upgrade(
    release: WantedRelease,
    atBoot: boolean,
  ): Promise<{ outcome: UpgradeOutcome | null; error: UpgradeError | null }> {
    const { system, settings, files, main, folders, bucket } = this.#parts;
    const context: UpgradeContext = {
      system,
      files,
      main,
      folders,
      bucket,
      fetchTimeoutMs: settings.fetchTimeoutMs,
      prepareTimeoutMs: settings.prepareTimeoutMs,
      suspendTimeoutMs: settings.suspendTimeoutMs,
      imageRef: settings.imageRef,
      migrateTimeoutMs: settings.migrateTimeoutMs,
      // Nothing serves yet that could be asked.
      health: atBoot ? null : settings.health,
      healthTimeoutMs: settings.healthTimeoutMs,
    };
    const before = system.release?.wanted ?? null;
    try {
      const outcome = await upgrade(release, context);
      if (outcome.state === "applied" && !atBoot) {
        await this.#probation(release, before, context);
      }
      this.#warnOfRetained();
      return { outcome, error: null };
    } catch (thrown) {
      return { outcome: null, error: upgradeError("check", null, thrown) };
    }
  }

  async #blank(
    wanted: HotUpgrade,
    startedAt: Date,
    atBoot: boolean,
  ): Promise<MachineResult> {
    const { settings, system } = this.#parts;
    return {
      protocol: PROTOCOL_VERSION,
      upgrade_id: wanted.id,
      machine_id: settings.machineId,
      region: settings.region,
      image_ref: settings.imageRef,
      state: "pending",
      version: wanted.version,
      started_at: startedAt.toISOString(),
      ended_at: null,
      fingerprint: await fingerprint(
        settings.imageRef,
        system.release?.sha256 ?? null,
      ),
      reloaded: [],
      modules: 0,
      holders: [],
      suspend_ms: null,
      total_ms: 0,
      at_boot: atBoot,
      failure: null,
    };
  }

  async #judge(
    wanted: HotUpgrade,
    startedAt: Date,
    atBoot: boolean,
    last: boolean,
    outcome: UpgradeOutcome | null,
    error: UpgradeError | null,
  ): Promise<MachineResult> {
    const blank = await this.#blank(wanted, startedAt, atBoot);
    const total_ms = Math.max(0, Date.now() - startedAt.getTime());
    if (error?.transient && !last) {
      const memory = afterTransientFailure(
        this.#memory.get(wanted.id),
        performance.now(),
      );
      this.#memory.set(wanted.id, memory);
      if (memory.state === "waiting") {
        return { ...blank, total_ms, failure: failureOf(error) };
      }
    }
    this.#memory.set(wanted.id, { state: "ended" });
    this.#lastUpgradeId = wanted.id;
    const ended = { ...blank, total_ms, ended_at: new Date().toISOString() };
    if (error) {
      const state = error.end === "rolled_back" ? "rolled_back" : "failed";
      return { ...ended, state, failure: failureOf(error) };
    }
    const { state, reloaded, modules, holders, suspendMs } = outcome!;
    return {
      ...ended,
      state,
      reloaded,
      modules,
      holders,
      suspend_ms: suspendMs,
    };
  }

  #report(result: MachineResult): void {
    const { logger } = this.#parts;
    const {
      version,
      failure,
      reloaded,
      modules,
      holders,
      suspend_ms,
      total_ms,
    } = result;
    if (result.state === "applied") {
      const migrated = holders.filter(({ action }) =>
        action === "migrated"
      ).length;
      logger.info(
        `${version} is in: reloaded ${reloaded.length} of ${modules} modules, migrated ${migrated} of ${holders.length} holders, suspended ${
          (suspend_ms ?? 0).toFixed(1)
        } ms, total ${Math.round(total_ms)} ms`,
      );
    } else if (result.state === "nothing_to_do") {
      logger.info(`${version} changes nothing that runs here`);
    } else if (result.state === "pending") {
      logger.warn(
        `${version} is not in yet, trying again: ${failure?.message}`,
      );
    } else {
      logger.error(
        `${version} was refused in ${failure?.phase}, the old code serves on: ${failure?.message}`,
      );
    }
  }

  async #say(result: MachineResult): Promise<void> {
    const { bucket, settings, logger } = this.#parts;
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

function failureOf(error: UpgradeError): NonNullable<MachineResult["failure"]> {
  const { phase, message, transient } = error;
  return {
    phase,
    message,
    end: error.end === "fail" ? "fail" : "abort",
    transient,
  };
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

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
