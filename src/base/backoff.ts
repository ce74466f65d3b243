/** Waiting between attempts.
 * @module
 */
import { retryDelayMs } from "@flyhot/runtime/bucket";
import type { Host } from "../host.ts";

const MS_MAX = 5_000;

/** Computes how long to wait before the next attempt: doubled each time, between half of it and all of it. */
export function backoffMs(
  host: Pick<Host, "randomBytes">,
  baseMs: number,
  attempt: number,
): number {
  const [random = 0] = host.randomBytes(1);
  return retryDelayMs(attempt, {
    firstMs: baseMs,
    lastMs: MS_MAX,
    random: () => random / 256,
  });
}
