/** What an upgrade does for modules that use `hot(import.meta)`.
 * @module
 */
import type { Staging } from "./declarations.ts";
import type { HotContext } from "./hot_context.ts";
import type { HotEventName, HotEventPayloads } from "./hot_events.ts";
import type { StagedTable } from "./module_table.ts";
import type { System } from "./system.ts";
import type { UpgradePlan } from "./upgrade_plan.ts";

/** The part of an upgrade that concerns `hot(import.meta)`. */
export class HotChange {
  readonly #system: System;
  readonly #staging: Staging;
  readonly #staged: StagedTable;
  readonly #plan: UpgradePlan;
  readonly #old = new Map<string, HotContext>();
  readonly #accepting: HotContext[];

  /**
   * @param system the running system
   * @param staging what the new modules declare
   * @param staged the new modules' URLs
   * @param plan what the upgrade does
   */
  constructor(
    system: System,
    staging: Staging,
    staged: StagedTable,
    plan: UpgradePlan,
  ) {
    this.#system = system;
    this.#staging = staging;
    this.#staged = staged;
    this.#plan = plan;
    for (const path of [...plan.reload, ...plan.gone]) {
      const context = system.hots.get(path);
      if (context) this.#old.set(path, context);
    }
    this.#accepting = [...system.hots.values()].filter(({ path, accepted }) =>
      plan.reload.some((reloaded) =>
        accepted.has(reloaded) &&
        (reloaded === path || !plan.reload.includes(path))
      )
    );
  }

  /**
   * Lets the new contexts take the place of the old ones, in one turn.
   *
   * @returns puts the old ones back
   */
  swap(): () => void {
    const { hots } = this.#system;
    const added = [...this.#staging.hots];
    for (const path of this.#old.keys()) hots.delete(path);
    for (const [path, context] of added) hots.set(path, context);
    return () => {
      for (const [path] of added) hots.delete(path);
      for (const [path, context] of this.#old) hots.set(path, context);
    };
  }

  /**
   * Hands the new modules to those that accept them.
   *
   * @throws what a callback throws
   */
  async accept(): Promise<void> {
    for (const { accepted } of this.#accepting) {
      for (const path of this.#plan.reload) {
        const callbacks = accepted.get(path) ?? [];
        if (callbacks.length === 0) continue;
        const module: unknown = await import(this.#staged.urls.get(path)!);
        for (const callback of callbacks) await callback(module);
      }
    }
  }

  /** Runs the clean-up of the old modules, once there is no way back; what it throws is reported. */
  async finish(): Promise<void> {
    for (const [path, context] of this.#old) {
      const gone = this.#plan.gone.includes(path);
      const data = this.#staging.hots.get(path)?.data ?? context.data;
      for (const dispose of context.disposers) {
        await this.#quietly(path, () => dispose(data));
      }
      if (!gone) continue;
      for (const prune of context.pruners) {
        await this.#quietly(path, () => prune(data));
      }
    }
  }

  async #quietly(path: string, act: () => unknown): Promise<void> {
    try {
      await act();
    } catch (error) {
      this.#system.logger.error(`the clean-up of ${path} failed: ${error}`);
    }
  }
}

/**
 * Tells the listeners of `hot(import.meta).on`.
 *
 * @param system the running system
 * @param name the event
 * @param payload what they are handed
 */
export function tellHot<Name extends HotEventName>(
  system: System,
  name: Name,
  payload: HotEventPayloads[Name],
): void {
  for (const { path, listeners } of system.hots.values()) {
    for (const listener of listeners.get(name) ?? []) {
      try {
        listener(payload);
      } catch (error) {
        system.logger.error(
          `a listener of ${path} to ${name} failed: ${error}`,
        );
      }
    }
  }
}
