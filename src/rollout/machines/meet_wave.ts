/** Meeting the machines of a wave: who runs on them just before it begins.
 * @module
 */
import { errorText } from "@flyhot/runtime/protocol";
import type { AppMachine } from "../../fly/fleet/fleet.ts";
import type { RolloutDeps } from "../deps.ts";
import { isRunning } from "./ask_machines.ts";
import type { KnownMachines } from "./known_machines.ts";
import { afterLife } from "./live_through.ts";
import { judgeLife, lifeBefore } from "./lives.ts";
import { runningSha } from "./running_code.ts";
import { isBad, type MachineState, step } from "./verdict.ts";

/** What is known when a wave is met. */
interface Meeting {
  /** The machines of the rollout; what is found out is noted there. */
  readonly known: KnownMachines;
  /** The digest of the release, null for the base image. */
  readonly sha256: string | null;
  /** Machines and reporter. */
  readonly deps: RolloutDeps;
  readonly signal: AbortSignal;
}

/** Looks who runs on the machines of a wave now; those at rest are left out. */
export async function meetWave(
  planned: readonly MachineState[],
  meeting: Meeting,
): Promise<MachineState[]> {
  const { known, deps, signal } = meeting;
  let listed: readonly AppMachine[];
  try {
    listed = await deps.fleet.list(signal);
  } catch (error) {
    signal.throwIfAborted();
    deps.reporter.emit({ type: "note", text: errorText(error) });
    return [...planned];
  }
  const met = await Promise.all(planned.map((state) => {
    const machine = listed.find(({ id }) => id === state.machine.id) ?? null;
    if (machine !== null && isRunning(machine)) {
      return meetRunning(state, machine, meeting);
    }
    known.note(step(state, { type: "listed", machine }));
    return null;
  }));
  return met.filter((state) => state !== null);
}

async function meetRunning(
  state: MachineState,
  machine: AppMachine,
  { known, sha256, deps, signal }: Meeting,
): Promise<MachineState> {
  const { id } = machine;
  const now = lifeBefore(machine, null);
  const before = known.lives.get(id);
  const isBack = state.result !== null;
  if (before && isBack) {
    // It may have died of the release while it was started again.
    const life = judgeLife(state, before, { machine });
    const after = await afterLife(state, life, deps, signal);
    if (isBad(after)) {
      known.note(after);
      return after;
    }
  }
  if (before && !isBack && before.lastExitAt === now.lastExitAt) return state;
  const info = await deps.fleet.info(id, signal).catch(() => null);
  if (
    isBack && before?.process && info && before.process.pid === info.pid &&
    before.process.started_at === info.startedAt &&
    runningSha(info) === sha256
  ) {
    // The very process that said it, gone to sleep and awake again: its word stands.
    return { ...state, standing: "applied" };
  }
  known.lives.set(id, lifeBefore(machine, info));
  return state;
}
