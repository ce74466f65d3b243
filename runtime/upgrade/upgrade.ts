/** One upgrade on one machine: a transaction that happens wholly or not at all.
 * @module
 */
import { thrownText } from "../base/error_text.ts";
import { AbortSignal, performance } from "../base/platform/globals.ts";
import { shownUrl } from "../base/shown_text.ts";
import { nextTurn } from "../base/in_slices.ts";
import { within } from "../base/waiting/deadline.ts";
import { join } from "node:path";
import { registerExportedClasses } from "./changes/class_exports.ts";
import { endBegun, refuseBegun } from "./left/begun_handlers.ts";
import { leftBehind } from "./left/left_behind.ts";
import { HotChange, tellHot } from "./changes/hot_change.ts";
import { discard, prepare, type Prepared } from "./load_modules.ts";
import { attemptOf } from "../modules/module_urls.ts";
import type { WantedRelease } from "../release/wanted.ts";
import type { UnpackedRelease } from "../release/unpack/folders.ts";
import { addPackages } from "./add_packages.ts";
import { defaultChecks } from "./ask_health.ts";
import { enterRelease } from "./enter_release.ts";
import { layOut, needFiles } from "./release_files.ts";
import { step } from "./step.ts";
import { type Changes, switchOver } from "./switch_over.ts";
import { ServiceChange } from "./changes/service_change.ts";
import { StateChange } from "./changes/state/state_change.ts";
import { refuseRemovals } from "./changes/state/state_removal.ts";
import type { AppProcess } from "../process/process.ts";
import { UpgradeError, upgradeError } from "../base/upgrade_error.ts";
import type { UpgradeContext, UpgradeOutcome } from "./context.ts";
import { refuseKeptInstances } from "./planning/package_instances.ts";
import { planUpgrade, type UpgradePlan } from "./planning/plan_upgrade.ts";

/**
 * Brings one release in. Either all of it is in afterwards, or nothing has changed. Throws if a step fails; unless its
 * `end` is `fail`, the old code and state are as they were.
 */
export async function upgrade(
  wanted: WantedRelease,
  context: UpgradeContext,
): Promise<UpgradeOutcome> {
  return await new Upgrade(wanted, context).run();
}

class Upgrade {
  readonly #wanted: WantedRelease;
  readonly #context: UpgradeContext;
  readonly #appProcess: AppProcess;
  /** How the upgrade ends if it fails from here on: only what begins with the swap has to be undone. */
  #end: UpgradeError["end"] = "abort";

  constructor(wanted: WantedRelease, context: UpgradeContext) {
    this.#wanted = wanted;
    this.#context = context;
    this.#appProcess = context.appProcess;
  }

  async run(): Promise<UpgradeOutcome> {
    const { version } = this.#wanted;
    this.#tell({ type: "started", version });
    let release: UnpackedRelease | null = null;
    try {
      if (this.#isIn()) return await this.#nothingToDo();
      release = await this.#fetch();
      // What is short is unpacked in one turn.
      await nextTurn();
      const plan = await step("plan", () => this.#plan(release));
      if (plan.isEmpty) {
        // What modules read by themselves may be the release's all the same.
        await this.#context.onLoading?.();
        enterRelease(
          this.#appProcess,
          this.#wanted,
          release,
        );
        return await this.#nothingToDo();
      }
      return await this.#transact(plan, release);
    } catch (thrown) {
      const error = this.#ended(thrown);
      if (release && release.sha256 !== this.#appProcess.release?.sha256) {
        await this.#context.folders.discard(release);
      }
      throw error;
    }
  }

  #isIn(): boolean {
    const { tarballUrl, sha256 } = this.#wanted;
    const current = this.#appProcess.release;
    if (tarballUrl === null) return current === null;
    if (sha256 === null || sha256 !== current?.sha256) return false;
    this.#appProcess.release = { ...current, wanted: this.#wanted };
    return true;
  }

  async #fetch(): Promise<UnpackedRelease | null> {
    const { folders, bucket, fetchTimeoutMs } = this.#context;
    const { tarballUrl } = this.#wanted;
    return tarballUrl === null
      ? null
      // Download, check and unpacking are one stream.
      : await step("fetch", () =>
        within(
          fetchTimeoutMs,
          () =>
            folders.bring(
              this.#wanted,
              tarballUrl,
              bucket,
              AbortSignal.timeout(fetchTimeoutMs),
            ),
          () =>
            new UpgradeError(
              "fetch",
              `Cannot download ${
                shownUrl(tarballUrl)
              }: it took longer than ${fetchTimeoutMs} ms`,
              { transient: true },
            ),
        ));
  }

