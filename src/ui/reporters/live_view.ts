/** What a terminal shows of a command that goes on: state and drawing, without any terminal.
 * @module
 */
import { type EventLine, eventLine, standingWords } from "./event_line.ts";
import { formatTable } from "../format.ts";
import type { ReportEvent } from "../reporter.ts";

type MachineEvent = Extract<ReportEvent, { type: "machine" }>;
type StepEvent = Extract<ReportEvent, { type: "step" }>;

/** What is going on now. */
export interface LiveState {
  /** Steps that have begun and not ended, oldest first. */
  readonly steps: readonly StepEvent[];
  /** Machines and where each stands, in the order of their first event. */
  readonly machines: ReadonlyMap<string, MachineEvent>;
  /** The newest lines of other programs since the last step, oldest first. */
  readonly output: readonly string[];
}

/** Nothing is going on. */
export const IDLE: LiveState = { steps: [], machines: new Map(), output: [] };

/** How many machines are drawn while they change; more would scroll away under the cursor. */
export const MACHINES_SHOWN_MAX = 12;

const OUTPUT_KEPT_MAX = 30;

/** Takes an event in. */
export function advance(
  state: LiveState,
  event: ReportEvent,
): { readonly state: LiveState; readonly settled: readonly EventLine[] } {
  switch (event.type) {
    case "step":
      return {
        state: { ...state, steps: [...state.steps, event], output: [] },
        settled: [],
      };
    case "done":
      return {
        state: {
          ...state,
          steps: state.steps.filter((it) => it.name !== event.name),
          output: [],
        },
        settled: [eventLine(event)],
      };
    case "machine":
      return {
        state: {
          ...state,
          machines: new Map(state.machines).set(event.id, event),
        },
        settled: [],
      };
    case "output":
      // Outside of any step nothing tells later how it went, so every line counts.
      if (state.steps.length === 0) {
        return { state, settled: [eventLine(event)] };
      }
      return {
        state: {
          ...state,
          output: [...state.output, `${event.program}: ${event.line}`]
            .slice(-OUTPUT_KEPT_MAX),
        },
        settled: [],
      };
    case "note":
    case "warning":
      return { state, settled: [eventLine(event)] };
  }
}

/** Draws what is going on. */
export function draw(state: LiveState): readonly EventLine[] {
  const lines = state.steps.map(eventLine);
  const last = state.output.at(-1);
  if (last !== undefined) lines.push({ mark: "|", tone: "dim", text: last });
  // Whoever still moves is worth watching; the others are told of in the end.
  const machines = [...state.machines.values()];
  const shown = machines.length <= MACHINES_SHOWN_MAX
    ? machines
    : machines.filter((it) => !isSettled(it)).slice(0, MACHINES_SHOWN_MAX);
  lines.push(...machineLines(shown));
  const hidden = machines.length - shown.length;
  if (hidden > 0) {
    lines.push({ mark: " ", tone: "dim", text: `and ${hidden} more` });
  }
  return lines;
}

/** Draws what is left when the command ends. */
export function drawEnd(state: LiveState): readonly EventLine[] {
  if (state.steps.length === 0) return [];
  return [
    ...state.steps.map((step): EventLine => ({
      ...eventLine(step),
      mark: "✗",
      tone: "bad",
    })),
    ...state.output.map((text): EventLine => ({
      mark: "|",
      tone: "dim",
      text,
    })),
    ...machineLines([...state.machines.values()]),
  ];
}

function isSettled({ standing }: MachineEvent): boolean {
  return standing !== "queued" && standing !== "nudged" &&
    standing !== "pending";
}

function machineLines(
  machines: readonly MachineEvent[],
): readonly EventLine[] {
  const texts = formatTable(machines.map((it) => [
    it.id,
    it.region,
    standingWords(it.standing).words,
    it.detail ?? "",
  ]));
  return machines.map((it, index) => {
    const { mark, tone } = standingWords(it.standing);
    return { mark, tone, text: texts[index]! };
  });
}
