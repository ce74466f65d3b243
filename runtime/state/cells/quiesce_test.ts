import { assert, assertEquals, assertRejects } from "@std/assert";
import { HolderCallError, quiesce } from "./holder_cell.ts";
import { cellOf, Steps, turns, watched } from "./holder_cell_fixture_test.ts";

const NEVER = new AbortController().signal;

// Quiescence

Deno.test("quiesce() closes holders at rest at once, even past the deadline", async () => {
  const cells = ["a", "b"].map((name) => cellOf({ get: () => name }, { name }));
  await quiesce(cells, AbortSignal.abort());
  const waiting = cells.map((cell) => cell.call("get", []));
  assertEquals(cells.map((cell) => cell.waiting), [1, 1]);
  for (const cell of cells) cell.open();
  assertEquals(await Promise.all(waiting), ["a", "b"]);
  await quiesce([], NEVER);
});

Deno.test("quiesce() waits for every action in flight and holds back the rest", async () => {
  const steps = ["a", "b"].map(() => new Steps());
  const cells = steps.map(({ act }, index) =>
    cellOf({ step: act }, { name: "ab"[index]! })
  );
  const running = cells.map((cell) => cell.call("step", [1]));
  const quiet = watched(quiesce(cells, NEVER));
  const waiting = cells.map((cell) => watched(cell.call("step", [2])));
  steps[1]!.end();
  await turns();
  assertEquals(quiet.state, "pending");
  steps[0]!.end();
  await Promise.all(running);
  await turns();
  assertEquals(quiet.state, "resolved");
  assertEquals(waiting.map(({ state }) => state), ["pending", "pending"]);
  for (const cell of cells) cell.open();
  for (const step of steps) step.end();
  await turns();
  assertEquals(waiting.map(({ state }) => state), ["resolved", "resolved"]);
});

Deno.test("quiesce() waits for work that an action in flight starts on a holder already at rest", async () => {
  const steps = new Steps();
  const inner = cellOf({ step: steps.act }, { name: "inner" });
  const go = Promise.withResolvers<void>();
  const outer = cellOf({
    work: async () => {
      await go.promise;
      return await inner.call("step", ["x"]);
    },
  }, { name: "outer" });
  const work = outer.call("work", []);
  const quiet = watched(quiesce([inner, outer], NEVER));
  await turns();
  assertEquals(quiet.state, "pending");
  go.resolve();
  await turns();
  assertEquals(steps.log, ["x begins"]);
  assertEquals(quiet.state, "pending");
  steps.end();
  assertEquals(await work, "x");
  await turns();
  assertEquals(quiet.state, "resolved");
  assertEquals([inner.idle, outer.idle], [true, true]);
  inner.open();
  outer.open();
});

Deno.test("quiesce() does not wait for work that an action left behind without waiting", async () => {
  const steps = new Steps();
  const inner = cellOf({ step: steps.act }, { name: "inner" });
  const left: Promise<unknown>[] = [];
  const outer = cellOf({
    work: () => {
      queueMicrotask(() => left.push(inner.call("step", ["x"])));
    },
  }, { name: "outer" });
  const work = outer.call("work", []);
  await quiesce([inner, outer], NEVER);
  await work;
  await turns();
  assertEquals([steps.log, inner.waiting], [[], 1]);
  inner.open();
  outer.open();
  steps.end();
  assertEquals(await left[0], "x");
});

Deno.test("quiesce() gets its turn though a holder outside calls without a pause", async () => {
  for (
    const act of [
      () => 1,
      () => Promise.resolve(1),
      async () => {
        await Promise.resolve();
        return 1;
      },
      async () => {
        for (let turn = 0; turn < 5; turn++) await Promise.resolve();
        return 1;
      },
    ]
  ) {
    const inner = cellOf({ act }, { name: "inner" });
    let calls = 0;
    let stop = false;
    const outer = cellOf({
      loop: async () => {
        while (!stop && calls < 5000) {
          await inner.call("act", []);
          calls++;
        }
      },
    }, { name: "outer" });
    const loop = outer.call("loop", []);
    await turns();
    await quiesce([inner], NEVER);
    assert(calls < 1000, `${calls} calls came first`);
    assertEquals(inner.idle, true);
    stop = true;
    inner.open();
    await loop;
  }
});

Deno.test("quiesce() gives up at the deadline, names the busy holder, and leaves the rest to open()", async () => {
  const steps = new Steps();
  const quick = cellOf({ get: () => "got" }, { name: "quick" });
  const slow = cellOf({ step: steps.act }, { name: "slow" });
  const running = slow.call("step", ["a"]);
  const deadline = new AbortController();
  const quiet = assertRejects(
    () => quiesce([quick, slow], deadline.signal),
    HolderCallError,
    "Cannot suspend the holder slow: it is still in an action; the upgrade is given up",
  );
  await turns();
  deadline.abort();
  await quiet;
  const waiting = [quick.call("get", []), slow.call("step", ["b"])];
  assertEquals([quick.waiting, slow.waiting], [1, 1]);
  quick.open();
  slow.open();
  assertEquals(await waiting[0], "got");
  steps.end();
  assertEquals(await running, "a");
  steps.end();
  assertEquals(await waiting[1], "b");
});

Deno.test("quiesce() gives up on a busy holder where the deadline is over before it begins", async () => {
  const steps = new Steps();
  const slow = cellOf({ step: steps.act }, { name: "slow" });
  const running = slow.call("step", ["a"]);
  await assertRejects(
    () => quiesce([slow], AbortSignal.abort()),
    HolderCallError,
    "Cannot suspend the holder slow",
  );
  slow.open();
  steps.end();
  assertEquals(await running, "a");
});

Deno.test("quiesce() listens to the deadline no longer than it takes", async () => {
  const { signal } = new AbortController();
  let listeners = 0;
  const { addEventListener, removeEventListener } = signal;
  signal.addEventListener = (...args: Parameters<typeof addEventListener>) => {
    listeners++;
    addEventListener.apply(signal, args);
  };
  signal.removeEventListener = (
    ...args: Parameters<typeof removeEventListener>
  ) => {
    listeners--;
    removeEventListener.apply(signal, args);
  };
  const cell = cellOf({});
  for (let round = 0; round < 3; round++) {
    await quiesce([cell], signal);
    cell.open();
  }
  assertEquals(listeners, 0);
});
