/** What callers saw during an upgrade, held against what the two versions answer.
 * @module
 */
import type { Seen } from "./load.ts";
import type { Answers } from "./observe.ts";

/** A line for each kind of answer that no caller may have had.
 *
 * @param old the answers of the version before
 * @param next the answers of the version after; those before, where the upgrade was not applied
 * @param settled when the end of the upgrade was told
 * @param meanwhile what may also be answered until then: by new code that was in, and is not any more
 */
export function underLoad(
  seen: readonly Seen[],
  old: Answers,
  next: Answers,
  settled: number,
  meanwhile: Answers = {},
): string[] {
  const found = new Set<string>();
  for (const one of seen) {
    if (one.error !== undefined) {
      found.add(
        `caller of ${one.probe} by ${one.over} met an error: ${
          one.error.slice(0, 300)
        }`,
      );
    } else if (one.answer !== "null" && !one.probe.includes("_add(")) {
      if (one.began <= settled && one.answer === meanwhile[one.probe]) continue;
      const isNew = one.answer === next[one.probe];
      if (!isNew && one.answer !== old[one.probe]) {
        found.add(
          `caller of ${one.probe} by ${one.over} got ${one.answer}; old is ${
            old[one.probe]
          }, new is ${next[one.probe]}`,
        );
      } else if (!isNew && one.began > settled) {
        found.add(
          `caller of ${one.probe} by ${one.over} got the old ${one.answer} after the end`,
        );
      }
    }
  }
  return [...found];
}
