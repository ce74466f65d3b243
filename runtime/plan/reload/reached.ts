/** What stays with the values that an upgrade takes over: instances of the app's classes.
 * @module
 */
import type { RunningManifest } from "../../protocol/manifest/manifest.ts";
import type { Plan, ReachedClass } from "../plan.ts";
import type { TakenEntry } from "../rules/keep_rule.ts";

/** Tells of which classes the values that stay hold instances. */
export function reachedBy(
  { keptReach = {} }: Pick<RunningManifest, "keptReach">,
  taken: readonly TakenEntry[],
  reload: readonly string[],
): Plan["reaches"] {
  const replaced = new Set(reload);
  const found: Record<string, readonly ReachedClass[]> = {};
  for (const { at } of taken) {
    if (!Object.hasOwn(keptReach, at)) continue;
    found[at] = keptReach[at]!.map((key) => {
      const hash = key.indexOf("#");
      const path = key.slice(0, hash);
      return { name: key.slice(hash + 1), path, follows: replaced.has(path) };
    });
  }
  return found;
}
