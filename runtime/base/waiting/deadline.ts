/** A bound on everything that user code may take its time for.
 * @module
 */
import {
  AbortController,
  AbortSignal,
  DOMException,
} from "../platform/globals.ts";
import { natives, type Timer } from "../platform/natives.ts";
import { isThenable } from "./thenable.ts";

/** The longest that a timer can be set for, in milliseconds; one that is set for longer fires at once. */
export const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * Runs something that must settle in time.
 *
 * What goes on after the deadline is left to itself; its failure then is nobody's. Throws what `late` made, if the
 * deadline passes first.
 */
export async function within<T>(
  timeoutMs: number,
  act: () => T,
  late: () => Error,
): Promise<Awaited<T>> {
  const returned: unknown = act();
  // Waiting only where there is something to wait for keeps a long list of quick steps quick.
  if (!isThenable(returned)) return returned as Awaited<T>;
  const result = Promise.resolve(returned);
  result.catch(() => {});
  let timer: Timer | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = natives.setTimeout(
      () => reject(late()),
      Math.min(timeoutMs, TIMER_MS_MAX),
    );
  });
  try {
    return await Promise.race([result, deadline]) as Awaited<T>;
  } finally {
    natives.clearTimeout(timer);
  }
}

/** A signal that is aborted when the time is over, until it is disposed of. */
export interface DeadlineSignal extends Disposable {
  /** The deadline, or what else ends the wait. */
  readonly signal: AbortSignal;
  /** The deadline alone. */
  readonly over: AbortSignal;
}

/** Starts a deadline. */
export function deadlineSignal(
  timeoutMs: number,
  ...also: readonly (AbortSignal | undefined)[]
): DeadlineSignal {
  const over = new AbortController();
  const timer = natives.setTimeout(
    () =>
      over.abort(
        new DOMException(`nothing for ${timeoutMs} ms`, "TimeoutError"),
      ),
    Math.min(timeoutMs, TIMER_MS_MAX),
  );
  const others = also.filter((signal) => signal !== undefined);
  return {
    signal: others.length === 0
      ? over.signal
      : AbortSignal.any([over.signal, ...others]),
    over: over.signal,
    [Symbol.dispose]: () => natives.clearTimeout(timer),
  };
}
