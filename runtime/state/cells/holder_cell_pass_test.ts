import { assertEquals, assertRejects } from "@std/assert";
import {
  HolderCallError,
  type HolderCell,
  quiesce,
  runPassingGates,
} from "./holder_cell.ts";
import { FakeTimers } from "../../../tests/support/fake_timers.ts";
import { cellOf, Steps, turns, watched } from "./holder_cell_fixture_test.ts";

// The pass

Deno.test("runPassingGates() lets its calls through a closed gate, and nobody else's", async () => {
  const cell = cellOf({ add: (s, by) => s.count += by }, {
    state: { count: 0 },
  });
  cell.close();
  const outside = watched(cell.call("add", [100]));
  const result = await runPassingGates(async () => {
    await Promise.resolve();
    await cell.call("add", [1]);
    return await cell.call("add", [1]);
  });
  assertEquals(result, 2);
  assertEquals(outside.state, "pending");
  cell.open();
  await turns();
  assertEquals(outside.value, 102);
});

Deno.test("runPassingGates() passes over several holders, also where they are busy", async () => {
  const steps = new Steps();
  const inner = cellOf({ note: (s, id) => s.push(id), step: steps.act }, {
    state: [],
    name: "inner",
  });
  const outer = cellOf({ work: (_, id) => inner.call("note", [id]) }, {
    name: "outer",
  });
  inner.close();
  outer.close();
  const outside = watched(inner.call("note", ["outside"]));
  const passing = runPassingGates(async () => {
    const step = inner.call("step", ["s"]);
    const work = outer.call("work", ["inside"]);
    assertEquals(inner.waiting, 2);
    steps.end();
    await Promise.all([step, work]);
  });
  await passing;
  assertEquals(inner.state, ["inside"]);
  assertEquals(outside.state, "pending");
  inner.open();
  await turns();
  assertEquals(inner.state, ["inside", "outside"]);
});

Deno.test("runPassingGates() still refuses a holder that calls itself", async () => {
  const cell: HolderCell = cellOf({ outer: () => cell.call("outer", []) });
  cell.close();
  await assertRejects(
    () => runPassingGates(() => cell.call("outer", [])),
    HolderCallError,
    "it would wait for itself",
  );
});

Deno.test("runPassingGates() takes the right back when it ends, well or badly", async () => {
  using timers = new FakeTimers();
  const cell = cellOf({ get: () => "got" });
  cell.close();
  const left: Promise<unknown>[] = [];
  const leave = () =>
    void setTimeout(() => left.push(cell.call("get", [])), 10);
  await runPassingGates(leave);
  await assertRejects(
    () =>
      runPassingGates(() => {
        leave();
        throw new RangeError("bad health");
      }),
    RangeError,
    "bad health",
  );
  for (const timer of timers.pending) timer.fire();
  await turns();
  assertEquals(cell.waiting, 2);
  cell.open();
  assertEquals(await Promise.all(left), ["got", "got"]);
});

Deno.test("HolderCell runs a check's call beside an action that waits for what the upgrade holds back (P47)", async () => {
  const back: HolderCell = cellOf({ get: () => "back" }, { name: "back" });
  const front: HolderCell = cellOf({
    hit: async () => await back.call("get", []),
  }, { name: "front" });
  await quiesce([back], AbortSignal.timeout(1000));
  const outside = [front.call("hit", []), front.call("hit", [])].map(watched);
  await turns();
  assertEquals(await runPassingGates(() => front.call("hit", [])), "back");
  assertEquals(outside.map(({ state }) => state), ["pending", "pending"]);
  back.open();
  await turns();
  assertEquals(outside.map(({ state }) => state), ["resolved", "resolved"]);
});

Deno.test("HolderCell lets a check wait for an action that ends, ahead of others that wait", async () => {
  const end = Promise.withResolvers<void>();
  const order: string[] = [];
  const front: HolderCell = cellOf({
    slow: () => end.promise,
    note: (_: unknown, who: string) => order.push(who),
  }, { name: "front" });
  const slow = front.call("slow", []);
  const outside = front.call("note", ["outside"]);
  const check = runPassingGates(() => front.call("note", ["check"]));
  await turns();
  assertEquals(order, []);
  end.resolve();
  await Promise.all([slow, outside, check]);
  assertEquals(order, ["check", "outside"]);
});

Deno.test("runPassingGates() takes the right away at the deadline, though the check goes on (P26)", async () => {
  const cell = cellOf({ get: () => 1 }, { name: "late" });
  const deadline = new AbortController();
  const go = Promise.withResolvers<void>();
  let late: ReturnType<typeof watched> | undefined;
  const hung = runPassingGates(async () => {
    await go.promise;
    late = watched(cell.call("get", []));
  }, deadline.signal);
  cell.close();
  deadline.abort();
  go.resolve();
  await hung;
  await turns();
  assertEquals(late?.state, "pending");
  cell.open();
  await turns();
  assertEquals(late?.state, "resolved");
});
