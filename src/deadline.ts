/** Work that must be done in time.
 * @module
 */

/**
 * Gives work up when its time is over.
 *
 * @param ms how long it may take, in milliseconds
 * @param late makes the error for work that took longer
 * @param work the work; heeds the signal it is given
 * @param signal gives it up even earlier, with its own reason
 * @returns what the work returns
 * @throws what `late` makes, or the work throws
 */
export async function withDeadline<T>(
  ms: number,
  late: () => Error,
  work: (signal: AbortSignal) => Promise<T>,
  signal?: AbortSignal,
): Promise<T> {
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(late()), ms);
  try {
    return await work(
      signal ? AbortSignal.any([signal, deadline.signal]) : deadline.signal,
    );
  } catch (error) {
    signal?.throwIfAborted();
    // Whatever the interrupted work makes of it, this is why.
    deadline.signal.throwIfAborted();
    throw error;
  } finally {
    clearTimeout(timer);
  }
}
