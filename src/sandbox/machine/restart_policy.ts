/** What becomes of a machine whose main process has ended.
 * @module
 */
import type { MachineConfig } from "./records/machine_types.ts";

/** Retries count within this time. */
const WINDOW_MS = 5 * 60_000;
const RETRIES_MAX = 10;
const PAUSE_MS_FIRST = 100;
const PAUSE_MS_MAX = 5_000;

/** What to do, and after which pause. */
type AfterExit =
  | { readonly action: "stop" | "destroy" }
  | { readonly action: "restart"; readonly pauseMs: number };

/**
 * Decides what becomes of a machine whose main process has ended by itself.
 *
 * Rules: {@link https://fly.io/docs/machines/guides-examples/machine-restart-policy/}. The pauses are the sandbox's own:
 * 100 ms, doubled each time up to 5 s.
 */
export function afterExit(
  config: MachineConfig,
  exitCode: number,
  restartedAt: readonly number[],
  now: number,
): AfterExit {
  const policy = config.restart?.policy || "on-failure";
  if (policy === "no") {
    return { action: config.auto_destroy ? "destroy" : "stop" };
  }
  const recent = restartedAt.filter((at) => now - at < WINDOW_MS).length;
  const retriesMax = config.restart?.max_retries ?? RETRIES_MAX;
  if (policy === "on-failure" && (exitCode === 0 || recent >= retriesMax)) {
    return { action: "stop" };
  }
  return {
    action: "restart",
    pauseMs: Math.min(PAUSE_MS_FIRST * 2 ** Math.min(recent, 10), PAUSE_MS_MAX),
  };
}
