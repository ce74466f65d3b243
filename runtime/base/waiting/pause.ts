/** Waiting for a while.
 * @module
 */
import { TIMER_MS_MAX } from "./deadline.ts";
import { natives } from "../platform/natives.ts";

/** Options of {@linkcode pause}. */
export interface PauseOptions {
  /** Ends the pause early; that is not an error. */
  readonly signal?: AbortSignal | undefined;
  /** Whether the process stays alive for it. Default true */
  readonly staysAlive?: boolean;
}

/** Waits for so many milliseconds by the platform's own clock, which no upgrade holds. */
export function pause(
  ms: number,
  { signal, staysAlive = true }: PauseOptions = {},
): Promise<void> {
  return new Promise((resolve) => {
    if (signal?.aborted) return resolve();
    const done = () => {
      natives.clearTimeout(timer);
      signal?.removeEventListener("abort", done);
      resolve();
    };
    const timer = natives.setTimeout(done, Math.min(ms, TIMER_MS_MAX));
    if (!staysAlive) timer.unref();
    signal?.addEventListener("abort", done, { once: true });
  });
}
