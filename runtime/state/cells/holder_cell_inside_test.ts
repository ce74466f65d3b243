import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
} from "@std/assert";
import { AsyncLocalStorage } from "node:async_hooks";
import { callContext } from "./call_context.ts";
import { HolderCallError, type HolderCell, quiesce } from "./holder_cell.ts";
import { FakeTimers } from "../../../tests/support/fake_timers.ts";
import { cellOf, Steps, turns, watched } from "./holder_cell_fixture_test.ts";

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
  const BLOCK = 1000;
  const BLOCKS = 40;
  let longest = 0;
  /** How long each thousand links take, in milliseconds. */
  const chainOf = async (): Promise<number[]> => {
    const end = Promise.withResolvers<void>();
    const times: number[] = [];
    let begin = performance.now();
    const cell: HolderCell = cellOf({
      tick: (_, links: number) => {
        longest = Math.max(longest, callContext.getStore()!.chain.length);
        if (links > 0 && links % BLOCK === 0) {
          times.push(performance.now() - begin);
          begin = performance.now();
        }
        if (links === BLOCK * BLOCKS) end.resolve();
        else queueMicrotask(() => void cell.call("tick", [links + 1]));
      },
    });
    await cell.call("tick", [0]);
    await end.promise;
    return times;
  };
  let [early, late] = [Infinity, Infinity];
  for (let run = 0; run < 3; run++) {
    const times = await chainOf();
    assertEquals(times.length, BLOCKS);
    early = Math.min(early, ...times.slice(0, 10));
    late = Math.min(late, ...times.slice(-10));
  }
  assertEquals(longest, 1, "only the action itself is known, not those before");
  // In a chain that grows, the last links would be 20 times the work of the first.
  assert(late < early * 5, `${late} ms a thousand links after ${early} ms`);
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
