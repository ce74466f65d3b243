/** A bound on waiting, as a signal.
 * @module
 */

/** A signal that is aborted when the time is over, until it is disposed of. */
export interface DeadlineSignal extends Disposable {
  /** The signal. */
  readonly signal: AbortSignal;
}

/**
 * Starts a deadline.
 *
 * @param timeoutMs how long, in milliseconds
 * @param also further signals that end the wait
 * @returns the signal; its timer ends with it
 */
export function deadlineSignal(
  timeoutMs: number,
  ...also: readonly AbortSignal[]
): DeadlineSignal {
  const over = new AbortController();
  const timer = setTimeout(
    () =>
      over.abort(
        new DOMException(`nothing for ${timeoutMs} ms`, "TimeoutError"),
      ),
    timeoutMs,
  );
  return {
    signal: AbortSignal.any([over.signal, ...also]),
    [Symbol.dispose]: () => clearTimeout(timer),
  };
}

/**
 * Tries again and again, with short pauses.
 *
 * @param attempt what to try; true where it is good
 * @param signal gives up
 * @returns whether an attempt was good before the signal was aborted
 */
export async function tryUntilGood(
  attempt: () => Promise<boolean>,
  signal: AbortSignal,
): Promise<boolean> {
  for (let pauseMs = 2; !signal.aborted; pauseMs = Math.min(50, pauseMs * 2)) {
    if (await attempt()) return true;
    await pause(pauseMs, signal);
  }
  return false;
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener("abort", end, { once: true });
  });
}
