import { assertEquals } from "@std/assert";
import { family, holder, type Migrations, snapshot } from "./mod.ts";
import { newCounter, type Same, sure } from "./types_fixture_test.ts";

Deno.test("holder() knows the state in actions and in copy", async () => {
  const typed = holder("types state", {
    state: () => ({ count: 0 }),
    copy: (state) => {
      sure<Same<typeof state, { count: number }>>(true);
      return { ...state };
    },
    actions: {
      look: (state) => {
        sure<Same<typeof state, { count: number }>>(true);
        // @ts-expect-error there is no such member
        return state.nothing;
      },
    },
  });
  assertEquals(await typed.look(), undefined);
});

Deno.test("holder() takes a migration for every version, one function or two", () => {
  const migrate: Migrations = {
    2: (old: { a: number }) => ({ b: old.a }),
    3: {
      up: async (old: { b: number }, { from, to, direction }) => {
        sure<Same<typeof from, number>>(true);
        sure<Same<typeof to, number>>(true);
        sure<Same<typeof direction, "up" | "down">>(true);
        return await Promise.resolve({ c: old.b });
      },
      down: ({ c }: { c: number }) => ({ b: c }),
    },
    // @ts-expect-error there is no way back without a way there
    4: { down: (old: unknown) => old },
  };
  assertEquals(Object.keys(migrate), ["2", "3", "4"]);
});

Deno.test("holder() refuses a spec that is none", () => {
  const attempts = [
    // @ts-expect-error the first state is made by a function
    () => holder("types a", { state: { count: 0 } }),
    // @ts-expect-error an action is a function
    () => holder("types b", { state: () => 0, actions: { a: 1 } }),
    // @ts-expect-error a version is a number
    () => holder("types c", { state: () => 0, version: "1" }),
    // @ts-expect-error there is no such member
    () => holder("types d", { state: () => 0, action: {} }),
    () =>
      holder("types e", {
        state: () => 0,
        // @ts-expect-error the state is a number
        actions: { a: (state: string) => state },
      }),
  ];
  assertEquals(attempts.length, 5);
});

Deno.test("holder().subscribe() hands the listener a read-only state", async () => {
  const counter = newCounter();
  const seen: number[] = [];
  const end = counter.subscribe((state) => {
    sure<Same<typeof state, typeof counter.state>>(true);
    seen.push(state.count);
  });
  await counter.reset();
  end();
  await counter.increment();
  assertEquals(seen, [0]);
});

Deno.test("holder() asks for every step, and for the state from the last one (T32)", () => {
  const well = [
    () =>
      holder("types steps a", {
        version: 3,
        state: () => ({ a: "s", list: [] as number[] }),
        migrate: {
          2: (old: { n: number }) => ({ m: old.n }),
          3: {
            up: (old: { m: number }) => ({ a: `${old.m}`, list: [] }),
            down: (now: { a: string }) => ({ m: Number(now.a) }),
          },
        },
      }),
    () =>
      family("types steps b", {
        version: 2,
        state: (key) => ({ key, since: new Date() }),
        migrate: {
          2: async (old: { key: string }) =>
            await Promise.resolve({ ...old, since: new Date() }),
        },
        actions: {
          touch: (state, by: number = 1) => state.since.getTime() + by,
        },
      }),
    (version: number) =>
      holder("types steps c", { version, state: () => 1, migrate: {} }),
  ];
  const badly = [
    () =>
      holder("types steps d", {
        version: 2,
        state: () => ({ a: "s" }),
        // @ts-expect-error a number where state has a text
        migrate: { 2: (_old: { a: number }) => ({ a: 5 }) },
      }),
    () =>
      holder("types steps e", {
        version: 2,
        state: () => ({ a: "s" }),
        // @ts-expect-error the same, with a way back
        migrate: { 2: { up: () => ({ a: 5 }), down: (old: unknown) => old } },
      }),
    () =>
      holder("types steps f", {
        version: 3,
        state: () => ({ a: "s" }),
        // @ts-expect-error there is no step to 2
        migrate: { 3: () => ({ a: "s" }) },
      }),
    () =>
      holder("types steps g", {
        version: 3,
        state: () => ({ a: "s" }),
        // @ts-expect-error there is no step to 3
        migrate: { 2: () => ({ a: "s" }) },
      }),
    () =>
      // @ts-expect-error there is no step at all
      holder("types steps h", { version: 2, state: () => ({ a: "s" }) }),
    () =>
      family("types steps i", {
        version: 2,
        state: () => ({ a: "s" }),
        // @ts-expect-error a family's state has a text too
        migrate: { 2: (_old: { a: number }) => ({ a: 5 }) },
      }),
    () =>
      family("types steps j", {
        version: 3,
        state: () => ({ a: "s" }),
        // @ts-expect-error there is no step to 2
        migrate: { 3: () => ({ a: "s" }) },
        actions: { a: (state, more = "t") => (state.a += more) },
      }),
    () =>
      family("types steps k", {
        version: 3,
        state: () => ({ a: "s" }),
        // @ts-expect-error there is no step to 3
        migrate: { 2: () => ({ a: "s" }) },
      }),
    () =>
      // @ts-expect-error there is no step at all
      family("types steps l", { version: 2, state: () => ({ a: "s" }) }),
    () =>
      family("types steps m", {
        version: 2,
        state: () => ({ a: "s", b: 1 }),
        // @ts-expect-error later, but without b
        migrate: { 2: async () => await Promise.resolve({ a: "s" }) },
      }),
  ];
  assertEquals([well.length, badly.length], [3, 10]);
});

