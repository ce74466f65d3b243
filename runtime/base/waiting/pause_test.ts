import { assertEquals } from "@std/assert";
import { FakeTimers } from "../../../tests/support/fake_timers.ts";
import { TIMER_MS_MAX } from "./deadline.ts";
import { pause } from "./pause.ts";

Deno.test("pause() ends with its time, or early and without an error", async () => {
  using timers = new FakeTimers();
  const whole = pause(7);
  const early = new AbortController();
  const cut = pause(9, { signal: early.signal, staysAlive: false });
  assertEquals(timers.pending.map(({ ms, unrefed }) => [ms, unrefed]), [
    [7, false],
    [9, true],
  ]);
  early.abort(new Error("enough"));
  await cut;
  await pause(11, { signal: early.signal });
  assertEquals(timers.pending.map(({ ms }) => ms), [7]);
  timers.pending[0]!.fire();
  await whole;
  assertEquals(timers.pending, []);
});

Deno.test("pause() is not cut short by a number that no timer can be set for", () => {
  using timers = new FakeTimers();
  pause(Number.MAX_SAFE_INTEGER);
  assertEquals(timers.pending.map(({ ms }) => ms), [TIMER_MS_MAX]);
});
