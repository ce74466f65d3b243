import { assertEquals, assertRejects } from "@std/assert";
import { Staging } from "../../../state/staging.ts";
import type {
  FamilyDefinition,
  HolderDefinition,
} from "../../../state/definition.ts";
import { FamilyCell } from "../../../state/cells/family_cell.ts";
import { HolderCell } from "../../../state/cells/holder_cell.ts";
import { StateChange } from "./state_change.ts";
import { AppProcess } from "../../../process/process.ts";
import { UpgradeError } from "../../../base/upgrade_error.ts";

// deno-lint-ignore no-explicit-any -- actions of tests take what suits them
type TestAction = (state: any, ...args: any[]) => unknown;

const STATE = { renamedFrom: null, version: 1, migrate: {}, copy: null };
const ADD: Record<string, TestAction> = { add: (state) => ++state.count };

const TOTAL = () => ({ total: 0 });

function holder(overrides: Partial<HolderDefinition> = {}): HolderDefinition {
  return {
    ...STATE,
    name: "counter",
    module: "counter.ts",
    actions: ADD,
    initial: () => ({ count: 0 }),
    ...overrides,
  };
}

function family(overrides: Partial<FamilyDefinition> = {}): FamilyDefinition {
  return {
    ...STATE,
    name: "rooms",
    module: "counter.ts",
    actions: ADD,
    initialOf: () => ({ count: 0 }),
    idleMs: null,
    evicted: null,
    ...overrides,
  };
}

function setUp() {
  const appProcess = new AppProcess();
  const counter = new HolderCell(holder(), { count: 0 });
  const rooms = new FamilyCell(family());
  appProcess.holders.set("counter", counter);
  appProcess.families.set("rooms", rooms);
  return { appProcess, counter, rooms, lobby: rooms.member("lobby") };
}

/** A change to what these declare, of a module that is replaced. */
function changeTo(
  appProcess: AppProcess,
  holders: readonly HolderDefinition[],
  families: readonly FamilyDefinition[],
): StateChange {
  const staging = new Staging(1);
  for (const definition of holders) {
    staging.add({ kind: "holder", definition });
  }
  for (const definition of families) {
    staging.add({ kind: "family", definition });
  }
  return new StateChange(appProcess, staging, new Set(["counter.ts"]));
}

Deno.test("StateChange lets calls that wait for what the new code removes end in the code that had it", async () => {
  const { appProcess, counter, rooms, lobby } = setUp();
  const change = changeTo(appProcess, [], []);
  await change.suspend(1000);
  const waiting = [
    counter.call("add", []),
    lobby.call("add", []),
    rooms.member("unborn").call("add", []),
  ];
  await change.migrate(1000);
  change.swap(() => "new", 7);
  assertEquals([appProcess.holders.size, appProcess.families.size], [0, 0]);
  const known = (meets: number) => [
    appProcess.holderOf("counter", meets),
    appProcess.familyOf("rooms", meets),
  ];
  assertEquals(known(6), [counter, rooms]);
  assertEquals(known(7), [undefined, undefined]);
  change.resume();
  change.finish();
  assertEquals(await Promise.all(waiting), [1, 1, 1]);
  assertEquals(known(6), [counter, rooms]);
  assertEquals(known(7), [undefined, undefined]);
});

Deno.test("StateChange runs calls that wait for what it would have removed, where it is undone", async () => {
  const { appProcess, counter, lobby } = setUp();
  const change = changeTo(appProcess, [], []);
  await change.suspend(1000);
  const waiting = [counter.call("add", []), lobby.call("add", [])];
  await change.migrate(1000);
  const undo = change.swap(() => "new");
  assertEquals(appProcess.holders.has("counter"), false);
  undo();
  change.resume();
  assertEquals(await Promise.all(waiting), [1, 1]);
  assertEquals(appProcess.holders.get("counter"), counter);
});

Deno.test("StateChange runs calls that wait on the new code and the migrated state", async () => {
  const { appProcess, counter, lobby } = setUp();
  const migrate = { 2: ({ count }: { count: number }) => ({ total: count }) };
  const actions: Record<string, TestAction> = {
    add: (state) => state.total += 10,
  };
  const change = changeTo(
    appProcess,
    [holder({ version: 2, migrate, actions, initial: TOTAL })],
    [family({ version: 2, migrate, actions, initialOf: TOTAL })],
  );
  await counter.call("add", []);
  await change.suspend(1000);
  assertEquals(change.count, 2);
  const waiting = [counter.call("add", []), lobby.call("add", [])];
  await change.migrate(1000);
  assertEquals(counter.state, { count: 1 }, "a copy is migrated");
  change.swap(() => "new");
  change.resume();
  change.finish();
  assertEquals(await Promise.all(waiting), [11, 10]);
});

Deno.test("StateChange puts definitions and states back when it is undone", async () => {
  const { appProcess, counter, lobby } = setUp();
  const before = [counter.definition, counter.state, lobby.state];
  const migrate = { 2: () => ({ total: 0 }) };
  const change = changeTo(
    appProcess,
    [
      holder({ version: 2, migrate, initial: TOTAL }),
      holder({ name: "fresh" }),
    ],
    [family({ version: 2, migrate, initialOf: TOTAL })],
  );
  await change.suspend(1000);
  await change.migrate(1000);
  const undo = change.swap(() => "new");
  assertEquals([...appProcess.holders.keys()].sort(), ["counter", "fresh"]);
  undo();
  change.resume();
  assertEquals([counter.definition, counter.state, lobby.state], before);
  assertEquals([...appProcess.holders.keys()], ["counter"]);
  assertEquals(await counter.call("add", []), 1);
});

