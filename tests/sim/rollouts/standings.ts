import type { RolloutReport } from "../../../src/rollout/report.ts";

/** Where each machine of a rollout ended, in the order of its id. */
export function standings(report: RolloutReport): string {
  return report.machines.map(({ id, standing }) => `${id} ${standing}`)
    .join(", ");
}
