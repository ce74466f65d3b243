import {
  assertEquals,
  assertInstanceOf,
  assertRejects,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import {
  migrationChain,
  type MigrationContext,
  MigrationError,
  type Migrations,
  runMigration,
} from "./migration.ts";

/** Steps that note where they were. */
const TRAIL: Migrations = {
  2: {
    up: (trail: string[], { from, to, direction }: MigrationContext) => [
      ...trail,
      `${direction} ${from}>${to}`,
    ],
    down: (trail: string[], { from, to, direction }: MigrationContext) => [
      ...trail,
      `${direction} ${from}>${to}`,
    ],
  },
  3: (trail: string[], { from, to, direction }: MigrationContext) => [
    ...trail,
    `${direction} ${from}>${to}`,
  ],
  4: {
    up: async (trail: string[]) => await Promise.resolve([...trail, "4"]),
    down: async (trail: string[]) => await Promise.resolve([...trail, "-4"]),
  },
};

function run(from: number, to: number, migrations: Migrations): unknown {
  return runMigration(
    "counter",
    [],
    migrationChain("counter", from, to, migrations),
  );
}

Deno.test("migrationChain() is empty where the versions are equal", () => {
  assertEquals(migrationChain("counter", 3, 3, {}), []);
});

Deno.test("migrationChain() leads up and down over every version between, in order", () => {
  const places = (from: number, to: number, migrations: Migrations) =>
    migrationChain("counter", from, to, migrations)
      .map(({ from, to, direction }) => `${direction} ${from}>${to}`);
  assertEquals(places(1, 4, TRAIL), ["up 1>2", "up 2>3", "up 3>4"]);
  assertEquals(places(2, 3, TRAIL), ["up 2>3"]);
  const down: Migrations = {
    2: { up: (s: unknown) => s, down: (s: unknown) => s },
    3: { up: (s: unknown) => s, down: (s: unknown) => s },
  };
  assertEquals(places(3, 1, down), ["down 3>2", "down 2>1"]);
});

Deno.test("migrationChain() refuses a missing step and names the holder, the versions and what to declare", () => {
  const cases: [number, number, Migrations, string][] = [
    [1, 2, {}, "from version 1 to 2: there is no migrate[2].up"],
    [1, 5, TRAIL, "from version 4 to 5: there is no migrate[5].up"],
    [2, 1, {}, "from version 2 to 1: there is no migrate[2].down"],
    [3, 1, TRAIL, "from version 3 to 2: there is no migrate[3].down"],
    [
      2,
      1,
      { 2: { up: (s: unknown) => s } },
      "from version 2 to 1: there is no migrate[2].down",
    ],
    [2, 1, { 2: (s: unknown) => s }, "there is no migrate[2].down"],
  ];
  for (const [from, to, migrations, message] of cases) {
    const error = assertThrows(
      () => migrationChain("counter", from, to, migrations),
      MigrationError,
      message,
    );
    assertEquals(error.message.startsWith("Cannot migrate counter"), true);
    assertEquals(error.message.endsWith("."), false);
    assertEquals(error.name, "MigrationError");
  }
});

Deno.test("runMigration() tells each step where it is and hands on what the step before returned", () => {
  assertEquals(run(1, 3, TRAIL), ["up 1>2", "up 2>3"]);
  assertEquals(run(2, 1, TRAIL), ["down 2>1"]);
});

Deno.test("runMigration() returns the state itself where there is no step", () => {
  const state = { count: 1 };
  assertStrictEquals(runMigration("counter", state, []), state);
});

Deno.test("runMigration() is a promise only where a step returned one", async () => {
  assertEquals(run(1, 3, TRAIL) instanceof Promise, false);
  const waiting = run(1, 4, TRAIL);
  assertInstanceOf(waiting, Promise);
  assertEquals(await waiting, ["up 1>2", "up 2>3", "4"]);
});

Deno.test("runMigration() goes on after a step that waits, with the right context", async () => {
  const later: Migrations = {
    2: async (s: string[]) => await Promise.resolve([...s, "a"]),
    3: (s: string[], { from, to }: MigrationContext) => [...s, `${from}>${to}`],
    4: async (s: string[], { from, to }: MigrationContext) =>
      await Promise.resolve([...s, `${from}>${to}`]),
    5: (s: string[]) => [...s, "e"],
  };
  assertEquals(await run(1, 5, later), ["a", "2>3", "3>4", "e"]);
});

Deno.test("runMigration() waits for promises that are not native", async () => {
  const thenable: Migrations = {
    2: (s: string[]) => ({
      then: (resolve: (state: string[]) => void) => resolve([...s, "a"]),
    }),
    3: (s: string[]) => [...s, "b"],
  };
  const waiting = run(1, 3, thenable);
  assertInstanceOf(waiting, Promise);
  assertEquals(await waiting, ["a", "b"]);
});

Deno.test("runMigration() accepts every state but undefined", async () => {
  for (const state of [null, 0, "", false, [], {}]) {
    assertEquals(run(1, 2, { 2: () => state }), state);
    assertEquals(
      await run(1, 2, { 2: () => Promise.resolve(state) }),
      state,
    );
  }
  assertThrows(
    () => run(1, 2, { 2: () => undefined }),
    MigrationError,
    "Cannot migrate counter from version 1 to 2: the step returned undefined; return the new state",
  );
  await assertRejects(
    () => run(1, 2, { 2: () => Promise.resolve() }) as Promise<unknown>,
    MigrationError,
    "the step returned undefined",
  );
});

Deno.test("runMigration() names the step that threw, and keeps what it threw", async () => {
  const cause = new RangeError("no such field");
  const broken: Migrations = {
    2: (s: unknown) => s,
    3: () => {
      throw cause;
    },
  };
  const error = assertThrows(
    () => run(1, 3, broken),
    MigrationError,
    "Cannot migrate counter from version 2 to 3: the step failed: no such field",
  );
  assertStrictEquals(error.cause, cause);

  const rejected = await assertRejects(
    () => run(1, 2, { 2: () => Promise.reject(cause) }) as Promise<unknown>,
    MigrationError,
    "from version 1 to 2: the step failed: no such field",
  );
  assertStrictEquals(rejected.cause, cause);

  const afterWaiting: Migrations = {
    2: (s: unknown) => Promise.resolve(s),
    3: () => {
      throw "a string";
    },
  };
  await assertRejects(
    () => run(1, 3, afterWaiting) as Promise<unknown>,
    MigrationError,
    "from version 2 to 3: the step failed: a string",
  );
});

Deno.test("runMigration() runs no step after one that failed", async () => {
  const ran: number[] = [];
  const broken: Migrations = {
    2: () => {
      ran.push(2);
      return Promise.reject(new Error("no"));
    },
    3: (s: unknown) => {
      ran.push(3);
      return s;
    },
  };
  await assertRejects(() => run(1, 3, broken) as Promise<unknown>);
  assertEquals(ran, [2]);
});
