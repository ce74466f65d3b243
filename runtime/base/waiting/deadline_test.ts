import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { TIMER_MS_MAX, within } from "./deadline.ts";
import { FakeTimers } from "../../../tests/support/fake_timers.ts";

class Late extends Error {}
const late = () => new Late("too late");

Deno.test("within() hands on what comes in time, and leaves no timer", async () => {
  using timers = new FakeTimers();
  assertEquals(await within(100, () => Promise.resolve(1), late), 1);
  const cause = new RangeError("no");
  assertStrictEquals(
    await assertRejects(() => within(100, () => Promise.reject(cause), late)),
    cause,
  );
  assertEquals(timers.delays, [100, 100]);
  assertEquals(timers.pending, []);
});

Deno.test("within() sets no timer where there is nothing to wait for", async () => {
  using timers = new FakeTimers();
  assertEquals(await within(100, () => 1, late), 1);
  await assertRejects(
    () =>
      within(100, () => {
        throw new RangeError("at once");
      }, late),
    RangeError,
  );
  assertEquals(timers.delays, []);
});

Deno.test("within() fails at the deadline, and nobody has to hear of what fails afterwards", async () => {
  using timers = new FakeTimers();
  const slow = Promise.withResolvers<void>();
  const waiting = assertRejects(
    () => within(100, () => slow.promise, late),
    Late,
    "too late",
  );
  (await timers.next()).fire();
  await waiting;
  slow.reject(new Error("nobody hears this"));
  await slow.promise.catch(() => {});
});

Deno.test("within() bounds promises that are not native", async () => {
  using timers = new FakeTimers();
  const never = { then() {} };
  const waiting = assertRejects(() => within(100, () => never, late), Late);
  await Promise.resolve();
  assertEquals(timers.delays, [100]);
  timers.pending[0]!.fire();
  await waiting;
});

Deno.test("within() takes a deadline that no timer can be set for as the longest one", async () => {
  using timers = new FakeTimers();
  await within(Number.MAX_SAFE_INTEGER, () => Promise.resolve(), late);
  assertEquals(timers.delays, [TIMER_MS_MAX]);
});