  async #plan(release: UnpackedRelease | null): Promise<UpgradePlan> {
    const { consent } = this.#wanted;
    // The texts of the code before tell what its work leaves behind until its probation is over.
    this.#appProcess.modules.forgetOld();
    const plan = await planUpgrade(release, this.#context, consent);
    await refuseKeptInstances(plan, this.#context);
    return plan;
  }

  async #transact(
    plan: UpgradePlan,
    release: UnpackedRelease | null,
  ): Promise<UpgradeOutcome> {
    const appProcess = this.#appProcess;
    const { version } = this.#wanted;
    const { suspendTimeoutMs, migrateTimeoutMs, drainMs } = this.#context;
    const goingOn = appProcess.generations.noteGoingOn();
    tellHot(appProcess, "flyhot:beforeUpdate", {
      version,
      reloading: plan.reload,
    });
    // A way back takes what it finds; what it removes is kept for the way forward.
    const isWayBack = appProcess.ran.has(release?.sha256 ?? null);
    const consent = new Set([
      ...this.#wanted.consent ?? [],
      ...release?.manifest.settings?.consent ?? [],
    ]);
    const replaced = new Set([...plan.reload, ...plan.gone]);
    const begun = { replaced, release, consent };
    if (!isWayBack) await step("load", () => refuseBegun(begun, appProcess));
    const { prepared, laying } = await step(
      "load",
      async () => {
        const loading = this.#load(plan, release);
        // The journal reaches the disk meanwhile.
        const laying = layOut(plan, release, loading, this.#context);
        const [loaded] = await Promise.allSettled([loading, laying]);
        if (loaded.status === "rejected") throw loaded.reason;
        return { prepared: loaded.value, laying };
      },
    );
    let changes: Changes | null = null;
    let undoLoad: (() => Promise<void>) | null = async () =>
      await (await laying.catch(() => null))?.discard();
    try {
      changes = changesOf(plan, prepared, appProcess, release);
      const { state } = changes;
      const defaults = await defaultChecks(
        this.#context,
        this.#wanted,
        release,
      );
      const files = await step("load", () => laying);
      if (!isWayBack) refuseRemovals(state.removedState(), consent);
      await this.#registerClasses(plan, prepared);
      const left = leftBehind(plan, prepared, appProcess, {
        release,
        consent,
        isWayBack,
        drainMs,
        goingOn,
      });
      await step("load", () => left.ahead());
      this.#tell({ type: "prepared", version, reloaded: plan.reload });
      await step("migrate", () => state.ahead(migrateTimeoutMs));
      await step("load", () => left.hidden(state.hidden));
      const from = performance.now();
      await step("suspend", () => state.suspend(suspendTimeoutMs));
      const { count } = state;
      this.#tell({ type: "suspended", version, count });
      const holders = state.changes;
      await step("migrate", () => state.migrate(migrateTimeoutMs));
      this.#tell({ type: "migrated", version, holders });
      await step("load", () => left.rest(state.hidden));
      await switchOver(
        {
          wanted: this.#wanted,
          release,
          prepared,
          changes,
          files,
          gone: plan.gone,
          defaults,
        },
        this.#context,
        (end) => this.#end = end,
      );
      undoLoad = null;
      const undrained = left.finish();
      if (isWayBack) endBegun(begun, prepared.staged.attempt, appProcess);
      state.resume();
      const suspendMs = count === 0 ? null : performance.now() - from;
      await this.#finish(changes, plan);
      // Where the app has not loaded yet, all of it may still be taken out.
      if (!this.#context.onBoot) appProcess.closeStaging(prepared.staging);
      prepared.callers.leftBehind = () => left.since();
      appProcess.onProbation = prepared.callers;
      this.#tell({
        type: "completed",
        version,
        reloaded: plan.reload,
        assets: plan.assets,
        suspendMs,
      });
      tellHot(appProcess, "flyhot:afterUpdate", {
        version,
        reloaded: plan.reload,
      });
      // The journal names more than there is until then, which a start passes over.
      await files?.finish().catch((error: unknown) =>
        appProcess.logger.warn(
          `the journal of laid files could not be written: ${error}`,
        )
      );
      await this.#removeOldReleases();
      return {
        state: "applied",
        reloaded: plan.reload,
        modules: (await this.#loadedPaths()).size,
        holders,
        assets: plan.assets,
        suspendMs,
        undrained,
      };
    } catch (error) {
      discard(prepared, appProcess);
      await undoLoad?.();
      throw error;
    } finally {
      changes?.state.resume();
    }
  }

  async #load(
    plan: UpgradePlan,
    release: UnpackedRelease | null,
  ): Promise<Prepared> {
    const { appProcess, fetchTimeoutMs, prepareTimeoutMs } = this.#context;
    if (release) await needFiles(plan, release, this.#wanted, this.#context);
    const lock = release && await addPackages(
      plan,
      release,
      appProcess.modules.packages,
      fetchTimeoutMs,
    );
    await this.#context.onLoading?.();
    const { consent } = this.#wanted;
    return await prepare(
      plan,
      release,
      appProcess,
      prepareTimeoutMs,
      consent,
      lock,
    );
  }

  async #registerClasses(
    plan: UpgradePlan,
    { staging, staged }: Prepared,
  ): Promise<void> {
    const table = this.#appProcess.modules.table!;
    const { attempt } = staged;
    const replaced = new Set([...plan.reload, ...plan.gone]);
    const { modules } = this.#appProcess;
    staging.newSource = (text) =>
      modules.hasText(text, (url) => attemptOf(url) === attempt);
    staging.oldSource = (text) =>
      modules.hasText(
        text,
        (url) => table.isCurrent(url) && replaced.has(table.pathOf(url)!),
      );
    // Mostly there is none to look at, and nobody has to know what is loaded.
    if ([...replaced].every(plan.exportsNoObjects)) return;
    const loaded = await this.#loadedPaths();
    await registerExportedClasses(
      {
        replaced: [...plan.reload, ...plan.gone],
        isLoaded: (path) => loaded.has(path),
        hasNoObjects: plan.exportsNoObjects,
        current: (path) => table.current(table.placeOf(path)),
        next: (path) =>
          plan.reload.includes(path)
            ? table.current(table.placeOf(path), staged.attempt)
            : null,
      },
      this.#appProcess,
      staging,
    );
  }

