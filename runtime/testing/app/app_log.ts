/** What an app writes, line by line, over all its restarts.
 * @module
 */
import { pause } from "../../base/waiting/pause.ts";

const QUIET_MS = 5;
const ROUNDS_MAX = 20;

/** The lines so far, and waiting for the ones to come. */
export class AppLog {
  readonly #lines: string[] = [];
  readonly #listeners = new Set<() => void>();

  /** The lines so far, oldest first. */
  get lines(): readonly string[] {
    return this.#lines;
  }

  /** Takes a line. */
  add(line: string): void {
    this.#lines.push(line);
    for (const listener of [...this.#listeners]) listener();
  }

  /** Takes all that a stream brings, until it ends or the signal is aborted. */
  async read(
    stream: ReadableStream<Uint8Array<ArrayBuffer>>,
    signal: AbortSignal,
  ): Promise<void> {
    const reader = stream.pipeThrough(new TextDecoderStream()).getReader();
    const stop = () => void reader.cancel().catch(() => {});
    signal.addEventListener("abort", stop, { once: true });
    let rest = "";
    for (;;) {
      const { done, value } = await reader.read();
      if (done) break;
      const lines = (rest + value).split(/\r?\n/);
      rest = lines.pop() ?? "";
      for (const line of lines) this.add(line);
    }
    signal.removeEventListener("abort", stop);
    if (rest !== "") this.add(rest);
  }

  /**
   * Waits until what was written so far has been read: it comes by another way than the app's answers. An app that
   * never stops writing is not waited for long.
   */
  async caughtUp(): Promise<void> {
    let seen = -1;
    for (let round = 0; round < ROUNDS_MAX; round++) {
      if (seen === this.#lines.length) return;
      seen = this.#lines.length;
      await pause(QUIET_MS);
    }
  }

  /** Waits for a line. */
  waitFor(
    wanted: string | RegExp,
    from: number,
    signal: AbortSignal,
  ): Promise<string> {
    let next = from;
    const look = () => {
      while (next < this.#lines.length) {
        const line = this.#lines[next++]!;
        const found = typeof wanted === "string"
          ? line.includes(wanted)
          : line.search(wanted) >= 0;
        if (found) return line;
      }
      return undefined;
    };
    return new Promise((resolve, reject) => {
      const end = () => {
        this.#listeners.delete(listener);
        signal.removeEventListener("abort", give);
      };
      const give = () => {
        end();
        reject(signal.reason);
      };
      const listener = () => {
        const line = look();
        if (line === undefined) return;
        end();
        resolve(line);
      };
      const line = look();
      if (line !== undefined) return resolve(line);
      if (signal.aborted) return reject(signal.reason);
      this.#listeners.add(listener);
      signal.addEventListener("abort", give, { once: true });
    });
  }
}
