/** Waiting for something that is announced, without asking again and again.
 * @module
 */

/** Calls listeners when something changed. */
export class Notifier<T = void> {
  readonly #listeners = new Set<(value: T) => void>();

  /** Adds a listener; the function returned removes it. */
  add(listener: (value: T) => void): () => void {
    // A wrapper, so that a listener added twice is called twice.
    const own = (value: T) => listener(value);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /** Tells all listeners. */
  tell(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }
}

/** Waits until `find` gives something, and gives that; undefined when the time is over. */
export function waitFor<T, C>(
  changes: Notifier<C>,
  find: () => T | undefined,
  options: {
    readonly timeoutMs: number;
    readonly signal?: AbortSignal | undefined;
  },
): Promise<T | undefined> {
  const { timeoutMs, signal } = options;
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      clearTimeout(timer);
      remove();
      signal?.removeEventListener("abort", abort);
      act();
    };
    const abort = () => settle(() => reject(signal?.reason));
    const look = () => {
      try {
        const found = find();
        if (found !== undefined) settle(() => resolve(found));
      } catch (error) {
        settle(() => reject(error));
      }
    };
    const timer = setTimeout(
      () => settle(() => resolve(undefined)),
      timeoutMs,
    );
    const remove = changes.add(look);
    signal?.addEventListener("abort", abort, { once: true });
    if (signal?.aborted) abort();
    else look();
  });
}
