/** Clients that ask an address all the time, and count what they get.
 * @module
 */

/** Some clients. */
export class Clients implements AsyncDisposable {
  /** How often each answer came. */
  readonly answers: Map<string, number> = new Map();
  /** What went wrong. */
  readonly failures: string[] = [];
  /** Where they ask. */
  readonly url: string;
  #asking = true;
  readonly #clients: Promise<unknown>;

  /** They begin at once. */
  constructor(url: string, count = 3) {
    this.url = url;
    this.#clients = Promise.all(
      Array.from({ length: count }, () => this.#client()),
    );
  }

  /** How many answers there were. */
  get total(): number {
    return [...this.answers.values()].reduce((sum, it) => sum + it, 0);
  }

  /** Ends, and says what went wrong. */
  async end(): Promise<string[]> {
    await this[Symbol.asyncDispose]();
    return this.failures;
  }

  async #client(): Promise<void> {
    while (this.#asking) {
      try {
        const response = await fetch(this.url);
        const text = await response.text();
        if (!response.ok) this.failures.push(`${response.status} ${text}`);
        this.answers.set(text, (this.answers.get(text) ?? 0) + 1);
      } catch (error) {
        this.failures.push(String(error));
      }
      await new Promise((resolve) => setTimeout(resolve, 3));
    }
  }

  /** Ends. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#asking = false;
    await this.#clients;
  }
}