Deno.test("holder() and family() check the last migration against a union, and with renamedFrom (T32)", () => {
  type Door = { kind: "open"; since: Date } | { kind: "shut" };
  const door = (): Door => ({ kind: "shut" });
  const well = [
    () =>
      holder("types union a", {
        version: 2,
        renamedFrom: "types union before",
        state: door,
        migrate: {
          2: (old: { open: boolean }) =>
            old.open
              ? { kind: "open" as const, since: new Date() }
              : { kind: "shut" as const },
        },
        actions: {
          shut: (state) => state.kind === "open" ? state.since : null,
        },
      }),
    () =>
      family("types union b", {
        version: 3,
        renamedFrom: "types unions before",
        state: (key): Door | { kind: string; key: string } => ({
          kind: "other",
          key,
        }),
        migrate: {
          2: (old: { open: boolean }) => old,
          3: {
            up: (old: { open: boolean }): Door =>
              old.open ? { kind: "open", since: new Date() } : { kind: "shut" },
            down: (now: Door) => ({ open: now.kind === "open" }),
          },
        },
      }),
    () =>
      holder("types union c", {
        version: 2,
        state: (): { name?: string; list: readonly number[] | null } => ({
          list: null,
        }),
        migrate: { 2: () => ({ list: [1] }) },
      }),
  ];
  const badly = [
    () =>
      holder("types union d", {
        version: 2,
        renamedFrom: "types union before",
        state: door,
        // @ts-expect-error an open one has a date
        migrate: { 2: () => ({ kind: "open" as const }) },
      }),
    () =>
      holder("types union e", {
        version: 2,
        state: door,
        // @ts-expect-error there is no such kind
        migrate: { 2: () => ({ kind: "ajar" as const }) },
      }),
    () =>
      family("types union f", {
        version: 2,
        renamedFrom: "types unions before",
        state: door,
        migrate: {
          // @ts-expect-error one of both that it returns is not a door
          2: (old: { open: boolean }) =>
            old.open ? { kind: "shut" as const } : { kind: 1 },
        },
      }),
    () =>
      holder("types union g", {
        version: 2,
        state: (): { list: number[] | null } => ({ list: null }),
        // @ts-expect-error a list of texts
        migrate: { 2: () => ({ list: ["a"] }) },
      }),
    () =>
      // @ts-expect-error a new name is not a step
      holder("types union h", {
        version: 2,
        renamedFrom: "types union before",
        state: door,
      }),
    () =>
      family("types union i", {
        version: 4,
        state: door,
        // @ts-expect-error there is no step to 3
        migrate: { 2: (old: unknown) => old, 4: door },
      }),
    () =>
      holder("types union j", {
        version: 2,
        state: door,
        // @ts-expect-error the promise is of another one
        migrate: { 2: async () => await Promise.resolve({ kind: "ajar" }) },
      }),
  ];
  assertEquals([well.length, badly.length], [3, 7]);
});

Deno.test("snapshot() gives a type that can be written, without methods", () => {
  class Game {
    readonly moves: readonly number[] = [1];
    count() {
      return this.moves.length;
    }
  }
  const games = holder("types snapshot", {
    state: () => ({ game: new Game(), tags: new Set(["a"]) }),
  });
  const copy = snapshot(games);
  copy.game.moves.push(2);
  copy.tags.add("b");
  // @ts-expect-error a plain object has no methods
  assertEquals(copy.game.count, undefined);
  const view = snapshot(games.state.game);
  view.moves.push(3);
  assertEquals(games.state.game.moves, [1]);
});