Deno.test("StateChange migrates all or nothing", async () => {
  const { appProcess, counter, lobby } = setUp();
  const migrate = { 2: () => ({ total: 0 }) };
  const change = changeTo(
    appProcess,
    [holder({ version: 2, migrate, initial: TOTAL })],
    [family({
      version: 2,
      migrate: {
        2: () => {
          throw new RangeError("no");
        },
      },
    })],
  );
  await change.suspend(1000);
  await assertRejects(
    () => change.migrate(1000),
    UpgradeError,
    "Cannot migrate rooms[lobby] from version 1 to 2: the step failed: no",
  );
  change.resume();
  assertEquals([counter.state, lobby.state], [{ count: 0 }, { count: 0 }]);
  assertEquals(counter.definition.version, 1);
  assertEquals(await counter.call("add", []), 1);
});

Deno.test("StateChange leaves no sweeper and no subscription of an upgrade that was undone (P54)", async () => {
  const { appProcess, counter } = setUp();
  const staging = new Staging(2);
  staging.add({ kind: "holder", definition: holder() });
  staging.add({ kind: "family", definition: family() });
  const extra = family({ name: "extra", idleMs: 1000 });
  staging.add({ kind: "family", definition: extra });
  const change = new StateChange(
    appProcess,
    staging,
    new Set(["counter.ts"]),
  );
  const told: string[] = [];
  const listen = (name: string, owner: Staging | null) => {
    const listener = () => void told.push(name);
    counter.listeners.add(listener);
    appProcess.subscriptions.add({
      cell: () => counter,
      owner: { module: "counter.ts", staging: owner },
      end: () => void counter.listeners.delete(listener),
    });
  };
  listen("old", null);
  listen("new", staging);
  await change.ahead(1000);
  await change.suspend(1000);
  await change.migrate(1000);
  const undo = change.swap(() => "new");
  undo();
  change.resume();
  await counter.call("add", []);
  assertEquals(told, ["old"]);
});

Deno.test("StateChange ends the subscriptions of replaced modules once there is no way back (P54)", async () => {
  const { appProcess, counter } = setUp();
  let ended = 0;
  const own = (owner: { module: string; staging: Staging | null } | null) =>
    appProcess.subscriptions.add({
      cell: () => counter,
      owner,
      end: () => void ended++,
    });
  own({ module: "counter.ts", staging: null });
  own({ module: "other.ts", staging: null });
  own(null);
  const change = changeTo(appProcess, [holder()], [family()]);
  await change.suspend(1000);
  await change.migrate(1000);
  change.swap(() => "new");
  change.resume();
  change.finish();
  assertEquals(ended, 1);
});

Deno.test("StateChange migrates ahead, and makes again only what was touched meanwhile", async () => {
  const { appProcess, rooms } = setUp();
  for (let at = 0; at < 500; at++) rooms.member(`${at}`);
  const made = new Map<unknown, number>();
  const migrate = {
    2: (old: { count: number; key?: string }) => {
      made.set(old.count, (made.get(old.count) ?? 0) + 1);
      return { total: old.count };
    },
  };
  const change = changeTo(appProcess, [holder()], [
    family({ version: 2, migrate, initialOf: TOTAL }),
  ]);
  await change.ahead(1000);
  assertEquals(made.get(0), 501);
  await rooms.member("7").call("add", []);
  rooms.member("born late");
  assertEquals(rooms.member("7").state, { count: 1 }, "the old code serves");
  await change.suspend(1000);
  await change.migrate(1000);
  assertEquals([made.get(0), made.get(1)], [502, 1]);
  const undo = change.swap(() => "new");
  assertEquals(rooms.member("7").state, { total: 1 });
  assertEquals(
    rooms.stateOf("7"),
    { count: 1 },
    "outsiders see what was there",
  );
  assertEquals(rooms.member("born late").state, { total: 0 });
  undo();
  assertEquals(rooms.member("7").state, { count: 1 });
  change.resume();
  assertEquals(await rooms.member("7").call("add", []), 2);
});

Deno.test("StateChange lets old names lead to renamed state, until it is undone (P15)", async () => {
  const { appProcess, counter } = setUp();
  const change = changeTo(appProcess, [
    holder({ name: "total", renamedFrom: "counter" }),
  ], [family()]);
  await change.suspend(1000);
  await change.migrate(1000);
  const undo = change.swap(() => "new");
  assertEquals(appProcess.currentName("counter"), "total");
  assertEquals(appProcess.holders.get("total"), counter);
  undo();
  assertEquals(appProcess.currentName("counter"), "counter");
  change.resume();
});

Deno.test("StateChange refuses a new key of state() without a new version by place and remedy, and changes nothing (P24)", async () => {
  const { appProcess, counter, lobby } = setUp();
  const wider = () => ({ count: 0, authors: {} });
  const cases = [
    [[holder({ line: 7, initial: wider })], [family()], "counter"],
    [[holder()], [family({ line: 7, initialOf: wider })], "rooms"],
  ] as const;
  for (const [holders, families, subject] of cases) {
    const change = changeTo(appProcess, holders, families);
    const error = await assertRejects(() => change.ahead(1000), UpgradeError);
    assertEquals(error.refusals, [{
      rule: "state",
      path: "counter.ts",
      line: 7,
      column: 0,
      subject,
      why: "authors is new in state()",
      remedy: "raise version to 2 and declare migrate[2]",
    }]);
    assertEquals([counter.state, lobby.state], [{ count: 0 }, { count: 0 }]);
  }
});
