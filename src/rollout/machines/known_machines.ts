/** What a rollout knows of its machines, told to the reporter as it changes.
 * @module
 */
import type { AppMachine } from "../../fly/fleet/fleet.ts";
import type { RolloutDeps } from "../deps.ts";
import { describeBad, machineReport, restingReport } from "../waves/outcome.ts";
import type { Prepared } from "../prepare.ts";
import type { MachineReport } from "../report.ts";
import { counted } from "../steps.ts";
import { type LifeBefore, lifeBefore } from "./lives.ts";
import { isBad, isGood, type MachineState, queued } from "./verdict.ts";

/** The machines of one rollout. */
export class KnownMachines {
  /** Who ran on each machine before the upgrade, by machine id. */
  readonly lives: Map<string, LifeBefore>;
  /** Machines that are started and answer nobody. */
  readonly deaf = new Set<string>();
  /** When each machine was last asked after an upgrade, and found to live on. */
  readonly heardAt = new Map<string, number>();
  readonly #states: Map<string, MachineState>;
  readonly #resting: readonly AppMachine[];
  readonly #deps: Pick<RolloutDeps, "reporter">;

  /** Nothing is told yet. */
  constructor(
    { running, resting, asked }: Pick<
      Prepared,
      "running" | "resting" | "asked"
    >,
    deps: Pick<RolloutDeps, "reporter">,
  ) {
    this.#deps = deps;
    this.#resting = resting;
    this.#states = new Map(
      running.map((machine) => [machine.id, queued(machine)]),
    );
    this.lives = new Map(
      asked.map(({ machine, info }) => [machine.id, lifeBefore(machine, info)]),
    );
  }

  /** What is known of every machine that takes part. */
  get states(): MachineState[] {
    return [...this.#states.values()];
  }

  /** What is known of one machine. */
  get(id: string): MachineState | undefined {
    return this.#states.get(id);
  }

  /** Takes in what is known now, without a word. */
  set(state: MachineState): void {
    this.#states.set(state.machine.id, state);
  }

  /** Takes in what is known now, and tells it. */
  note(state: MachineState): void {
    this.set(state);
    tellMachine(state, this.#deps);
  }

  /** Machines that were asked so short a time before that their word still holds. */
  heardSince(moment: number): string[] {
    return [...this.heardAt].filter(([, at]) => at >= moment)
      .map(([id]) => id);
  }

  /** A machine that rested after it had said something: what it said then is known, and is not news. */
  again(machine: AppMachine): MachineState {
    const known = this.get(machine.id);
    return known?.result
      ? { ...known, machine, standing: "nudged", failure: null }
      : queued(machine);
  }

  /** Tells where every machine stands, those at rest included. */
  tellAll(): void {
    for (const state of this.#states.values()) tellMachine(state, this.#deps);
    for (const { id, region } of this.#resting) {
      const standing = "applies_at_next_start";
      this.#deps.reporter.emit({ type: "machine", id, region, standing });
    }
  }

  /** What became of every machine; `backs` are those that had to go back. */
  reports(backs: readonly MachineState[] = []): MachineReport[] {
    const back = new Map(backs.map((state) => [state.machine.id, state]));
    return [
      ...[...this.#states].map(([id, state]) =>
        machineReport(state, back.get(id))
      ).filter((report) => report !== null),
      ...this.#resting.map((machine) => restingReport(machine)),
    ];
  }
}

/** The ids of machines, in order. */
export function idsOf(states: readonly MachineState[]): string[] {
  return states.map(({ machine }) => machine.id);
}

/** How many machines are good, in words. */
export function countGood(states: readonly MachineState[]): string {
  return counted(states.filter(isGood).length, "machine");
}

/** Why machines stopped a rollout, a clause for each that did. */
export function describeAllBad(
  states: readonly MachineState[],
  timeoutMs: number,
): string {
  return states.filter(isBad)
    .map((state) => describeBad(state, timeoutMs)).join("; ");
}

function tellMachine(
  { machine: { id, region }, standing, failure }: MachineState,
  { reporter }: Pick<RolloutDeps, "reporter">,
): void {
  if (standing === "gone") {
    const text =
      `machine ${id} leaves the rollout: it is gone, or runs another image`;
    return reporter.emit({ type: "note", text });
  }
  reporter.emit({
    type: "machine",
    id,
    region,
    standing,
    ...(failure ? { detail: `${failure.phase}: ${failure.message}` } : {}),
  });
}
