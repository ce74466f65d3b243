import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import type { FamilyDefinition } from "../definition.ts";
import { FamilyCell } from "./family_cell.ts";
import { quiesce, runPassingGates } from "./holder_cell.ts";
import { family } from "../../api/family.ts";

function rooms(overrides: Partial<FamilyDefinition> = {}): FamilyDefinition {
  return {
    name: "rooms",
    renamedFrom: null,
    version: 1,
    migrate: {},
    actions: {
      add: (state) => ++(state as { n: number }).n,
      hang: () => new Promise(() => {}),
    },
    copy: null,
    module: "rooms.ts",
    initialOf: (key) => ({ key, n: 0 }),
    idleMs: null,
    evicted: null,
    ...overrides,
  };
}

Deno.test("FamilyCell.sweep() evicts members that are idle for long enough, and hands over their last state", async () => {
  const evicted: unknown[] = [];
  const cell = new FamilyCell(
    rooms({
      idleMs: 60_000,
      evicted: (state, key) => evicted.push([key, state]),
    }),
  );
  try {
    await cell.member("a").call("add", []);
    const now = performance.now();
    cell.sweep(now + 30_000);
    assertEquals([...cell.members.keys()], ["a"]);
    cell.sweep(now + 61_000);
    assertEquals([...cell.members.keys()], []);
    assertEquals(evicted, [["a", { key: "a", n: 1 }]]);
    assertEquals(cell.stateOf("a"), { key: "a", n: 0 });
  } finally {
    cell.end();
  }
});

Deno.test("FamilyCell.sweep() keeps members that are busy, waited for or subscribed to", async () => {
  const cell = new FamilyCell(rooms({ idleMs: 60_000 }));
  try {
    const hanging = cell.member("busy").call("hang", []);
    cell.member("followed").listeners.add(() => {});
    await cell.member("idle").call("add", []);
    cell.sweep(performance.now() + 61_000);
    assertEquals([...cell.members.keys()], ["busy", "followed"]);
    void hanging;
  } finally {
    cell.end();
  }
});

Deno.test("FamilyCell.sweep() leaves a suspended family alone", () => {
  const cell = new FamilyCell(rooms({ idleMs: 60_000 }));
  try {
    cell.member("a");
    cell.suspend();
    cell.sweep(performance.now() + 61_000);
    assertEquals([...cell.members.keys()], ["a"]);
    cell.resume();
  } finally {
    cell.end();
  }
});

Deno.test("FamilyCell.member() wanted while suspended begins with the state of the code that is in afterwards", async () => {
  const cell = new FamilyCell(rooms());
  cell.suspend();
  const waiting = cell.member("late").call("add", []);
  assertEquals(cell.members.has("late"), false);
  cell.definition = rooms({
    version: 2,
    initialOf: (key) => ({ key, n: 100 }),
  });
  cell.resume();
  assertEquals(await waiting, 101);
  assertEquals(cell.stateOf("late"), { key: "late", n: 101 });
});

Deno.test("FamilyCell.remove() refuses the calls that wait for the member", async () => {
  const cell = new FamilyCell(rooms());
  const member = cell.member("a");
  const hanging = member.call("hang", []);
  const waiting = member.call("add", []);
  assertEquals(cell.remove("a"), true);
  await assertRejects(() => waiting, Error, "the member was removed");
  assertEquals(cell.remove("a"), false);
  void hanging;
});

Deno.test("FamilyCell.member() is made at once for an action in flight, though others must wait (P50)", async () => {
  const cell: FamilyCell = new FamilyCell(rooms({
    actions: {
      add: (state) => ++(state as { n: number }).n,
      other: async () => {
        await begin.promise;
        return await cell.member("new").call("add", []);
      },
    },
  }));
  const begin = Promise.withResolvers<void>();
  const inFlight = cell.member("a").call("other", []);
  cell.suspend();
  const outside = cell.member("new").call("add", []);
  const resting = quiesce([cell], AbortSignal.timeout(5000));
  begin.resolve();
  assertEquals(await inFlight, 1);
  await resting;
  assertEquals([...cell.members.keys()], ["a", "new"]);
  cell.definition = rooms({ initialOf: () => ({ n: 100 }) });
  cell.resume();
  assertEquals(await outside, 2);
});

Deno.test("FamilyCell forgets the members that a check made with code that was taken out", async () => {
  const cell = new FamilyCell(rooms());
  const before = cell.definition;
  cell.suspend();
  cell.gate.state = "closed";
  cell.definition = rooms({ initialOf: () => ({ n: 100 }) });
  assertEquals(
    await runPassingGates(() => cell.member("x").call("add", [])),
    101,
  );
  const outside = cell.member("x").call("add", []);
  cell.definition = before;
  cell.unbear();
  assertEquals(cell.members.has("x"), false);
  cell.resume();
  assertEquals(await outside, 1);
});

Deno.test("FamilyCell.sweep() reports what evicted throws, now or later, and goes on (P53)", async () => {
  const reported: string[] = [];
  let count = 0;
  const cell = new FamilyCell(
    rooms({
      idleMs: 60_000,
      evicted: () => {
        if (count++ > 0) return Promise.reject(new Error("later"));
        throw new Error("now");
      },
    }),
    (message) => reported.push(message),
  );
  try {
    cell.member("a");
    cell.member("b");
    cell.sweep(performance.now() + 61_000);
    await Promise.resolve();
    await new Promise((resolve) => setTimeout(resolve, 0));
    assertEquals([...cell.members.keys()], []);
    assertEquals(reported, [
      "evicted of rooms[a] failed: Error: now",
      "evicted of rooms[b] failed: Error: later",
    ]);
  } finally {
    cell.end();
  }
});

Deno.test("family() refuses an idle time that is none", () => {
  for (const idleMs of [0, -1, NaN]) {
    assertThrows(
      () => family("broken", { state: () => 0, idleMs }),
      TypeError,
      "idleMs",
    );
  }
});
