import { assert, assertEquals, assertRejects } from "@std/assert";
import { retry, retryDelayMs } from "./retry.ts";

const waiting = () => {
  const waits: number[] = [];
  const wait = (ms: number) => {
    waits.push(ms);
    return Promise.resolve();
  };
  return { waits, wait };
};

Deno.test("retry() tries again what may pass, waits twice as long each time, up to a bound", async () => {
  const { waits, wait } = waiting();
  const options = { firstMs: 10, lastMs: 35, wait };
  const value = await retry((attempt) => {
    if (attempt < 5) throw new RangeError("again");
    return Promise.resolve(attempt);
  }, { ...options, isTransient: (it) => it instanceof RangeError });
  assertEquals([value, waits], [5, [10, 20, 35, 35]]);
  waits.length = 0;
  const last = await retry((attempt) => Promise.resolve(attempt), {
    ...options,
    attemptsMax: 3,
    isUnsettled: (attempt) => attempt < 9,
  });
  assertEquals([last, waits], [3, [10, 20]], "the last word there is");
});

Deno.test("retry() hands on what stays, what no attempt is left for, and the signal's reason", async () => {
  const { waits, wait } = waiting();
  const failing = (error: Error) => () => Promise.reject(error);
  const options = {
    firstMs: 1,
    wait,
    attemptsMax: 3,
    isTransient: (it: unknown) => it instanceof RangeError,
  };
  await assertRejects(
    () => retry(failing(new TypeError("stays")), options),
    TypeError,
  );
  assertEquals(waits, []);
  await assertRejects(
    () => retry(failing(new RangeError("over")), options),
    RangeError,
    "over",
  );
  assertEquals(waits.length, 2);
  const stop = new AbortController();
  let attempts = 0;
  await assertRejects(
    () =>
      retry(() => {
        attempts++;
        stop.abort(new Error("told to stop"));
        return Promise.reject(new RangeError("late"));
      }, { ...options, signal: stop.signal }),
    Error,
    "told to stop",
  );
  assertEquals(attempts, 1);
  const soon = new AbortController();
  const endless = retry(failing(new RangeError("again")), {
    firstMs: 60_000,
    isTransient: () => true,
    signal: soon.signal,
  });
  soon.abort(new Error("in the pause"));
  await assertRejects(() => endless, Error, "in the pause");
});

Deno.test("retryDelayMs() draws between half and all of the wait", () => {
  const draw = (value: number) =>
    retryDelayMs(3, { firstMs: 100, lastMs: 300, random: () => value });
  assertEquals([draw(0), draw(0.5), draw(1)], [150, 225, 300]);
  assert(retryDelayMs(60, { firstMs: 1, lastMs: 5 }) === 5);
});
