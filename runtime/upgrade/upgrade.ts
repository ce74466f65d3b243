/** One upgrade on one machine: a transaction that happens wholly or not at all.
 * @module
 */
import { AbortSignal, performance } from "../base/globals.ts";
import { shownUrl } from "../base/shown_text.ts";
import { within } from "../base/deadline.ts";
import { natives } from "../base/natives.ts";
import { runPassingGates } from "../state/cells/holder_cell.ts";
import { join } from "node:path";
import {
  type NamedCheck,
  passingNow,
  runChecks,
  serviceChecks,
} from "./health.ts";
import { registerExportedClasses } from "./changes/class_exports.ts";
import { HotChange, tellHot } from "./changes/hot_change.ts";
import { discard, prepare, type Prepared } from "./load_modules.ts";
import { fingerprint } from "../protocol/fingerprint.ts";
import { attemptOf } from "../modules/module_urls.ts";
import { generations } from "../modules/generations.ts";
import type { UpgradePhase } from "../base/phases.ts";
import type { WantedRelease } from "../release/wanted.ts";
import type { UnpackedRelease } from "../release/unpack/folders.ts";
import { addPackages } from "./add_packages.ts";
import { ServiceChange } from "./changes/service_change.ts";
import { StateChange } from "./changes/state_change.ts";
import type { AppProcess } from "../process/process.ts";
import { UpgradeError, upgradeError } from "../base/upgrade_error.ts";
import type { UpgradeContext, UpgradeOutcome } from "./context.ts";
import { refuseKeptInstances } from "./planning/package_instances.ts";
import { planUpgrade, type UpgradePlan } from "./planning/plan_upgrade.ts";
import type { LaidChange } from "../release/laid/laid_change.ts";

/** Assets of so many earlier releases stay available to open pages. */
const EARLIER_FOLDERS_MAX = 3;

