/** Waiting for something that is announced, without asking again and again.
 * @module
 */

/** Calls listeners when something changed. */
export class Notifier<T = void> {
  readonly #listeners = new Set<(value: T) => void>();

  /**
   * Adds a listener.
   *
   * @param listener called with every change
   * @returns removes it
   */
  add(listener: (value: T) => void): () => void {
    // A wrapper, so that a listener added twice is called twice.
    const own = (value: T) => listener(value);
    this.#listeners.add(own);
    return () => void this.#listeners.delete(own);
  }

  /**
   * Tells all listeners.
   *
   * @param value what changed
   */
  tell(value: T): void {
    for (const listener of [...this.#listeners]) listener(value);
  }
}

/**
 * Waits until something is there.
 *
 * @param changes tells when to look again
 * @param find gives what is waited for, or undefined
 * @param options how long, in milliseconds, and a signal
 * @returns what was found, or undefined when the time is over
 * @throws the signal's reason if it is aborted, and whatever `find` throws
 */
export function waitFor<T, C>(
  changes: Notifier<C>,
  find: () => T | undefined,
  options: { readonly timeoutMs: number; readonly signal?: AbortSignal },
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
