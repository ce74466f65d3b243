/** How machines are stopped.
 * @module
 */
import { durationMs } from "../durations.ts";
import type { MachineConfig } from "./records/machine_types.ts";
import { isSignal, type Signal } from "../computer/processes.ts";

/** How to stop a machine this time. */
export interface StopOptions {
  /** The first signal. Default that of its configuration, else SIGINT. */
  readonly signal?: Signal;
  /** How long it may take before SIGKILL, in milliseconds. Default that of its configuration, else 5000. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 5_000;
const TIMEOUT_MS_MAX = 300_000;

/** Says how a machine is stopped. */
export function stopHabits(
  config: MachineConfig,
  options: StopOptions = {},
): Required<StopOptions> {
  const { signal = "SIGINT", timeout } = config.stop_config ?? {};
  const timeoutMs = options.timeoutMs ?? durationMs(timeout, "ns") ??
    TIMEOUT_MS;
  return {
    signal: options.signal ?? (isSignal(signal) ? signal : "SIGINT"),
    timeoutMs: Math.min(timeoutMs, TIMEOUT_MS_MAX),
  };
}
