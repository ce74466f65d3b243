import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { AsyncLocalStorage } from "node:async_hooks";
import type { HolderDefinition } from "../definition.ts";
import {
  HolderCallError,
  HolderCell,
  QUEUE_MAX,
  quiesce,
  runPassingGates,
} from "./holder_cell.ts";
import { FakeTimers } from "../../../tests/support/fake_timers.ts";

// deno-lint-ignore no-explicit-any -- actions of tests take what suits them
type TestAction = (state: any, ...args: any[]) => unknown;

function define(
  actions: Record<string, TestAction>,
  name = "counter",
): HolderDefinition {
  return {
    name,
    renamedFrom: null,
    version: 1,
    initial: () => ({}),
    migrate: {},
    actions,
    copy: null,
    module: `${name}.ts`,
  };
}

function cellOf(
  actions: Record<string, TestAction>,
  { state = {} as unknown, name = "counter" } = {},
): HolderCell {
  return new HolderCell(define(actions, name), state);
}

/** An action that the test lets go on, one call after the other. */
class Steps {
  readonly log: string[] = [];
  readonly #open: (() => void)[] = [];

  readonly act = async (_: unknown, id: unknown): Promise<unknown> => {
    this.log.push(`${id} begins`);
    await new Promise<void>((resolve) => this.#open.push(resolve));
    this.log.push(`${id} ends`);
    return id;
  };

  /** Ends the call that has run longest. */
  end(): void {
    const resolve = this.#open.shift();
    assert(resolve, "no call is running");
    resolve();
  }
}

/** Lets everything run that waits for nothing but its turn. */
async function turns(): Promise<void> {
  for (let turn = 0; turn < 50; turn++) await Promise.resolve();
}

/** What became of a promise so far. */
function watched<T>(promise: Promise<T>): { state: string; value?: unknown } {
  const seen: { state: string; value?: unknown } = { state: "pending" };
  promise.then(
    (value) => Object.assign(seen, { state: "resolved", value }),
    (value) => Object.assign(seen, { state: "rejected", value }),
  );
  return seen;
}

const NEVER = new AbortController().signal;

// Calls

Deno.test("HolderCell.call() runs an action at once and promises its result", async () => {
  const state = { count: 1 };
  const cell = cellOf({ add: (s, by, more) => s.count += by + more }, {
    state,
  });
  const result = cell.call("add", [2, 3]);
  assertEquals(state.count, 6, "it has run already");
  assert(result instanceof Promise);
  assertEquals(await result, 6);
  assertEquals(cell.idle, true);
});

Deno.test("HolderCell.call() turns whatever an action does wrong into a rejection, and goes on", async () => {
  const cause = new RangeError("no");
  const cell = cellOf({
    throws: () => {
      throw cause;
    },
    rejects: () => Promise.reject(cause),
    throwsText: () => {
      throw "text";
    },
    fine: () => "fine",
  });
  for (const action of ["throws", "rejects"]) {
    assertStrictEquals(
      await assertRejects(() => cell.call(action, [])),
      cause,
    );
    assertEquals(cell.idle, true);
  }
  assertEquals(await cell.call("throwsText", []).catch((it) => it), "text");
  assertEquals(await cell.call("fine", []), "fine");
});

Deno.test("HolderCell.call() leaves what an action has changed before it throws, as the docs say (P29)", async () => {
  const state = { tags: new Set([1]), count: 0 };
  let told = 0;
  const cell = cellOf({
    add: (s, tag) => {
      s.tags.add(tag);
      s.count++;
      throw new Error("late");
    },
    checked: (s, tag) => {
      if (s.tags.has(tag)) throw new Error("there already");
      s.tags.add(tag);
    },
    later: async (s) => {
      s.count++;
      await Promise.resolve();
      throw new Error("later");
    },
  }, { state });
  cell.listeners.add(() => told++);
  await assertRejects(() => cell.call("add", [99]), Error, "late");
  assertEquals(state, { tags: new Set([1, 99]), count: 1 });
  assertEquals(told, 1, "listeners hear of what has changed all the same");
  await assertRejects(() => cell.call("later", []), Error, "later");
  assertEquals([state.count, told, cell.idle], [2, 2, true]);
  await assertRejects(() => cell.call("checked", [99]), Error, "there");
  assertEquals(state, { tags: new Set([1, 99]), count: 2 });
});

Deno.test("HolderCell.call() refuses an action that the current code does not have, inherited names too", async () => {
  const cell = cellOf({ fine: () => "fine" });
  for (const action of ["gone", "toString", "constructor", "__proto__", ""]) {
    await assertRejects(
      () => cell.call(action, []),
      HolderCallError,
      `Cannot call counter.${action}: the current code of counter has no such action`,
    );
  }
  assertEquals(await cell.call("fine", []), "fine");
});

Deno.test("HolderCell.call() never runs two actions at once, and keeps their order", async () => {
  const steps = new Steps();
  const cell = cellOf({ step: steps.act, note: (_, id) => steps.log.push(id) });
  const results = [
    cell.call("step", ["a"]),
    cell.call("note", ["b"]),
    cell.call("step", ["c"]),
    cell.call("note", ["d"]),
  ];
  assertEquals(cell.waiting, 3);
  steps.end();
  await turns();
  assertEquals(steps.log, ["a begins", "a ends", "b", "c begins"]);
  const late = cell.call("note", ["e"]);
  steps.end();
  await Promise.all([...results, late]);
  assertEquals(steps.log.slice(4), ["c ends", "d", "e"]);
  assertEquals([cell.waiting, cell.idle], [0, true]);
});

Deno.test("HolderCell.call() goes on with the queue after an action that fails", async () => {
  const steps = new Steps();
  const cell = cellOf({
    step: steps.act,
    fail: () => {
      throw new Error("sync");
    },
    failLater: async () => {
      await Promise.resolve();
      throw new Error("async");
    },
  });
  const outcomes = [
    cell.call("step", ["a"]),
    cell.call("fail", []),
    cell.call("gone", []),
    cell.call("failLater", []),
    cell.call("step", ["b"]),
  ].map(watched);
  steps.end();
  await turns();
  steps.end();
  await turns();
  assertEquals(outcomes.map(({ state }) => state), [
    "resolved",
    "rejected",
    "rejected",
    "rejected",
    "resolved",
  ]);
});

Deno.test("HolderCell.call() looks the action and the state up when its turn comes", async () => {
  const steps = new Steps();
  const cell = cellOf({ step: steps.act, get: (s) => `old ${s}` }, {
    state: "1",
  });
  const first = cell.call("step", ["a"]);
  const waiting = cell.call("get", []);
  cell.definition = define({ get: (s) => `new ${s}` });
  cell.state = "2";
  steps.end();
  assertEquals(await first, "a");
  assertEquals(await waiting, "new 2");
});

Deno.test("HolderCell.call() accepts a bounded number of waiting calls, and serves them all", async () => {
  const steps = new Steps();
  const order: number[] = [];
  const cell = cellOf({
    step: steps.act,
    note: (_, id) => void order.push(id),
  });
  const first = cell.call("step", ["a"]);
  const waiting = Array.from(
    { length: QUEUE_MAX },
    (_, id) => cell.call("note", [id]),
  );
  assertEquals(cell.waiting, QUEUE_MAX);
  await assertRejects(
    () => cell.call("note", [-1]),
    HolderCallError,
    `Cannot call counter.note: ${QUEUE_MAX} calls are waiting already; slow the callers down`,
  );
  steps.end();
  await Promise.all([first, ...waiting]);
  assertEquals(order, Array.from({ length: QUEUE_MAX }, (_, id) => id));
  assertEquals(await cell.call("note", [-2]), undefined);
});

Deno.test("HolderCell.open() serves thousands of quick calls without growing the stack", async () => {
  const cell = cellOf(
    { add: (s) => ++s.count, later: (s) => Promise.resolve(++s.count) },
    {
      state: { count: 0 },
    },
  );
  cell.close();
  const waiting = Array.from(
    { length: QUEUE_MAX },
    (_, id) => cell.call(id % 1000 === 0 ? "later" : "add", []),
  );
  cell.open();
  assertEquals(
    await Promise.all(waiting),
    Array.from({ length: QUEUE_MAX }, (_, id) => id + 1),
  );
});

// Promises that are not native

Deno.test("HolderCell.call() waits for thenables of every kind", async () => {
  for (const callable of [false, true]) {
    const done = Promise.withResolvers<string>();
    const thenable = Object.assign(callable ? () => {} : {}, {
      then: done.promise.then.bind(done.promise),
    });
    const cell = cellOf({ wait: () => thenable, quick: () => "quick" });
    const first = watched(cell.call("wait", []));
    const second = watched(cell.call("quick", []));
    await turns();
    assertEquals([first.state, second.state], ["pending", "pending"]);
    assertEquals(cell.idle, false);
    done.resolve("done");
    await turns();
    assertEquals([first.value, second.value], ["done", "quick"]);
  }
});

Deno.test("HolderCell.call() is not stuck after a thenable that misbehaves", async () => {
  const cell = cellOf({
    badGetter: () => ({
      get then() {
        throw new RangeError("getter");
      },
    }),
    badThen: () => ({
      then() {
        throw new RangeError("then");
      },
    }),
    revoked: () => {
      const { proxy, revoke } = Proxy.revocable({}, {});
      revoke();
      return proxy;
    },
    fine: () => "fine",
  });
  for (const action of ["badGetter", "badThen", "revoked"]) {
    await assertRejects(() => cell.call(action, []));
    assertEquals(await cell.call("fine", []), "fine", action);
    assertEquals(cell.idle, true);
  }
});

Deno.test("HolderCell.call() hands on a result with a member called then that is not a function", async () => {
  const result = { then: "later" };
  assertStrictEquals(
    await cellOf({ get: () => result }).call("get", []),
    result,
  );
});

// Calls from inside

Deno.test("HolderCell.call() refuses a call from inside the same holder instead of waiting forever", async () => {
  const cell: HolderCell = cellOf({
    outer: () => cell.call("inner", []),
    outerLater: async () => {
      await Promise.resolve();
      return await cell.call("inner", []);
    },
    inner: () => "inner",
  });
  for (const action of ["outer", "outerLater"]) {
    await assertRejects(
      () => cell.call(action, []),
      HolderCallError,
      "Cannot call counter.inner from inside an action of counter (counter -> counter): it would wait for itself; work on the state directly",
    );
    assertEquals(await cell.call("inner", []), "inner");
  }
});

Deno.test("HolderCell.call() refuses a way back over other holders, and names it", async () => {
  const a: HolderCell = cellOf({ go: () => b.call("go", []) }, { name: "a" });
  const b: HolderCell = cellOf({ go: () => c.call("go", []) }, { name: "b" });
  const c: HolderCell = cellOf({ go: () => a.call("go", []) }, { name: "c" });
  await assertRejects(
    () => a.call("go", []),
    HolderCallError,
    "Cannot call a.go from inside an action of a (a -> b -> c -> a)",
  );
  assertEquals([a.idle, b.idle, c.idle], [true, true, true]);
});

Deno.test("HolderCell.call() lets holders call others, from queued calls too", async () => {
  const log = cellOf({ add: (s, line) => s.push(line) }, {
    state: [],
    name: "log",
  });
  const steps = new Steps();
  const cell = cellOf({
    step: steps.act,
    logged: async (_, line) => await log.call("add", [line]),
  });
  const all = [
    cell.call("step", ["x"]),
    cell.call("logged", ["a"]),
    cell.call("logged", ["b"]),
  ];
  steps.end();
  await Promise.all(all);
  assertEquals(log.state, ["a", "b"]);
});

Deno.test("HolderCell.call() takes calls of timers that an action set, once the action is over", async () => {
  using timers = new FakeTimers();
  const cell: HolderCell = cellOf({
    schedule: (s) => {
      setTimeout(() => s.push(cell.call("tick", [])), 10);
      return cell.call("tick", []).catch((error) => error);
    },
    tick: () => "tick",
  }, { state: [] });
  assert(await cell.call("schedule", []) instanceof HolderCallError);
  timers.pending[0]!.fire();
  assertEquals(await Promise.all(cell.state as unknown[]), ["tick"]);
});

Deno.test("HolderCell.call() does not mistake an ended action for a running one of the same holder", async () => {
  using timers = new FakeTimers();
  const steps = new Steps();
  const cell: HolderCell = cellOf({
    schedule: (s) => void setTimeout(() => s.push(cell.call("tick", [])), 10),
    step: steps.act,
    tick: () => "tick",
  }, { state: [] });
  await cell.call("schedule", []);
  const step = cell.call("step", ["a"]);
  timers.pending[0]!.fire();
  assertEquals(cell.waiting, 1, "it waits for its turn");
  steps.end();
  await step;
  assertEquals(await Promise.all(cell.state as unknown[]), ["tick"]);
});

Deno.test("HolderCell.call() forgets ended actions, so that a chain of timers costs the same at every link", async () => {
  const chainOf = async (links: number): Promise<number> => {
    const end = Promise.withResolvers<void>();
    const cell: HolderCell = cellOf({
      tick: (_, left: number) =>
        left === 0
          ? end.resolve()
          : queueMicrotask(() => void cell.call("tick", [left - 1])),
    });
    const begin = performance.now();
    await cell.call("tick", [links]);
    await end.promise;
    return performance.now() - begin;
  };
  const best = async (links: number): Promise<number> => {
    const times = [];
    for (let run = 0; run < 3; run++) times.push(await chainOf(links));
    return Math.min(...times);
  };
  const short = await best(2000);
  const long = await best(40_000);
  // 20 times as many links; with a chain that grows it would be 400 times the work.
  assert(long < short * 100, `${long} ms after ${short} ms`);
});

Deno.test("HolderCell.call() runs each action in the async context of its own caller, waiting or not", async () => {
  const user = new AsyncLocalStorage<string>();
  const steps = new Steps();
  const cell = cellOf({
    step: steps.act,
    who: () => user.getStore(),
    whoLater: async () => {
      await Promise.resolve();
      return user.getStore();
    },
  });
  const first = user.run("first", () => cell.call("step", ["a"]));
  const waiting = [
    user.run("second", () => cell.call("who", [])),
    user.run("third", () => cell.call("whoLater", [])),
    cell.call("who", []),
  ];
  user.run("finisher", () => steps.end());
  await first;
  assertEquals(await Promise.all(waiting), ["second", "third", undefined]);
});

// Listeners

Deno.test("HolderCell tells its listeners after every action, failed ones too", async () => {
  const seen: unknown[] = [];
  const cell = cellOf({
    add: (s) => ++s.count,
    later: (s) => Promise.resolve(++s.count),
    fail: (s) => {
      s.count += 10;
      throw new Error("no");
    },
  }, { state: { count: 0 } });
  cell.listeners.add(() => seen.push((cell.state as { count: number }).count));
  await cell.call("add", []);
  await cell.call("later", []);
  await cell.call("fail", []).catch(() => {});
  assertEquals(seen, [1, 2, 12]);
  cell.listeners.clear();
  await cell.call("add", []);
  assertEquals(seen.length, 3);
});

Deno.test("HolderCell takes calls that a listener makes, after the action", async () => {
  const cell = cellOf({ add: (s) => ++s.count }, { state: { count: 0 } });
  const fromListener: Promise<unknown>[] = [];
  const listener = () => {
    cell.listeners.delete(listener);
    fromListener.push(cell.call("add", []));
  };
  cell.listeners.add(listener);
  assertEquals(await cell.call("add", []), 1);
  assertEquals(await Promise.all(fromListener), [2]);
});

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

Deno.test("HolderCell.call() finds holders that wait for each other at once, and fails both calls (P52)", async () => {
  const meet = Promise.withResolvers<void>();
  const names = ["a", "b", "c"];
  for (const count of [2, 3]) {
    const cells: HolderCell[] = names.slice(0, count).map((name, at) =>
      cellOf({
        go: async () => {
          await meet.promise;
          await cells[(at + 1) % count]!.call("get", []);
        },
        get: () => name,
      }, { name })
    );
    const stuck = cells.map((cell) => watched(cell.call("go", [])));
    meet.resolve();
    await turns();
    assertEquals(
      stuck.map(({ state }) => state),
      cells.map(() => "rejected"),
      "the circle as a whole",
    );
    assertStringIncludes(
      String(stuck.at(-1)!.value),
      `Cannot call a.get: holders wait for each other (${
        count === 2 ? "b -> a -> b" : "c -> a -> b -> c"
      }); let one of the actions end before the other holder is called`,
    );
    await quiesce(cells, AbortSignal.timeout(1000));
    for (const cell of cells) cell.open();
    assertEquals(await cells[0]!.call("get", []), "a");
  }
});

Deno.test("HolderCell.call() finds a circle that leads over a holder in between", async () => {
  const meet = Promise.withResolvers<void>();
  const a: HolderCell = cellOf({
    go: () => middle.call("on", []),
    get: () => "a",
  }, { name: "a" });
  const middle: HolderCell = cellOf({
    on: async () => {
      await meet.promise;
      return await b.call("get", []);
    },
  }, { name: "middle" });
  const b: HolderCell = cellOf({
    go: async () => {
      await meet.promise;
      return await a.call("get", []);
    },
    get: () => "b",
  }, { name: "b" });
  const stuck = [a.call("go", []), b.call("go", [])].map(watched);
  meet.resolve();
  await turns();
  assertEquals(stuck.map(({ state }) => state), ["rejected", "rejected"]);
});

Deno.test("HolderCell.call() does not take a queue for a circle", async () => {
  const meet = Promise.withResolvers<void>();
  const b: HolderCell = cellOf({
    slow: () => meet.promise,
    get: () => "b",
  }, { name: "b" });
  const a: HolderCell = cellOf({
    go: () => b.call("get", []),
  }, { name: "a" });
  const slow = b.call("slow", []);
  const waiting = [a.call("go", []), a.call("go", [])];
  meet.resolve();
  await slow;
  assertEquals(await Promise.all(waiting), ["b", "b"]);
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
