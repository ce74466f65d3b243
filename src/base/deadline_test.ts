import { assertEquals, assertRejects } from "@std/assert";
import { FakeTimers } from "../../tests/support/fake_timers.ts";
import { withDeadline } from "./deadline.ts";

const late = () => new Error("too late");
const untilAborted = (signal: AbortSignal) =>
  new Promise<never>((_resolve, reject) =>
    signal.addEventListener("abort", () => reject(new Error("broke off")))
  );

Deno.test("withDeadline() returns what the work returns, and leaves no timer", async () => {
  assertEquals(await withDeadline(60_000, late, () => Promise.resolve(1)), 1);
});

Deno.test("withDeadline() gives the work up when its time is over, and says so", async () => {
  using timers = new FakeTimers();
  const working = withDeadline(5000, late, untilAborted);
  assertEquals(timers.delays, [5000]);
  (await timers.next()).fire();
  const error = await assertRejects(() => working, Error);
  assertEquals(error.message, "too late");
});

Deno.test("withDeadline() passes on what the work throws, and the caller's own reason", async () => {
  const own = await assertRejects(
    () => withDeadline(60_000, late, () => Promise.reject(new Error("own"))),
    Error,
  );
  assertEquals(own.message, "own");
  const controller = new AbortController();
  const working = withDeadline(60_000, late, untilAborted, controller.signal);
  controller.abort(new Error("interrupted"));
  const error = await assertRejects(() => working, Error);
  assertEquals(error.message, "interrupted");
});
