/** Work that must be done in time.
 * @module
 */

/** Gives work up when its time is over. */
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
