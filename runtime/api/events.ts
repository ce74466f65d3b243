/** Listening to upgrades from user code.
 * @module
 */
import type { UpgradeEvent } from "../process/events.ts";
import { appProcess } from "../process/process.ts";

/**
 * Calls a listener with everything that happens during upgrades: started, prepared, suspended, migrated, completed,
 * committed, failed, rolledBack.
 *
 * A listener that a module adds while it is evaluated ends when that module is replaced.
 *
 * @param listener called with each event; what it throws is logged
 * @returns ends it
 *
 * @example
 * ```ts
 * import { subscribe } from "@flyhot/runtime";
 *
 * const end = subscribe((event) => {
 *   if (event.type === "failed") console.error(event.message);
 * });
 * end();
 * ```
 */
export function subscribe(listener: (event: UpgradeEvent) => void): () => void {
  const end = appProcess.events.subscribe(listener);
  return appProcess.owned.add(appProcess.callers.place("innermost"), end);
}

/**
 * Reads everything that happens during upgrades, from the first read on.
 *
 * @param options a signal that ends the reading
 * @returns the events
 *
 * @example
 * ```ts
 * import { events } from "@flyhot/runtime";
 *
 * const signal = AbortSignal.timeout(10);
 * for await (const event of events({ signal })) console.log(event.type);
 * ```
 */
export function events(
  options: { readonly signal?: AbortSignal } = {},
): AsyncGenerator<UpgradeEvent, void, void> {
  return appProcess.events.read(options.signal);
}
