/** `node:timers` and `node:timers/promises` as the app imports them, with the app's own timers in them.
 *
 * Named imports of a module of the platform never follow its default export. So that export is changed, and imports get
 * a module in its place which takes the names from there.
 *
 * @module
 */
import timers from "node:timers";
import promises from "node:timers/promises";
import { promisify } from "node:util";
import { type StandIn, standInFor } from "../../modules/packages/stand_ins.ts";
import type { AppTimers, TimerPromises } from "./timer_promises.ts";

/** Puts timers into the default exports of the platform's modules, which `require` gives out as well. */
export function installTimerModules(
  own: AppTimers,
  ownPromises: TimerPromises,
): ReadonlyMap<string, StandIn> {
  const { scheduler, ...waits } = ownPromises;
  Object.assign(promises, waits);
  Object.assign(promises.scheduler, scheduler);
  Object.assign(timers, own);
  Object.defineProperty(timers, "promises", {
    value: promises,
    writable: true,
    enumerable: true,
    configurable: true,
  });
  return new Map([
    ["node:timers", standInFor("node:timers", Object.keys(timers))],
    [
      "node:timers/promises",
      standInFor("node:timers/promises", Object.keys(promises)),
    ],
  ]);
}

/** Gives a wrapper the properties of what it wraps. */
export function likeNative<Native>(
  wrapped: unknown,
  native: Native,
  promised?: () => unknown,
): Native {
  const properties: PropertyDescriptorMap = Object.getOwnPropertyDescriptors(
    native,
  );
  if (promised) {
    properties[promisify.custom] = { get: promised, enumerable: true };
  }
  return Object.defineProperties(wrapped, properties) as Native;
}
