/** The clocks and timers of the platform, taken over by a simulated world for code that knows no other.
 * @module
 */
import { createHash } from "node:crypto";
import { natives } from "../../runtime/base/platform/natives.ts";
import { currentProcess, type Sim } from "./sim.ts";

/**
 * Makes `Date`, `performance.now`, `setTimeout` and `AbortSignal.timeout` tell the time of a world to its processes,
 * and digests ready at once, so that one seed always leads to the same life.
 *
 * @param sim the world
 * @returns puts everything back when disposed
 */
export function useSimClock(sim: Sim): Disposable {
  const real = {
    Date: globalThis.Date,
    now: performance.now,
    setTimeout: globalThis.setTimeout,
    clearTimeout: globalThis.clearTimeout,
    timeout: AbortSignal.timeout,
    digest: crypto.subtle.digest,
  };
  const timers = new Map<number, () => void>();
  let lastId = 0;
  const wallClock = () => sim.now + (currentProcess()?.skewMs ?? 0);
  class SimDate extends real.Date {
    constructor(...given: [] | [value: string | number]) {
      super(given.length === 0 ? wallClock() : given[0]);
    }
    static override now(): number {
      return wallClock();
    }
  }
  const later = (call: () => void, ms = 0): number => {
    const id = ++lastId;
    timers.set(
      id,
      sim.later(ms, () => {
        timers.delete(id);
        call();
      }),
    );
    return id;
  };
  const simSetTimeout = (
    call: (...args: unknown[]) => void,
    ms?: number,
    ...args: unknown[]
  ) => {
    if (!currentProcess()) return real.setTimeout(call, ms, ...args);
    const id = later(() => call(...args), ms);
    return Object.assign(new Number(id), {
      unref() {},
      ref() {},
      [Symbol.toPrimitive]: () => id,
    });
  };
  const simClearTimeout = (id?: unknown) => {
    const withdraw = id === undefined ? undefined : timers.get(Number(id));
    if (!withdraw) {
      if (typeof id === "number") real.clearTimeout(id);
      return;
    }
    timers.delete(Number(id));
    withdraw();
  };
  const simTimeout = (ms: number): AbortSignal => {
    if (!currentProcess()) return real.timeout.call(AbortSignal, ms);
    const controller = new AbortController();
    later(
      () => controller.abort(new DOMException("timed out", "TimeoutError")),
      ms,
    );
    return controller.signal;
  };
  const simDigest = (algorithm: unknown, data: BufferSource) =>
    Promise.resolve(digestNow(String(algorithm), data));
  Object.assign(globalThis, {
    Date: SimDate,
    setTimeout: simSetTimeout,
    clearTimeout: simClearTimeout,
  });
  Object.assign(natives, {
    setTimeout: simSetTimeout,
    clearTimeout: simClearTimeout,
  });
  Object.assign(performance, { now: () => sim.elapsed });
  Object.assign(AbortSignal, { timeout: simTimeout });
  Object.assign(crypto.subtle, { digest: simDigest });
  return {
    [Symbol.dispose]() {
      Object.assign(globalThis, {
        Date: real.Date,
        setTimeout: real.setTimeout,
        clearTimeout: real.clearTimeout,
      });
      Object.assign(natives, {
        // What a process of the world still had under way ends with it.
        setTimeout: (...args: Parameters<typeof setTimeout>) =>
          currentProcess()
            ? Object.assign(new Number(0), { unref() {}, ref() {} })
            : real.setTimeout(...args),
        clearTimeout: real.clearTimeout,
      });
      Reflect.deleteProperty(performance, "now");
      if (performance.now !== real.now) {
        Object.assign(performance, { now: real.now });
      }
      Object.assign(AbortSignal, { timeout: real.timeout });
      Reflect.deleteProperty(crypto.subtle, "digest");
    },
  };
}

function digestNow(algorithm: string, data: BufferSource): ArrayBuffer {
  const bytes = data instanceof ArrayBuffer
    ? new Uint8Array(data)
    : new Uint8Array(data.buffer, data.byteOffset, data.byteLength);
  const hash = createHash(algorithm.toLowerCase().replace("-", ""));
  const digest = hash.update(bytes).digest();
  return new Uint8Array(digest).buffer;
}
