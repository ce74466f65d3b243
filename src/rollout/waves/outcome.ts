/** From what is known at the end of a rollout to its report.
 * @module
 */
import { type HotSurface, withRefusals } from "@flyhot/runtime/plan";
import type { Refusal } from "@flyhot/runtime/protocol";
import type { AppMachine } from "../../fly/fleet/fleet.ts";
import type { MachineStanding } from "../../ui/reporter.ts";
import type { Prepared } from "../prepare.ts";
import type { MachineReport, RolloutReport } from "../report.ts";
import { isBad, isGood, type MachineState } from "../machines/verdict.ts";

/** Writes down what became of one machine; null for one that is gone. */
export function machineReport(
  state: MachineState,
  back?: MachineState,
): MachineReport | null {
  const { machine, result } = state;
  // What stopped the rollout is to be seen first; of the others, where they are now.
  const last = back === undefined || isBad(state) ? state : back;
  if (last.standing === "gone") return null;
  const standing: MachineStanding = last === back && isGood(last)
    ? "returned"
    : last.standing;
  return {
    id: machine.id,
    region: machine.region,
    standing,
    reloaded: result?.reloaded ?? [],
    modules: result?.modules ?? 0,
    holders: result?.holders ?? [],
    suspend_ms: result?.suspend_ms ?? null,
    total_ms: result?.ended_at ? result.total_ms : null,
    fingerprint: (back?.result ?? result)?.fingerprint ?? null,
    failure: last.failure,
  };
}

/** Writes down where a machine stands that has not done anything yet. */
export function restingReport(
  machine: AppMachine,
  standing: MachineStanding = "applies_at_next_start",
): MachineReport {
  return {
    id: machine.id,
    region: machine.region,
    standing,
    reloaded: [],
    modules: 0,
    holders: [],
    suspend_ms: null,
    total_ms: null,
    fingerprint: null,
    failure: null,
  };
}

/** Writes down how a rollout ended. */
export function rolloutReport(
  { release, plan, imageRef }: Prepared,
  end: Pick<RolloutReport, "outcome" | "summary" | "total_ms"> & {
    readonly upgradeId?: string;
    readonly refusals?: readonly Refusal[];
    readonly machines?: readonly MachineReport[];
    readonly surfaces?: readonly HotSurface[];
  },
): RolloutReport {
  return {
    app: release.manifest.app,
    outcome: end.outcome,
    summary: end.summary,
    upgrade_id: end.upgradeId ?? null,
    version: release.manifest.version,
    source_image_ref: release.manifest.source_image_ref,
    image_ref: imageRef,
    sha256: release.sha256,
    size: release.size,
    plan: withRefusals(plan, end.refusals ?? []),
    ...(end.surfaces ? { surfaces: end.surfaces } : {}),
    machines: end.machines ?? [],
    total_ms: end.total_ms,
  };
}

/**
 * Gathers what machines have refused, where nothing else went wrong; empty where none refused, or one went wrong in
 * another way.
 */
export function refusedBy(states: Iterable<MachineState>): Refusal[] {
  const refusals: Refusal[] = [];
  for (const state of states) {
    if (!isBad(state)) continue;
    const { standing, failure } = state;
    const said = failure?.refusals ?? [];
    if (standing !== "failed" || failure?.end !== "abort" || !said.length) {
      return [];
    }
    refusals.push(...said);
  }
  return refusals;
}

/** Says in one clause why a machine stopped a rollout, for example `machine m1 failed in health: the page is empty`. */
export function describeBad(
  { machine, standing, failure }: MachineState,
  timeoutMs: number,
): string {
  const where = failure ? ` in ${failure.phase}: ${failure.message}` : "";
  switch (standing) {
    case "silent":
      return `machine ${machine.id} did not say how it ended within ${
        timeoutMs / 1000
      } s`;
    case "rolled_back":
      return `machine ${machine.id} went back by itself${where}`;
    default:
      return `machine ${machine.id} failed${where}`;
  }
}
