/** A bound on everything that user code may take its time for.
 * @module
 */
import { isThenable } from "./thenable.ts";

/** The longest that a timer can be set for, in milliseconds; one that is set for longer fires at once. */
export const TIMER_MS_MAX = 2 ** 31 - 1;

/**
 * Runs something that must settle in time.
 *
 * What goes on after the deadline is left to itself; its failure then is nobody's.
 *
 * @param timeoutMs how long it may take, in milliseconds
 * @param act what to run
 * @param late makes the error for the deadline
 * @returns what it returns
 * @throws what `late` made, if the deadline passes first
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
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(
      () => reject(late()),
      Math.min(timeoutMs, TIMER_MS_MAX),
    );
  });
  try {
    return await Promise.race([result, deadline]) as Awaited<T>;
  } finally {
    clearTimeout(timer);
  }
}