  async #finish(
    { state, services, hots }: Changes,
    plan: UpgradePlan,
  ): Promise<void> {
    const appProcess = this.#appProcess;
    state.finish();
    appProcess.upgrades++;
    appProcess.retained.modules += plan.retained.modules;
    appProcess.retained.bytes += plan.retained.bytes;
    await services.finish();
    await hots.finish(this.#context.callbackTimeoutMs);
  }

  // A machine may live through many upgrades; its disk must not fill with them.
  async #removeOldReleases(): Promise<void> {
    const { release, earlierFolders, modules } = this.#appProcess;
    const { folders } = this.#context;
    const keep = new Set(earlierFolders);
    if (release) keep.add(release.folder);
    for (const name of modules.table!.currentReleases()) {
      keep.add(join(folders.folder, name));
    }
    await folders.prune(keep);
  }

  async #nothingToDo(): Promise<UpgradeOutcome> {
    const { size: modules } = await this.#loadedPaths();
    return {
      state: "nothing_to_do",
      reloaded: [],
      modules,
      holders: [],
      assets: [],
      suspendMs: null,
    };
  }

  async #loadedPaths(): Promise<ReadonlySet<string>> {
    const { modules } = this.#appProcess;
    return (await modules.currentInSlices(this.#context.main)).loaded;
  }

  #ended(thrown: unknown): UpgradeError {
    const error = upgradeError("check", null, thrown);
    error.end = this.#end;
    const { version } = this.#wanted;
    const { phase, message, end } = error;
    if (end === "rolled_back") {
      this.#tell({ type: "rolledBack", version, phase, message });
      tellHot(this.#appProcess, "flyhot:rollback", { version, message });
    } else {
      this.#tell({ type: "failed", version, phase, message, end });
      tellHot(this.#appProcess, "flyhot:error", { version, message });
    }
    return error;
  }

  #tell(event: Parameters<AppProcess["events"]["emit"]>[0]): void {
    const { events, logger } = this.#appProcess;
    events.emit(
      event,
      (error) =>
        logger.error(`a listener of upgrades failed: ${thrownText(error)}`),
    );
  }
}

function changesOf(
  plan: UpgradePlan,
  { staging, staged, kept }: Prepared,
  appProcess: AppProcess,
  release: UnpackedRelease | null,
): Changes {
  const replaced = new Set([...plan.reload, ...plan.gone]);
  return {
    state: new StateChange(
      appProcess,
      staging,
      replaced,
      release?.sha256 ?? null,
      () => kept.variables(),
    ),
    services: new ServiceChange(appProcess, staging, replaced),
    hots: new HotChange(appProcess, staging, staged, plan),
  };
}
