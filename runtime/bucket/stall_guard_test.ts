import { assertEquals, assertRejects, assertStrictEquals } from "@std/assert";
import { stallGuard } from "./stall_guard.ts";
import { FakeTimers } from "../../tests/support/fake_timers.ts";

type Chunk = Uint8Array<ArrayBuffer>;
const chunk = (...bytes: number[]): Chunk => new Uint8Array(bytes);

/** A body driven by the test. */
class Source {
  pulls = 0;
  readonly cancelled = Promise.withResolvers<unknown>();
  controller!: ReadableStreamDefaultController<Chunk>;
  readonly body = new ReadableStream<Chunk>({
    start: (controller) => {
      this.controller = controller;
    },
    pull: () => {
      this.pulls++;
    },
    cancel: (reason) => this.cancelled.resolve(reason),
  }, { highWaterMark: 0 });
}

class Stalled extends Error {}
const stalled = () => new Stalled("nothing came for a while");

Deno.test("stallGuard() passes every piece through, then the end, and leaves no timer", async () => {
  using timers = new FakeTimers();
  const pieces = [chunk(1), chunk(), chunk(2, 3)];
  const guarded = stallGuard(ReadableStream.from(pieces), 1000, stalled);
  const passed = [];
  for await (const piece of guarded) passed.push(piece);
  assertEquals(passed, pieces);
  assertEquals(timers.pending, []);
  assertEquals(new Set(timers.delays), new Set([1000]));
});

Deno.test("stallGuard() reads nothing before it is read itself", async () => {
  using timers = new FakeTimers();
  const source = new Source();
  const guarded = stallGuard(source.body, 1000, stalled);
  await Promise.resolve();
  assertEquals(source.pulls, 0);
  assertEquals(timers.delays, [], "a slow reader is not a stall");
  await guarded.cancel();
});

Deno.test("stallGuard() errors when no piece comes, and cancels the source", async () => {
  using timers = new FakeTimers();
  const source = new Source();
  const reader = stallGuard(source.body, 1000, stalled).getReader();
  const first = reader.read();
  (await timers.next()).ms;
  source.controller.enqueue(chunk(7));
  assertEquals((await first).value, chunk(7));
  assertEquals(timers.pending, [], "each piece has a deadline of its own");

  const second = assertRejects(() => reader.read(), Stalled);
  (await timers.next()).fire();
  const error = await second;
  assertStrictEquals(await source.cancelled.promise, error);
  await assertRejects(() => reader.read(), Stalled);
});

Deno.test("stallGuard() hands on the error of the source", async () => {
  using timers = new FakeTimers();
  const source = new Source();
  const reader = stallGuard(source.body, 1000, stalled).getReader();
  const reading = assertRejects(() => reader.read(), RangeError, "cut");
  await timers.next();
  source.controller.error(new RangeError("cut"));
  await reading;
  for (let turn = 0; turn < 10; turn++) await Promise.resolve();
  assertEquals(timers.pending, []);
});

Deno.test("stallGuard() cancels the source with the reason of its reader, in the middle of a read too", async () => {
  using timers = new FakeTimers();
  const idle = new Source();
  await stallGuard(idle.body, 1000, stalled).cancel("no need");
  assertEquals(await idle.cancelled.promise, "no need");

  const busy = new Source();
  const reader = stallGuard(busy.body, 1000, stalled).getReader();
  const reading = reader.read();
  await timers.next();
  await reader.cancel("enough");
  assertEquals(await busy.cancelled.promise, "enough");
  assertEquals((await reading).done, true);
  assertEquals(timers.pending, []);
});