/**
 * Brings one release in. Either all of it is in afterwards, or nothing has changed.
 *
 * @param wanted the release
 * @param context what it works on
 * @returns what was done
 * @throws {UpgradeError} if a step fails; unless its `end` is `fail`, the old code and state are as they were
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
      const plan = await this.#step("plan", () => this.#plan(release));
      if (plan.isEmpty) {
        this.#enter(release);
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
      : await this.#step("fetch", () =>
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
    const { prepareTimeoutMs, suspendTimeoutMs, migrateTimeoutMs } =
      this.#context;
    tellHot(appProcess, "flyhot:beforeUpdate", {
      version,
      reloading: plan.reload,
    });
    const prepared = await this.#step(
      "load",
      async () => {
        if (release) await this.#needFiles(plan, release);
        const lock = release && await addPackages(
          plan,
          release,
          appProcess.modules.packages,
          this.#context.fetchTimeoutMs,
        );
        const { consent } = this.#wanted;
        return await prepare(
          plan,
          release,
          appProcess,
          prepareTimeoutMs,
          consent,
          lock,
        );
      },
    );
    let changes: Changes | null = null;
    let undoLoad: (() => Promise<void>) | null = null;
    try {
      changes = changesOf(plan, prepared, appProcess, release);
      const { state } = changes;
      const defaults = await this.#defaultChecks(release);
      const files = await this.#step(
        "load",
        () => this.#layOut(plan, release),
      );
      undoLoad = async () => await files?.discard();
      // A way back takes what it finds; what it removes is kept for the way forward.
      if (!appProcess.ran.has(release?.sha256 ?? null)) {
        state.refuseRemovals(
          new Set([
            ...this.#wanted.consent ?? [],
            ...release?.manifest.settings?.consent ?? [],
          ]),
        );
      }
      await this.#registerClasses(plan, prepared);
      this.#tell({ type: "prepared", version, reloaded: plan.reload });
      await this.#step("migrate", () => state.ahead(migrateTimeoutMs));
      const from = performance.now();
      await this.#step("suspend", () => state.suspend(suspendTimeoutMs));
      const { count } = state;
      this.#tell({ type: "suspended", version, count });
      const holders = state.changes;
      await this.#step("migrate", () => state.migrate(migrateTimeoutMs));
      this.#tell({ type: "migrated", version, holders });
      await this.#switch(
        changes,
        files,
        prepared,
        release,
        defaults,
        plan.gone,
      );
      undoLoad = null;
      state.resume();
      const suspendMs = count === 0 ? null : performance.now() - from;
      await this.#finish(changes, plan);
      await files?.finish();
      // Where the app has not loaded yet, all of it may still be taken out.
      if (!this.#context.onBoot) appProcess.closeStaging(prepared.staging);
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
      await this.#removeOldReleases();
      return {
        state: "applied",
        reloaded: plan.reload,
        modules: (await this.#loadedPaths()).size,
        holders,
        assets: plan.assets,
        suspendMs,
      };
    } catch (error) {
      discard(prepared, appProcess);
      await undoLoad?.();
      throw error;
    } finally {
      changes?.state.resume();
    }
  }

  /** Brings what is read into the folder of the release; the rest of what an earlier release has stays where it is. */
  async #needFiles(plan: UpgradePlan, release: UnpackedRelease): Promise<void> {
    const { folders, bucket, fetchTimeoutMs } = this.#context;
    const written = plan.files.filter(({ kind }) => kind === "write")
      .map(({ path }) => path);
    await folders.need(release, [...plan.reload, ...plan.mapped, ...written], {
      wanted: this.#wanted,
      bucket,
      signal: AbortSignal.timeout(fetchTimeoutMs),
    });
  }

  /** Makes the files ready that are to be laid over their place. */
  async #layOut(
    plan: UpgradePlan,
    release: UnpackedRelease | null,
  ): Promise<LaidChange | null> {
    const { files } = this.#context.laid;
    if (!files || plan.files.length === 0) return null;
    const change = await files.prepare(plan.files);
    const conflicts = change.conflicts.map(({ path, why }) =>
      `${path}: ${why}`
    );
    if (conflicts.length === 0) return change;
    if (release === null) {
      // The way back must not fail for what the app has made of a file.
      this.#appProcess.logger.warn(`left as they are: ${conflicts.join("; ")}`);
      return change;
    }
    await change.discard();
    throw new UpgradeError(
      "load",
      `Cannot lay the files of the release over those of the image: ${
        conflicts.join("; ")
      }; leave such files out of the release ("exclude"), or read them by asset() and name them under "assets"`,
    );
  }

  async #registerClasses(
    plan: UpgradePlan,
    { staging, staged }: Prepared,
  ): Promise<void> {
    const table = this.#appProcess.modules.table!;
    const loaded = await this.#loadedPaths();
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
    await registerExportedClasses(
      {
        replaced: [...plan.reload, ...plan.gone],
        isLoaded: (path) => loaded.has(path),
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

  // From here on the new code is in; whatever fails takes it out again.
  async #switch(
    { state, services, hots }: Changes,
    files: LaidChange | null,
    { staged, staging, callers, boundaries, kept }: Prepared,
    release: UnpackedRelease | null,
    defaults: readonly NamedCheck[],
    gone: readonly string[],
  ): Promise<void> {
    const appProcess = this.#appProcess;
    const { drainMs, callbackTimeoutMs } = this.#context;
    const undo: (() => void)[] = [];
    let endReads = () => {};
    appProcess.settling = true;
    this.#end = "fail";
    try {
      // One turn: nothing can run between the old code and the new one.
      await this.#step("swap", () => {
        undo.push(appProcess.modules.table!.commit(staged, gone));
        appProcess.modules.staged = null;
        // Ahead of the timers: those of a value that stays go on.
        undo.push(kept.swap());
        const { generation, undo: undoCallers } = callers.swap();
        undo.push(undoCallers);
        undo.push(boundaries.swap(generation));
        undo.push(
          state.swap(
            // Also where a later upgrade is on trial: asked is for this one's code.
            () => generations.meets >= generation ? "new" : "old",
            generation,
          ),
        );
        undo.push(services.swap());
        undo.push(hots.swap());
        const undoFiles = files?.swap();
        undo.push(() => void undoFiles?.());
        if (files) {
          files.isBeforeRead = true;
          const end = appProcess.fileReads.replaced(generation, {
            before: files.before,
            isAsLaid: (path) => files.isAsLaid(path),
          });
          endReads = () => {
            files.isBeforeRead = false;
            end();
          };
          undo.push(endReads);
        }
        undo.push(this.#enter(release));
        staging.state = "live";
      });
      const { attempt } = staged;
      await this.#step(
        "start",
        () =>
          callers.guarded(() =>
            generations.inAttempt(attempt, async () => {
              await services.start();
              await runPassingGates(() => hots.accept(callbackTimeoutMs));
            })
          ),
      );
      await this.#step(
        "health",
        () => callers.guarded(() => this.#checkHealth(defaults)),
      );
      callers.commit(drainMs);
      kept.commit();
      // Work begun before keeps the methods and files that it began with.
      const drained = () => {
        state.settle();
        kept.settle();
        endReads();
      };
      if (drainMs > 0) natives.setTimeout(drained, drainMs).unref();
      else drained();
      const { onBoot } = this.#context;
      if (!onBoot) return;
      // In one turn: the app loads in the next.
      const { modules } = appProcess;
      const { main } = this.#context;
      const loadedBefore = modules.current(main).loaded;
      onBoot(async () => {
        const loaded = modules.current(main).loaded.difference(loadedBefore);
        for (const step of undo.toReversed()) step();
        callers.discard();
        staging.state = "discarded";
        await appProcess.forgetDeclarations(
          loaded.union(staged.paths),
        );
        // A module of the image that imported what failed is as unusable as that: all are loaded anew.
        const table = appProcess.modules.table!;
        table.commit(table.stage(table.root, loaded));
        appProcess.modules.forgetOld();
      });
    } catch (thrown) {
      try {
        for (const step of undo.toReversed()) step();
        await services.undo();
        await hots.undo(callbackTimeoutMs);
        this.#end = "rolled_back";
      } catch (cause) {
        this.#appProcess.logger.error(
          `the upgrade to ${this.#wanted.version} could not be undone, recycle this machine: ${cause}`,
        );
      }
      throw thrown;
    } finally {
      appProcess.settling = false;
    }
  }

  /** The checks of `fly.toml` that pass for the old code: those that do not say nothing about the new. */
  async #defaultChecks(
    release: UnpackedRelease | null,
  ): Promise<readonly NamedCheck[]> {
    const { health, isWayBack, onBoot } = this.#context;
    if (health !== null || isWayBack || onBoot) return [];
    const { passes, generations } = this.#appProcess;
    const checks = serviceChecks(
      release?.manifest.checks ?? [],
      (port) => passes.listensOn(port),
    );
    const about = await this.#healthContext();
    return await generations.outside(() => passingNow(checks, about));
  }

  async #checkHealth(defaults: readonly NamedCheck[]): Promise<void> {
    const { health, healthTimeoutMs: timeoutMs, onChecked, isWayBack, onBoot } =
      this.#context;
    if (isWayBack || onBoot) return;
    const own: NamedCheck[] = this.#appProcess.healthChecks.current.map((
      { module, check },
    ) => ({ name: ` in ${module}`, check, timeoutMs }));
    if (health) own.unshift({ name: "", check: health, timeoutMs });
    const checks = own.length > 0 ? own : defaults;
    await runChecks(checks, await this.#healthContext());
    onChecked?.(checks);
  }

  async #healthContext() {
    const sha256 = this.#appProcess.release?.sha256 ?? null;
    return {
      version: this.#wanted.version,
      fingerprint: await fingerprint(this.#context.imageRef, sha256),
    };
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
    appProcess.modules.forgetOld();
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

  #enter(release: UnpackedRelease | null): () => void {
    const appProcess = this.#appProcess;
    const { release: before, earlierFolders } = appProcess;
    const folder = before?.folder;
    if (folder !== undefined && folder !== release?.folder) {
      appProcess.earlierFolders = [
        ...earlierFolders.filter((earlier) => earlier !== folder),
        folder,
      ].slice(-EARLIER_FOLDERS_MAX);
    }
    appProcess.ran.add(release?.sha256 ?? null);
    appProcess.release = release && {
      wanted: this.#wanted,
      sha256: release.sha256,
      manifest: release.manifest,
      folder: release.folder,
      appliedAt: new Date().toISOString(),
    };
    return () => {
      appProcess.release = before;
      appProcess.earlierFolders = earlierFolders;
    };
  }

  async #step<T>(phase: UpgradePhase, act: () => T): Promise<Awaited<T>> {
    try {
      return await act();
    } catch (thrown) {
      throw upgradeError(phase, null, thrown);
    }
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
      (error) => logger.error(`a listener of upgrades failed: ${error}`),
    );
  }
}

interface Changes {
  readonly state: StateChange;
  readonly services: ServiceChange;
  readonly hots: HotChange;
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
