/** Looks at the pointer again and again.
 * @module
 */
import { AbortController } from "../base/platform/globals.ts";
import { pause } from "../base/waiting/pause.ts";
import { errorText } from "../base/error_text.ts";
import { TIMER_MS_MAX } from "../base/waiting/deadline.ts";
import { LookError } from "./pointer/look_error.ts";
import type { Logger } from "../base/log.ts";

/** What a watcher needs. */
export interface WatcherContext {
  /** Looks once; may say when to look again at the latest, in milliseconds. */
  poll(): Promise<number | null>;
  /** The usual interval, in milliseconds. */
  readonly intervalMs: number;
  readonly logger: Logger;
  /** A random number from 0 to 1. Default `Math.random` */
  readonly random?: () => number;
}

/** The longest pause after repeated trouble, as a multiple of the interval. */
const BACK_OFF_MAX = 12;

/** How long to wait before looking again: the interval with a tenth of jitter, doubled with each failure in a row. */
export function pollDelay(
  intervalMs: number,
  failures: number,
  random: number,
): number {
  const factor = Math.min(BACK_OFF_MAX, 2 ** failures);
  return Math.min(TIMER_MS_MAX, intervalMs * factor * (0.9 + random * 0.2));
}

/** Polls until it is disposed; never keeps the process alive. */
export class Watcher implements AsyncDisposable {
  readonly #context: WatcherContext;
  #stopped = false;
  #wake: (() => void) | null = null;
  #nudged = false;
  #running: Promise<void> | null = null;

  constructor(context: WatcherContext) {
    this.#context = context;
  }

  /** Starts polling. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Looks now, or once more if it is looking already. */
  nudge(): void {
    this.#nudged = true;
    this.#wake?.();
  }

  /** Stops; settles when the look in progress is done. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#stopped = true;
    this.#wake?.();
    await this.#running;
  }

  // Not `retry`: it looks again after success as well, and a nudge ends the wait.
  async #run(): Promise<void> {
    const { poll, intervalMs, logger, random = Math.random } = this.#context;
    let failures = 0;
    let said: string | null = null;
    while (!this.#stopped) {
      let delay = pollDelay(intervalMs, failures, random());
      if (!this.#nudged) await this.#pause(delay);
      if (this.#stopped) return;
      this.#nudged = false;
      try {
        const sooner = await poll();
        failures = 0;
        said = null;
        delay = pollDelay(intervalMs, 0, random());
        if (sooner !== null && sooner < delay) {
          await this.#pause(Math.max(0, sooner));
          this.#nudged = true;
        }
      } catch (error) {
        const what = error instanceof LookError
          ? error.what
          : "a look at the pointer has failed";
        // One line when it begins; a bucket that is down for an hour must not fill the log.
        if (what !== said) {
          logger.warn(`${what}, trying again: ${errorText(error)}`);
        }
        said = what;
        failures++;
      }
    }
  }

  #pause(ms: number): Promise<void> {
    if (this.#nudged || this.#stopped) return Promise.resolve();
    const woken = new AbortController();
    this.#wake = () => woken.abort();
    return pause(ms, { signal: woken.signal, staysAlive: false });
  }
}
