/** A bound on everything that user code may take its time for.
 * @module
 */

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
  const result = act();
  // Waiting only where there is something to wait for keeps a long list of quick steps quick.
  if (!(result instanceof Promise)) return await result;
  result.catch(() => {});
  let timer: ReturnType<typeof setTimeout> | undefined;
  const deadline = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(late()), timeoutMs);
  });
  try {
    return await Promise.race([result, deadline]) as Awaited<T>;
  } finally {
    clearTimeout(timer);
  }
}
