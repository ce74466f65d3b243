/** What is known of one machine in a rollout, and what follows for all of them: a pure state machine.
 * @module
 */
import {
  type MachineResult,
  sameImage,
  type UpgradeFailure,
} from "@flyhot/runtime/protocol";
import type { AppMachine } from "../../fly/fleet/fleet.ts";
import type { MachineStanding } from "../../ui/reporter.ts";

/** Where a machine stands; `gone` ones are not part of the rollout any more. */
export type Standing = Exclude<MachineStanding, "returned"> | "gone";

/** What is known of one machine. */
export interface MachineState {
  /** The machine as it was first listed. */
  readonly machine: AppMachine;
  /** Where it stands. */
  readonly standing: Standing;
  /** What it last said. */
  readonly result: MachineResult | null;
  /** Why it failed, or what delays it. */
  readonly failure: UpgradeFailure | null;
}

/** What can happen to a machine. */
export type MachineEvent =
  | {
    /** It was told to look. */
    readonly type: "nudged";
  }
  | {
    /** It said something. */
    readonly type: "result";
    /** What. */
    readonly result: MachineResult;
  }
  | {
    /** The machines were listed. */
    readonly type: "listed";
    /** The machine as it is now; null if it is not there any more. */
    readonly machine: AppMachine | null;
  }
  | {
    /** Its process ended, or serves nobody. */
    readonly type: "died";
    /** How. */
    readonly failure: UpgradeFailure;
  }
  | {
    /** It came to rest in order, or left, after it had said how it ended. */
    readonly type: "rested" | "left";
  }
  | {
    /** Time is up. */
    readonly type: "deadline";
  };

/** What is known of all machines together. */
type Verdict = "open" | "good" | "bad";

/** Begins with a machine. */
export function queued(machine: AppMachine): MachineState {
  return { machine, standing: "queued", result: null, failure: null };
}

/** Takes one event in. */
export function step(state: MachineState, event: MachineEvent): MachineState {
  if (
    event.type === "died" || event.type === "rested" || event.type === "left"
  ) return judged(state, event);
  if (isFinal(state)) return state;
  switch (event.type) {
    case "nudged":
      return state.standing === "queued"
        ? { ...state, standing: "nudged" }
        : state;
    case "result":
      return said(state, event.result);
    case "listed":
      return listed(state, event.machine);
    case "deadline":
      if (state.standing === "applies_at_next_start") return state;
      return { ...state, standing: state.failure ? "failed" : "silent" };
  }
}

/** Tells whether nothing that happens can change a state any more. */
export function isFinal({ standing }: MachineState): boolean {
  return standing !== "queued" && standing !== "nudged" &&
    standing !== "pending" && standing !== "applies_at_next_start";
}

/** Tells whether a machine is still to be waited for. */
export function isAwaited(state: MachineState): boolean {
  return !isFinal(state) && state.standing !== "applies_at_next_start";
}

/** Tells whether a machine stopped the rollout. */
export function isBad({ standing }: MachineState): boolean {
  return standing === "failed" || standing === "rolled_back" ||
    standing === "silent";
}

/** Tells whether a machine has it. */
export function isGood({ standing }: MachineState): boolean {
  return standing === "applied" || standing === "nothing_to_do";
}

/** Judges the machines of a wave together. */
export function verdict(states: Iterable<MachineState>): Verdict {
  let open = false;
  for (const state of states) {
    if (isBad(state)) return "bad";
    open ||= isAwaited(state);
  }
  return open ? "open" : "good";
}

/** What happens to the process counts even where it has said how the upgrade ended. */
function judged(
  state: MachineState,
  event: Extract<MachineEvent, { type: "died" | "rested" | "left" }>,
): MachineState {
  if (isBad(state) || state.standing === "gone") return state;
  switch (event.type) {
    case "died":
      return { ...state, standing: "failed", failure: event.failure };
    case "rested":
      return { ...state, standing: "applies_at_next_start", failure: null };
    case "left":
      return { ...state, standing: "gone" };
  }
}

function said(state: MachineState, result: MachineResult): MachineState {
  const known = state.result;
  if (
    known && known.state !== "pending" && !isFinal(state) &&
    known.started_at === result.started_at
  ) {
    // The word of a process that has ended since.
    return state;
  }
  if (result.state === "pending") {
    const { failure, started_at } = result;
    const same = state.standing === "pending" &&
      state.result?.started_at === started_at &&
      state.failure?.message === failure?.message;
    // While it tries again, it says what went wrong so far.
    return same ? state : { ...state, standing: "pending", result, failure };
  }
  return { ...state, standing: result.state, result, failure: result.failure };
}

function listed(
  state: MachineState,
  machine: AppMachine | null,
): MachineState {
  if (
    machine === null || !sameImage(machine.imageRef, state.machine.imageRef)
  ) {
    return { ...state, standing: "gone" };
  }
  if (machine.state === "started") {
    return state.standing === "applies_at_next_start"
      ? { ...state, standing: "nudged" }
      : state;
  }
  // One that stops in the middle of it may have stopped because of it.
  return state.standing === "pending" ||
      state.standing === "applies_at_next_start"
    ? state
    : { ...state, standing: "applies_at_next_start" };
}
