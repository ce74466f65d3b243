import { assertEquals } from "@std/assert";
import { HolderCallError } from "./holder_cell.ts";
import { FakeTimers } from "../../../tests/support/fake_timers.ts";
import { cellOf, Steps, turns, watched } from "./holder_cell_fixture_test.ts";

// The gate

Deno.test("HolderCell.close() holds every call back, open() lets them through in order", async () => {
  const cell = cellOf({ note: (s, id) => s.push(id) }, { state: [] });
  cell.close();
  const waiting = ["a", "b", "c"].map((id) => cell.call("note", [id]));
  await turns();
  assertEquals([cell.state, cell.waiting, cell.idle], [[], 3, true]);
  cell.open();
  cell.open();
  const late = cell.call("note", ["d"]);
  await Promise.all([...waiting, late]);
  assertEquals(cell.state, ["a", "b", "c", "d"]);
});

Deno.test("HolderCell.open() during an action starts no second one", async () => {
  const steps = new Steps();
  const cell = cellOf({ step: steps.act });
  const calls = [cell.call("step", ["a"]), cell.call("step", ["b"])];
  cell.drain();
  cell.open();
  await turns();
  assertEquals(steps.log, ["a begins"]);
  steps.end();
  await turns();
  steps.end();
  assertEquals(await Promise.all(calls), ["a", "b"]);
});

Deno.test("HolderCell.drain() lets the running action end and holds back the next", async () => {
  const steps = new Steps();
  const cell = cellOf({ step: steps.act });
  const running = cell.call("step", ["a"]);
  const waiting = watched(cell.call("step", ["b"]));
  cell.drain();
  const settled = watched(cell.settled());
  await turns();
  assertEquals(settled.state, "pending");
  steps.end();
  await running;
  await turns();
  assertEquals(settled.state, "resolved");
  assertEquals([waiting.state, cell.waiting], ["pending", 1]);
  assertEquals(steps.log, ["a begins", "a ends"]);
  cell.open();
  steps.end();
  await turns();
  assertEquals(waiting.state, "resolved");
});

Deno.test("HolderCell.drain() lets a call through that an action in flight waits for, before those that came first", async () => {
  const steps = new Steps();
  const inner = cellOf({ note: (s, id) => s.push(id), step: steps.act }, {
    state: [],
    name: "inner",
  });
  const go = Promise.withResolvers<void>();
  const outer = cellOf({
    work: async () => {
      await go.promise;
      await inner.call("note", ["from inside"]);
      await inner.call("note", ["again"]);
    },
  }, { name: "outer" });
  const work = outer.call("work", []);
  const step = inner.call("step", ["s"]);
  const outside = watched(inner.call("note", ["from outside"]));
  inner.drain();
  outer.drain();
  go.resolve();
  await turns();
  assertEquals(inner.waiting, 2, "the holder is busy: inside calls wait too");
  steps.end();
  await step;
  await work;
  assertEquals(inner.state, ["from inside", "again"]);
  assertEquals([outside.state, inner.waiting], ["pending", 1]);
  inner.open();
  await turns();
  assertEquals(inner.state, ["from inside", "again", "from outside"]);
});

Deno.test("HolderCell.drain() holds back what an ended action left behind", async () => {
  using timers = new FakeTimers();
  const inner = cellOf({ note: () => "noted" }, { name: "inner" });
  const left: Promise<unknown>[] = [];
  const outer = cellOf({
    schedule: () =>
      void setTimeout(() => left.push(inner.call("note", [])), 10),
  }, { name: "outer" });
  await outer.call("schedule", []);
  inner.drain();
  timers.pending[0]!.fire();
  await turns();
  assertEquals(inner.waiting, 1);
  inner.open();
  assertEquals(await left[0], "noted");
});

Deno.test("HolderCell.close() holds calls from inside other holders back too", async () => {
  const inner = cellOf({ note: () => "noted" }, { name: "inner" });
  const outer = cellOf({ work: () => inner.call("note", []) }, {
    name: "outer",
  });
  inner.close();
  const work = watched(outer.call("work", []));
  await turns();
  assertEquals([work.state, inner.waiting], ["pending", 1]);
  inner.open();
  await turns();
  assertEquals(work.value, "noted");
});

Deno.test("HolderCell.settled() is there at once for a holder at rest, and serves many waiters", async () => {
  const steps = new Steps();
  const cell = cellOf({ step: steps.act });
  await cell.settled();
  const running = cell.call("step", ["a"]);
  const waiters = Promise.all([cell.settled(), cell.settled()]);
  steps.end();
  await Promise.all([running, waiters]);
});

Deno.test("HolderCell.refuseWaiting() rejects those that wait and leaves the running action alone", async () => {
  const steps = new Steps();
  const cell = cellOf({ step: steps.act });
  const running = cell.call("step", ["a"]);
  const reason = new HolderCallError("Cannot call counter: it is gone");
  const waiting = [cell.call("step", ["b"]), cell.call("step", ["c"])]
    .map(watched);
  cell.refuseWaiting(reason);
  await turns();
  assertEquals(waiting, [
    { state: "rejected", value: reason },
    { state: "rejected", value: reason },
  ]);
  assertEquals(cell.waiting, 0);
  steps.end();
  assertEquals(await running, "a");
  assertEquals(steps.log, ["a begins", "a ends"]);
});
