/** The plan as `flyhot plan --json` has always told it, with the refusals beside it.
 * @module
 */
import { isScriptPath } from "./paths.ts";
import type { Plan } from "./plan.ts";
import type { Refusal } from "../protocol/refusal.ts";
import { becauseOf } from "./reload_set.ts";

/** What is to become of each file. */
export interface PlanReport {
  readonly hot: boolean;
  readonly reload: readonly string[];
  readonly mapped: readonly string[];
  readonly assets: readonly string[];
  readonly removed: readonly string[];
  readonly unchanged: readonly string[];
  readonly because: Readonly<Record<string, readonly string[]>>;
  readonly retained_bytes: number;
  readonly cold: readonly {
    readonly path: string;
    readonly reason: string;
    readonly chain: readonly string[];
  }[];
  readonly refusals: readonly Refusal[];
}

/**
 * Tells a plan as data.
 *
 * @param plan the plan
 * @returns the report
 */
export function planReport(plan: Plan): PlanReport {
  const mapped = new Set(plan.mapped);
  return {
    hot: plan.hot,
    reload: plan.reload,
    mapped: plan.mapped,
    assets: plan.files.filter((path) =>
      !mapped.has(path) && !isScriptPath(path)
    ),
    removed: plan.removed,
    unchanged: plan.unchanged,
    because: Object.fromEntries(
      plan.reload.map((path) => [path, becauseOf(path, plan.reasons)]),
    ),
    retained_bytes: plan.retained_bytes,
    cold: plan.refusals.map(({ path, subject, why, remedy, chain }) => ({
      path,
      reason: `${subject === "" ? "" : `${subject} `}${why}${
        remedy === "" ? "" : `; ${remedy}`
      }`,
      chain: chain ?? [path],
    })),
    refusals: plan.refusals,
  };
}
