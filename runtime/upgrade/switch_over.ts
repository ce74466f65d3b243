/** The new code comes in: swap, start, health; whatever fails takes it out again.
 * @module
 */
import { thrownText } from "../base/error_text.ts";
import { natives } from "../base/platform/natives.ts";
import type { UpgradeError } from "../base/upgrade_error.ts";
import { generations } from "../modules/generations.ts";
import type { LaidChange } from "../release/laid/laying/laid_change.ts";
import type { UnpackedRelease } from "../release/unpack/folders.ts";
import type { WantedRelease } from "../release/wanted.ts";
import { runPassingGates } from "../state/cells/holder_cell.ts";
import { askHealth } from "./ask_health.ts";
import type { HotChange } from "./changes/hot_change.ts";
import type { ServiceChange } from "./changes/service_change.ts";
import type { StateChange } from "./changes/state/state_change.ts";
import type { UpgradeContext } from "./context.ts";
import { enterRelease } from "./enter_release.ts";
import type { NamedCheck } from "./health.ts";
import type { Prepared } from "./load_modules.ts";
import { step } from "./step.ts";

/** What an upgrade does to what modules have declared. */
export interface Changes {
  /** State. */
  readonly state: StateChange;
  /** Services. */
  readonly services: ServiceChange;
  /** Modules that take part in their own replacement. */
  readonly hots: HotChange;
}

/** What comes in. */
export interface Incoming {
  /** What was asked for. */
  readonly wanted: WantedRelease;
  /** The release, or null for the base image. */
  readonly release: UnpackedRelease | null;
  /** The loaded modules. */
  readonly prepared: Prepared;
  /** What becomes of what they declare. */
  readonly changes: Changes;
  /** The files that are laid over their place, or null for none. */
  readonly files: LaidChange | null;
  /** The modules that nothing reaches any more. */
  readonly gone: readonly string[];
  /** The checks to run where the app has none. */
  readonly defaults: readonly NamedCheck[];
}

/** Brings the new code in. Throws if a step fails; the old code is back then, unless the end told last is `fail`. */
export async function switchOver(
  incoming: Incoming,
  context: UpgradeContext,
  onEnd: (end: UpgradeError["end"]) => void,
): Promise<void> {
  await new SwitchOver(incoming, context).run(onEnd);
}

class SwitchOver {
  readonly #incoming: Incoming;
  readonly #context: UpgradeContext;
  readonly #undo: (() => void)[] = [];
  #endReads = () => {};

  constructor(incoming: Incoming, context: UpgradeContext) {
    this.#incoming = incoming;
    this.#context = context;
  }

  async run(onEnd: (end: UpgradeError["end"]) => void): Promise<void> {
    const { appProcess, callbackTimeoutMs } = this.#context;
    const { changes: { services, hots }, wanted } = this.#incoming;
    appProcess.settling = true;
    onEnd("fail");
    try {
      // One turn: nothing can run between the old code and the new one.
      await step("swap", () => this.#swap());
      await this.#try();
      this.#stay();
      this.#offerWayOut();
    } catch (thrown) {
      try {
        for (const undo of this.#undo.toReversed()) undo();
        await services.undo();
        await hots.undo(callbackTimeoutMs);
        onEnd("rolled_back");
      } catch (cause) {
        appProcess.logger.error(
          `the upgrade to ${wanted.version} could not be undone, recycle this machine: ${
            thrownText(cause)
          }`,
        );
      }
      throw thrown;
    } finally {
      appProcess.settling = false;
    }
  }

  #swap(): void {
    const { appProcess, isWayBack } = this.#context;
    const { prepared, changes, files, gone, wanted, release } = this.#incoming;
    const { staged, staging, callers, boundaries, kept, rebinding } = prepared;
    const { state, services, hots } = changes;
    const undo = this.#undo;
    undo.push(appProcess.modules.table!.commit(staged, gone));
    appProcess.modules.staged = null;
    // Ahead of the timers: those of a value that stays go on.
    undo.push(kept.swap());
    const { generation, undo: undoCallers } = callers.swap();
    undo.push(undoCallers);
    undo.push(boundaries.swap(generation));
    const { table, keeping } = appProcess.modules;
    const urls = [...staged.paths].map((it) =>
      table!.current(table!.placeOf(it))
    );
    undo.push(keeping.moved.swap(generation, urls));
    // Also where a later upgrade is on trial: asked is for this one's code.
    const asked = () => generations.meets >= generation ? "new" : "old";
    const { given } = appProcess.classes;
    if (isWayBack && given) undo.push(given.takeBack());
    undo.push(state.swap(asked, generation));
    undo.push(rebinding.swap(() => asked() === "new"));
    undo.push(services.swap());
    undo.push(hots.swap());
    const undoFiles = files?.swap();
    undo.push(() => void undoFiles?.());
    if (files) undo.push(this.#readBefore(files, generation));
    undo.push(enterRelease(appProcess, wanted, release));
    staging.enter();
  }

  /** Lets work begun before the swap read the files that it began with. */
  #readBefore(files: LaidChange, generation: number): () => void {
    files.isBeforeRead = true;
    const end = this.#context.appProcess.fileReads.replaced(generation, {
      before: files.before,
      isAsLaid: (path) => files.isAsLaid(path),
    });
    return this.#endReads = () => {
      files.isBeforeRead = false;
      end();
    };
  }

  /** Starts what the new code declares, and asks whether it works. */
  async #try(): Promise<void> {
    const { callbackTimeoutMs } = this.#context;
    const { prepared, changes, wanted, defaults } = this.#incoming;
    const { staged: { attempt }, callers } = prepared;
    const start = async () => {
      await changes.services.start();
      await runPassingGates(() => changes.hots.accept(callbackTimeoutMs));
    };
    await step(
      "start",
      () => callers.guarded(() => generations.inAttempt(attempt, start)),
    );
    await step(
      "health",
      () => callers.guarded(() => askHealth(this.#context, wanted, defaults)),
    );
  }

  #stay(): void {
    const { drainMs } = this.#context;
    const { prepared, changes: { state } } = this.#incoming;
    const { callers, kept, rebinding } = prepared;
    callers.commit(drainMs);
    kept.commit();
    // Work begun before keeps the methods and files that it began with.
    const drained = () => {
      state.settle();
      kept.settle();
      rebinding.settle();
      this.#endReads();
    };
    if (drainMs > 0) natives.setTimeout(drained, drainMs).unref();
    else drained();
  }

  /** Where the app has not loaded yet, all of it may still be taken out. */
  #offerWayOut(): void {
    const { appProcess, main, onBoot } = this.#context;
    if (!onBoot) return;
    const { staged, staging, callers } = this.#incoming.prepared;
    // In one turn: the app loads in the next.
    const { modules } = appProcess;
    const loadedBefore = modules.current(main).loaded;
    onBoot(async () => {
      const loaded = modules.current(main).loaded.difference(loadedBefore);
      for (const undo of this.#undo.toReversed()) undo();
      callers.discard();
      staging.discard();
      await appProcess.forgetDeclarations(loaded.union(staged.paths));
      // A module of the image that imported what failed is as unusable as that: all are loaded again.
      const table = modules.table!;
      table.commit(table.stage(table.root, loaded));
      modules.forgetOld();
    });
  }
}
