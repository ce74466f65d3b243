/** `node:timers/promises` on top of the app's timers, so that what waits for one ends with its module.
 * @module
 */
import native from "node:timers/promises";
import type { Timer } from "../../base/platform/natives.ts";

/** The functions of `node:timers` that the app gets. */
export interface AppTimers {
  /** `setTimeout`. */
  readonly setTimeout: typeof globalThis.setTimeout;
  /** `setInterval`. */
  readonly setInterval: typeof globalThis.setInterval;
  /** `setImmediate`. */
  readonly setImmediate: typeof globalThis.setImmediate;
  /** `clearTimeout`. */
  readonly clearTimeout: typeof globalThis.clearTimeout;
  /** `clearInterval`. */
  readonly clearInterval: typeof globalThis.clearInterval;
  /** `clearImmediate`. */
  readonly clearImmediate: typeof globalThis.clearImmediate;
}

/** Options of all of them. */
interface Options {
  readonly signal?: AbortSignal;
  readonly ref?: boolean;
}

/** The functions of `node:timers/promises` that wait. */
export interface TimerPromises {
  /** Waits for some milliseconds. */
  readonly setTimeout: <T = void>(
    ms?: number,
    value?: T,
    options?: Options,
  ) => Promise<T>;
  /** Waits for the next turn of the event loop. */
  readonly setImmediate: <T = void>(
    value?: T,
    options?: Options,
  ) => Promise<T>;
  /** Comes back every so many milliseconds. */
  readonly setInterval: <T = void>(
    ms?: number,
    value?: T,
    options?: Options,
  ) => AsyncGenerator<T, void>;
  /** The same by other names. */
  readonly scheduler: {
    /** Waits for some milliseconds. */
    wait(ms: number, options?: Options): Promise<void>;
    /** Waits for the next turn of the event loop. */
    yield(): Promise<void>;
  };
}

// Kept: the object that holds them is about to be changed.
const { setTimeout, setImmediate, setInterval } = native;

/** Makes the promises of some timers. */
export function timerPromises(timers: AppTimers): TimerPromises {
  const wait = <T>(
    begin: (done: () => void) => Timer | NodeJS.Immediate,
    end: (begun: never) => void,
    refuse: () => Promise<T>,
    value: T,
    { signal, ref }: Options,
  ): Promise<T> =>
    new Promise<T>((resolve) => {
      const aborted = () => {
        end(begun as never);
        resolve(refuse());
      };
      const begun = begin(() => {
        signal?.removeEventListener("abort", aborted);
        resolve(value);
      });
      if (ref === false) (begun as { unref(): unknown }).unref();
      signal?.addEventListener("abort", aborted, { once: true });
    });
  const promises: TimerPromises = {
    setTimeout: <T>(ms?: number, value?: T, options: Options = {}) => {
      const refuse = () => setTimeout(ms, value as T, options);
      return isWell(ms, options)
        ? wait(
          (done) => timers.setTimeout(done, ms),
          timers.clearTimeout,
          refuse,
          value as T,
          options,
        )
        : refuse();
    },
    setImmediate: <T>(value?: T, options: Options = {}) => {
      const refuse = () => setImmediate(value as T, options);
      return isWell(0, options)
        ? wait(
          (done) => timers.setImmediate(done),
          timers.clearImmediate,
          refuse,
          value as T,
          options,
        )
        : refuse();
    },
    async *setInterval<T>(ms?: number, value?: T, options: Options = {}) {
      if (!isWell(ms, options)) {
        for await (const it of setInterval(ms, value as T, options)) yield it;
        return;
      }
      const { signal, ref } = options;
      let due = 0;
      let wake = () => {};
      const timer = timers.setInterval(() => {
        due++;
        wake();
      }, ms) as unknown as Timer;
      if (ref === false) timer.unref();
      const aborted = () => wake();
      signal?.addEventListener("abort", aborted, { once: true });
      try {
        while (!signal?.aborted) {
          if (due === 0) await new Promise<void>((resolve) => wake = resolve);
          for (; due > 0; due--) yield value as T;
        }
        await setTimeout(0, undefined, { signal });
      } finally {
        timers.clearInterval(timer);
        signal?.removeEventListener("abort", aborted);
      }
    },
    scheduler: {
      wait: (ms, options) => promises.setTimeout(ms, undefined, options),
      yield: () => promises.setImmediate(),
    },
  };
  return promises;
}

/** Whether the platform would wait; where not, it says itself why. */
function isWell(ms: unknown, options: unknown): boolean {
  if (ms !== undefined && typeof ms !== "number") return false;
  if (typeof options !== "object" || options === null) return false;
  const { signal, ref } = options as { signal?: unknown; ref?: unknown };
  if (ref !== undefined && typeof ref !== "boolean") return false;
  return signal === undefined ||
    (signal instanceof AbortSignal && !signal.aborted);
}
