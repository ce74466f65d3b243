/** How often an upgrade like a planned one fits into the memory of the machines.
 * @module
 */
import type { PlanReport } from "@flyhot/runtime/plan";
import {
  type MachineInfo,
  memoryOf,
  upgradesLeft,
} from "@flyhot/runtime/protocol";

/** Adds to a plan how many upgrades like it the machines can take. */
export function foretoldPlan(
  plan: PlanReport,
  infos: readonly MachineInfo[],
): PlanReport {
  const { retained_bytes } = plan;
  if (retained_bytes === 0 || infos.length === 0) return plan;
  const left = infos.map((info) =>
    upgradesLeft(memoryOf(info), retained_bytes)
  );
  return { ...plan, upgrades_left: Math.min(...left) };
}
