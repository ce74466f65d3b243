/** Changes that run one after the other.
 * @module
 */

/** Runs asynchronous changes one after the other. */
export class JobQueue {
  readonly #onError: (error: unknown) => void;
  #last: Promise<void> | null = null;
  #closed = false;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /**
   * Runs a change after all earlier ones; at once, up to its first wait, if there is none; fulfilled once the change is
   * done.
   */
  run(change: () => Promise<void>): Promise<void> {
    const previous = this.#last;
    const job = (async () => {
      if (previous !== null) await previous;
      if (!this.#closed) await change();
    })();
    const settled: Promise<void> = job.catch(this.#onError).then(() => {
      if (this.#last === settled) this.#last = null;
    });
    this.#last = settled;
    return job;
  }

  /** Runs a change that nobody waits for. */
  start(change: () => Promise<void>): void {
    // What goes wrong has been handed to `onError`.
    this.run(change).catch(() => {});
  }

  /** Fulfilled once no change is under way. */
  async idle(): Promise<void> {
    while (this.#last !== null) await this.#last;
  }

  /** Skips all changes that have not begun. */
  async close(): Promise<void> {
    this.#closed = true;
    await this.idle();
  }
}
