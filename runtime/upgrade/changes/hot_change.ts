/** What an upgrade does for modules that use `hot(import.meta)`.
 * @module
 */
import { thrownText } from "../../base/error_text.ts";
import { within } from "../../base/waiting/deadline.ts";
import type { Staging } from "../../state/staging.ts";
import type { HotContext } from "../../modules/hot_context.ts";
import type {
  HotEventName,
  HotEventPayloads,
} from "../../modules/hot_events.ts";
import type { StagedTable } from "../../modules/module_table.ts";
import type { AppProcess } from "../../process/process.ts";
import type { UpgradePlan } from "../planning/plan_upgrade.ts";

/** The part of an upgrade that concerns `hot(import.meta)`. */
export class HotChange {
  readonly #appProcess: AppProcess;
  readonly #staging: Staging;
  readonly #staged: StagedTable;
  readonly #plan: UpgradePlan;
  readonly #old = new Map<string, HotContext>();
  readonly #accepting: HotContext[];
  #handed: {
    readonly accepting: string;
    readonly path: string;
    readonly callback: (module: unknown) => unknown;
  }[] = [];
  #accepted: Promise<unknown> = Promise.resolve();
  #isUndone = false;

  /**
   * @param appProcess what runs in this process
   * @param staging what the new modules declare
   * @param staged the new modules' URLs
   * @param plan what the upgrade does
   */
  constructor(
    appProcess: AppProcess,
    staging: Staging,
    staged: StagedTable,
    plan: UpgradePlan,
  ) {
    this.#appProcess = appProcess;
    this.#staging = staging;
    this.#staged = staged;
    this.#plan = plan;
    for (const path of [...plan.reload, ...plan.gone]) {
      const context = appProcess.hots.get(path);
      if (context) this.#old.set(path, context);
    }
    this.#accepting = [...appProcess.hots.values()].filter((
      { path, accepted },
    ) =>
      plan.reload.some((reloaded) =>
        accepted.has(reloaded) &&
        (reloaded === path || !plan.reload.includes(path))
      )
    );
  }

  /** Lets the new contexts take the place of the old ones, in one turn. */
  swap(): () => void {
    const { hots } = this.#appProcess;
    const added = [...this.#staging.hots];
    for (const path of this.#old.keys()) hots.delete(path);
    for (const [path, context] of added) hots.set(path, context);
    return () => {
      for (const [path] of added) hots.delete(path);
      for (const [path, context] of this.#old) hots.set(path, context);
    };
  }

  /** Hands the new modules to those that accept them. Throws what a callback throws. */
  async accept(timeoutMs: number): Promise<void> {
    for (const { path: accepting, accepted } of this.#accepting) {
      for (const path of this.#plan.reload) {
        const callbacks = accepted.get(path) ?? [];
        if (callbacks.length === 0) continue;
        const { table } = this.#appProcess.modules;
        const module: unknown = await import(
          table!.current(table!.placeOf(path), this.#staged.attempt)
        );
        for (const callback of callbacks) {
          // The new code may fail in the middle of it, by a timer for one.
          if (this.#isUndone) return;
          this.#handed.push({ accepting, path, callback });
          const handing = within(
            timeoutMs,
            () => callback(module),
            () => late(`accepting ${path} in ${accepting}`, timeoutMs),
          );
          this.#accepted = handing.catch(() => {});
          await handing;
        }
      }
    }
  }

  /**
   * Hands the old modules back to those that have accepted new ones, newest first; what a callback throws is reported.
   */
  async undo(timeoutMs: number): Promise<void> {
    const { table } = this.#appProcess.modules;
    this.#isUndone = true;
    await this.#accepted;
    for (const { accepting, path, callback } of this.#handed.reverse()) {
      // One that accepts itself runs on, and is handed what it is.
      await this.#quietly(
        `handing the old ${path} back to ${accepting}`,
        timeoutMs,
        async () =>
          await callback(await import(table!.current(table!.placeOf(path)))),
      );
    }
    this.#handed = [];
  }

  /** Runs the clean-up of the old modules, once there is no way back; what it throws is reported. */
  async finish(timeoutMs: number): Promise<void> {
    for (const [path, context] of this.#old) {
      const gone = this.#plan.gone.includes(path);
      const data = this.#staging.hots.get(path)?.data ?? context.data;
      const what = `the clean-up of ${path}`;
      for (const dispose of context.disposers) {
        await this.#quietly(what, timeoutMs, () => dispose(data));
      }
      if (!gone) continue;
      for (const prune of context.pruners) {
        await this.#quietly(what, timeoutMs, () => prune(data));
      }
    }
  }

  async #quietly(
    what: string,
    timeoutMs: number,
    act: () => unknown,
  ): Promise<void> {
    try {
      await within(timeoutMs, act, () => late(what, timeoutMs));
    } catch (error) {
      this.#appProcess.logger.error(`${what} failed: ${thrownText(error)}`);
    }
  }
}

function late(what: string, timeoutMs: number): Error {
  return new Error(`${what} did not settle within ${timeoutMs} ms`);
}

/** Tells the listeners of `hot(import.meta).on`. */
export function tellHot<Name extends HotEventName>(
  appProcess: AppProcess,
  name: Name,
  payload: HotEventPayloads[Name],
): void {
  for (const { path, listeners } of appProcess.hots.values()) {
    for (const listener of listeners.get(name) ?? []) {
      try {
        listener(payload);
      } catch (error) {
        appProcess.logger.error(
          `a listener of ${path} to ${name} failed: ${thrownText(error)}`,
        );
      }
    }
  }
}
