import {
  assert,
  assertEquals,
  assertRejects,
  assertStrictEquals,
} from "@std/assert";
import { HolderCallError, QUEUE_MAX } from "./holder_cell.ts";
import {
  cellOf,
  define,
  Steps,
  turns,
  watched,
} from "./holder_cell_fixture_test.ts";

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
