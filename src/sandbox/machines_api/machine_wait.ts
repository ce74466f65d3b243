/** Waiting for a machine's state, as the Machines API does.
 * @module
 */
import type { Machine } from "../machine/machine.ts";
import type { MachineState } from "../machine/records/machine_types.ts";
import { invalidArgument, PlatformError } from "./platform_error.ts";
import { waitFor } from "../wait_for.ts";

/** What is waited for. */
interface WantedState {
  /** Any of these, or `settled` for any that lasts. */
  readonly states: readonly string[];
  /** The version of the machine's configuration, or null for any. */
  readonly version: string | null;
  /** How long, in milliseconds. */
  readonly timeoutMs: number;
}

const STATES = [
  "started",
  "stopped",
  "suspended",
  "destroyed",
  "failed",
  "settled",
];
const LASTING: readonly MachineState[] = [
  "created",
  "started",
  "stopped",
  "suspended",
  "failed",
  "destroyed",
];

/** Reads the query of a wait. */
export function parseWait(query: URLSearchParams): WantedState {
  const states = query.getAll("state").flatMap((text) => text.split(","))
    .filter((state) => state !== "");
  if (states.length === 0) states.push("started");
  for (const state of states) {
    if (!STATES.includes(state)) {
      throw invalidArgument(`state "${state}" cannot be waited for`);
    }
  }
  const timeout = Number(query.get("timeout") ?? 60);
  if (!Number.isInteger(timeout) || timeout < 1 || timeout > 60) {
    throw invalidArgument("timeout must be between 1 and 60 seconds");
  }
  const version = query.get("version") ?? query.get("instance_id");
  return { states, version, timeoutMs: timeout * 1000 };
}

/** Waits for a machine's state. */
export async function waitForMachine(
  machine: Machine,
  wanted: WantedState,
  signal: AbortSignal,
): Promise<void> {
  if (machine.state === "destroyed") {
    throw new PlatformError(404, "machine not found");
  }
  const { states, version, timeoutMs } = wanted;
  const reached = await waitFor(machine.changes, () => {
    if (version !== null && version !== machine.instanceId) {
      throw new PlatformError(404, `machine version ${version} not found`);
    }
    const { state } = machine;
    if (states.includes(state)) return true;
    if (states.includes("settled") && LASTING.includes(state)) return true;
    if (state === "destroyed") {
      throw new PlatformError(404, "machine not found");
    }
    return undefined;
  }, { timeoutMs, signal });
  if (reached === undefined) {
    throw new PlatformError(
      408,
      `deadline_exceeded: machine failed to reach desired state, ${
        states.join(",")
      }, currently ${machine.state}`,
    );
  }
}
