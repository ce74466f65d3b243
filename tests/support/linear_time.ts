/** Holds work against the length of what it works on, on a machine that has other things to do.
 * @module
 */

import { assert } from "@std/assert";

/** How often it is measured: what is slow each time is the work's own doing, a stall of the computer is not. */
const ATTEMPTS = 5;
const TIMES = 16;
/** A square would take 256 times as long. */
const AT_MOST = 120;
/** What is faster than this, in milliseconds, is mostly the noise of collecting garbage. */
const NOISE_MS = 1;

/** Fails if a text that is 16 times as long takes far more than 16 times as long. */
export function assertLinearTime(
  act: (text: string) => unknown,
  piece: string,
  { open = "", pieces = 20_000 }: { open?: string; pieces?: number } = {},
): void {
  const short = open + piece.repeat(pieces);
  const long = open + piece.repeat(TIMES * pieces);
  cost(act, short);
  const measured: string[] = [];
  while (measured.length < ATTEMPTS) {
    const base = Math.max(cost(act, short), NOISE_MS);
    const took = cost(act, long);
    if (took < base * AT_MOST) return;
    measured.push(`${base} and ${took} ms`);
  }
  assert(
    false,
    `${act.name} on ${JSON.stringify(open + piece)}, 16 times as long: ${
      measured.join(", ")
    }`,
  );
}

function cost(act: (text: string) => unknown, text: string): number {
  const start = performance.now();
  try {
    act(text);
  } catch {
    // Text that is refused has been read as well.
  }
  return performance.now() - start;
}
