/** Timers that requests and events have left behind: who set them is over, and nothing ends them with the code that they
 * run.
 *
 * @module
 */
import { performance } from "../../base/platform/globals.ts";
import { natives, type Timer } from "../../base/platform/natives.ts";
import type { Work } from "../../modules/generations.ts";

type Callback = (...args: unknown[]) => unknown;

/** A timer that is pending, and that nobody waits for. */
export interface LeftTimer {
  /** What it runs. */
  readonly callback: Callback;
  /** The modules of the app that were on the stack when it was set, the innermost first; none where nobody looked. */
  readonly places: readonly string[];
  /** Whether it comes again and again. */
  readonly repeats: boolean;
  /** Whether what set it was over by then: a loop, or a chain of timers. */
  readonly isChained: boolean;
  /** The generation of the work that has begun it; null where nobody knows it: an open stream, or what is over. */
  readonly begunIn: number | null;
}

interface Pending extends LeftTimer {
  readonly work: Work | null;
  readonly dueAt: number;
}

/** What comes sooner ends with the work that began before an upgrade. */
const SOON_MS = 2000;

/** The timers of work that is no evaluation. */
export class LeftTimers {
  readonly #pending = new Map<unknown, Pending>();
  readonly #callingPlaces: () => string[];
  #running = false;

  /**
   * @param callingPlaces the modules of the app on the stack
   */
  constructor(callingPlaces: () => string[]) {
    this.#callingPlaces = callingPlaces;
  }

  /** Sets a timer, and knows it until it has come or is cleared. */
  set(
    set: (run: Callback) => Timer,
    body: Callback,
    about: {
      readonly callback: Callback;
      readonly repeats: boolean;
      readonly ms: number;
      readonly work: Work | null;
    },
  ): Timer {
    const { callback, repeats, ms, work } = about;
    const isChained = this.#running || work === null || work.ended;
    const isLong = repeats || isChained || ms > SOON_MS;
    // deno-lint-ignore no-this-alias -- the callback has a `this` of its own
    const all = this;
    const timer = set(function (this: unknown, ...given) {
      // An immediate that was ended comes all the same.
      if (!all.#pending.has(timer)) return;
      if (!repeats) all.#pending.delete(timer);
      const before = all.#running;
      all.#running = true;
      try {
        return body.apply(this, given);
      } finally {
        all.#running = before;
      }
    });
    this.#pending.set(timer, {
      callback,
      repeats,
      work,
      isChained,
      begunIn: work?.generation ?? null,
      dueAt: performance.now() + ms,
      // Looking at the stack takes longer than setting a timer.
      places: isLong ? this.#callingPlaces() : [],
    });
    return timer;
  }

  /** Forgets a timer that is cleared. */
  cleared(timer: unknown): void {
    if (this.#pending.delete(timer) || typeof timer === "object") return;
    const number = Number(timer);
    for (const it of this.#pending.keys()) {
      if (Number(it) === number) this.#pending.delete(it);
    }
  }

  /** Ends a timer. */
  end(left: LeftTimer): void {
    for (const [timer, it] of this.#pending) {
      if (it !== left) continue;
      this.#pending.delete(timer);
      natives.clearTimeout(timer as Timer);
    }
  }

  /** The timers that would go on after an upgrade. */
  *left(drainMs: number): Generator<LeftTimer> {
    const end = performance.now() + drainMs;
    for (const it of this.#pending.values()) {
      // Whoever still waits for it is counted as work that did not end.
      if (it.work?.ended === false) continue;
      if (it.repeats || it.isChained || it.dueAt > end) yield it;
    }
  }
}
