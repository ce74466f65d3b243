/** What every client with an open connection does: it talks all the time.
 * @module
 */
import type { Talker } from "./story.ts";

const SMALL_TALK_MS = 40;
/** How long is waited for an answer. */
export const PATIENCE_MS = 20_000;

/** Waits for something that comes by itself. */
export async function until(what: string, isSo: () => boolean): Promise<void> {
  const deadline = performance.now() + PATIENCE_MS;
  while (!isSo()) {
    if (performance.now() > deadline) throw new Error(`Waited for ${what}`);
    await pause(3);
  }
}

/** What every client with a connection does: small talk, all the time, of which every word must be answered in order. */
export abstract class SmallTalker implements Talker {
  readonly failures: string[] = [];
  answers = 0;
  reconnects = 0;
  #said = 0;
  #going = true;
  #talk: Promise<void> | undefined;

  abstract converse(version: number): Promise<string[]>;
  abstract settled(): Promise<void>;
  /** Sends a number that is to come back. */
  protected abstract say(count: number): Promise<void> | void;
  protected abstract leave(): Promise<void>;

  /** Whether it has not left. */
  protected get stays(): boolean {
    return this.#going;
  }

  /** Begins. */
  protected begin(): void {
    this.#talk = this.#run();
  }

  /** Takes the answer to {@linkcode say}. */
  protected heard(count: number): void {
    if (count === this.answers + 1) this.answers++;
    else {
      this.failures.push(`answer ${count} came after ${this.answers}`);
      this.answers = count;
    }
  }

  async #run(): Promise<void> {
    while (this.#going) {
      await this.settled();
      await this.say(++this.#said);
      await until(`answer ${this.#said}`, () => this.answers >= this.#said)
        .catch((error) => this.failures.push(String(error)));
      await pause(SMALL_TALK_MS);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#going = false;
    await this.#talk;
    await this.leave();
  }
}

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
