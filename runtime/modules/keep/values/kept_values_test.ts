import { assert, assertEquals, assertThrows } from "@std/assert";
import { KeptValues } from "./kept_values.ts";
import type { KeptAccess } from "../wrap.ts";

/** What is in, by its names. */
function pairsOf(kept: KeptValues): (readonly [string, unknown])[] {
  return [...kept.values()].map(({ key, value }) => [key, value]);
}

/** What a wrapped `const` does. */
function constant<T>(access: KeptAccess, name: string, make: () => T): T {
  return (access.has(name) ? access.get(name) : access.put(name, make())) as T;
}

/** What a wrapped `let` does. */
function variable<T>(access: KeptAccess, name: string, make: () => T) {
  const read = () => it.value;
  const write = (value: unknown) => void (it.value = value as T);
  const it: { value: T } = { value: undefined as T };
  it.value =
    (access.has(name)
      ? access.get(name, read, write)
      : access.put(name, make(), read, write)) as T;
  return it;
}

Deno.test("the code the process started with makes its values", () => {
  const kept = new KeptValues();
  const main = kept.open("main.ts", 0);
  constant(main, "rooms", () => [1]);
  const hits = variable(main, "hits", () => 0);
  hits.value = 3;
  assertEquals(pairsOf(kept), [["main.ts#rooms", [1]], [
    "main.ts#hits",
    3,
  ]]);
  assertEquals(kept.stateOf("main.ts", "rooms"), "held");
  assertEquals(kept.stateOf("main.ts", "other"), "none");
  assertEquals(kept.stateOf("other.ts", "rooms"), "unknown");
});

Deno.test("an attempt takes what is named, and makes the rest", () => {
  const kept = new KeptValues();
  const one = kept.open("main.ts", 0);
  const rooms = constant(one, "rooms", () => new Map());
  constant(one, "cache", () => new Map());
  variable(one, "hits", () => 0).value = 5;
  kept.stage(1, ["main.ts#rooms", "main.ts#hits", "main.ts#gone"]);
  const two = kept.open("main.ts", 1);
  assert(constant(two, "rooms", () => new Map()) === rooms);
  const cache = constant(two, "cache", () => new Map([["new", 1]]));
  assertEquals(variable(two, "hits", () => 0).value, 5);
  assertEquals(kept.seal(), {
    taken: ["main.ts#rooms", "main.ts#hits"],
    missing: ["main.ts#gone"],
    twice: [],
    fixed: [],
  });
  kept.swap();
  kept.settle();
  assertEquals(
    new Map(pairsOf(kept)).get("main.ts#cache"),
    cache,
  );
});

Deno.test("what cannot have changed is left out, but for what was taken over", () => {
  const kept = new KeptValues();
  const one = kept.open("main.ts", 0);
  constant(one, "words", () => ["a"]);
  constant(one, "rooms", () => new Map());
  const fixed = (place: string) =>
    new Set(place === "main.ts" ? ["words"] : []);
  const names = () => [...kept.values(undefined, fixed)].map((it) => it.name);
  assertEquals(names(), ["rooms"]);
  kept.stage(1, ["main.ts#words"]);
  constant(kept.open("main.ts", 1), "words", () => ["a"]);
  kept.swap();
  kept.settle();
  assertEquals(names(), ["words"]);
});

Deno.test("values are taken again and again, each from the code before", () => {
  const kept = new KeptValues();
  let now = variable(kept.open("main.ts", 0), "hits", () => 0);
  for (let attempt = 1; attempt < 5; attempt++) {
    now.value++;
    kept.stage(attempt, ["main.ts#hits"]);
    now = variable(kept.open("main.ts", attempt), "hits", () => 0);
    kept.swap();
    kept.settle();
  }
  assertEquals(now.value, 4);
});

Deno.test("two runs of one function never share a value", () => {
  const kept = new KeptValues();
  const one = kept.open("room.ts", 0);
  const make = (access: KeptAccess) =>
    constant(access, "makeRoom.players", () => [] as string[]);
  const [a, b] = [make(one), make(one)];
  assert(a !== b);
  assertEquals(kept.stateOf("room.ts", "makeRoom.players"), "twice");
  make(one);
  assertEquals(kept.stateOf("room.ts", "makeRoom.players"), "twice");
  assertEquals(pairsOf(kept), []);
  kept.stage(1, ["room.ts#makeRoom.players"]);
  const two = kept.open("room.ts", 1);
  assert(make(two) !== a);
});

Deno.test("a second run in the attempt gets a value of its own, and is told", () => {
  const kept = new KeptValues();
  const make = (access: KeptAccess) =>
    constant(access, "main.games", () => ["new"]);
  const first = make(kept.open("main.ts", 0));
  kept.stage(1, ["main.ts#main.games"]);
  const two = kept.open("main.ts", 1);
  assert(make(two) === first);
  assert(make(two) !== first);
  assertEquals(kept.seal(), {
    taken: ["main.ts#main.games"],
    missing: [],
    twice: ["main.ts#main.games"],
    fixed: [],
  });
});

Deno.test("what runs after the evaluation takes nothing", () => {
  const kept = new KeptValues();
  const make = (access: KeptAccess) =>
    constant(access, "main.games", () => ["new"]);
  const first = make(kept.open("main.ts", 0));
  kept.stage(1, ["main.ts#main.games"]);
  const two = kept.open("main.ts", 1);
  assertEquals(kept.seal().missing, ["main.ts#main.games"]);
  const late = make(two);
  assert(late !== first);
  kept.swap();
  kept.settle();
  kept.stage(2, ["main.ts#main.games"]);
  // A request that still runs in the code before the swap.
  assert(make(two) !== late);
  assertEquals(kept.stateOf("main.ts", "main.games"), "twice");
});

Deno.test("the old code's own functions take nothing while an attempt is staged", () => {
  const kept = new KeptValues();
  const one = kept.open("main.ts", 0);
  const first = constant(one, "rooms", () => [1]);
  kept.stage(1, ["main.ts#rooms", "late.ts#x"]);
  const late = kept.open("late.ts", 0);
  assertEquals(constant(late, "x", () => "made"), "made");
  assert(constant(kept.open("main.ts", 1), "rooms", () => [2]) === first);
});

Deno.test("an attempt that is given up leaves everything as it was", () => {
  const kept = new KeptValues();
  const hits = variable(kept.open("main.ts", 0), "hits", () => 1);
  kept.stage(1, ["main.ts#hits"]);
  const two = kept.open("main.ts", 1);
  const taken = variable(two, "hits", () => 0);
  variable(two, "added", () => 0);
  taken.value = 100;
  kept.drop();
  assertEquals(hits.value, 1);
  assertEquals(pairsOf(kept), [["main.ts#hits", 1]]);
  assertEquals(two.has("hits"), false);
  kept.stage(2, ["main.ts#hits"]);
  assertEquals(variable(kept.open("main.ts", 2), "hits", () => 0).value, 1);
});

Deno.test("a variable follows what the old code makes of it, before the swap and ever after", () => {
  const kept = new KeptValues();
  const old = variable(kept.open("main.ts", 0), "hits", () => 1);
  kept.stage(1, ["main.ts#hits"]);
  const now = variable(kept.open("main.ts", 1), "hits", () => 0);
  old.value = 2;
  kept.seal();
  kept.swap();
  assertEquals(now.value, 2);
  old.value = 3;
  kept.follow();
  assertEquals(now.value, 3);
  kept.settle();
  assertEquals(kept.isFollowing, true);
  // A timer that a request has left behind.
  old.value = 4;
  kept.follow();
  assertEquals(now.value, 4);
  now.value = 5;
  kept.follow();
  assertEquals(old.value, 5);
  // Of two counts both count; of anything else what the new code has made of it.
  old.value += 1;
  now.value += 10;
  kept.follow();
  assertEquals([old.value, now.value], [16, 16]);
});

Deno.test("constants are not followed, and old variables not forever", () => {
  const kept = new KeptValues();
  constant(kept.open("main.ts", 0), "rooms", () => new Map());
  kept.stage(1, ["main.ts#rooms"]);
  constant(kept.open("main.ts", 1), "rooms", () => new Map());
  kept.swap();
  assertEquals(kept.isFollowing, false);
  kept.settle();
  const first = variable(kept.open("other.ts", 1), "hits", () => 0);
  let now = first;
  for (let attempt = 2; attempt < 30; attempt++) {
    kept.stage(attempt, ["other.ts#hits"]);
    now = variable(kept.open("other.ts", attempt), "hits", () => 0);
    kept.swap();
    kept.settle();
  }
  first.value = 7;
  kept.follow();
  assertEquals(now.value, 0);
});

Deno.test("what an initializer has begun lives as long as its value", () => {
  const kept = new KeptValues();
  constant(kept.open("main.ts", 0), "game", () => ({}));
  assertEquals(kept.lives("main.ts#game", null), true);
  kept.stage(1, ["main.ts#game"]);
  constant(kept.open("main.ts", 1), "game", () => ({}));
  kept.swap();
  assertEquals(kept.lives("main.ts#game", null), true);
  assertEquals(kept.lives("main.ts#game", 1), false);
  kept.settle();
  kept.stage(2, []);
  constant(kept.open("main.ts", 2), "game", () => ({}));
  kept.swap();
  assertEquals(kept.lives("main.ts#game", null), false);
  assertEquals(kept.lives("main.ts#game", 2), true);
});

Deno.test("an initializer is told from its beginning to its end, or to where it waits", () => {
  const kept = new KeptValues();
  const told: string[] = [];
  const access = kept.open("main.ts", 0, (key) => {
    told.push(`begins ${key}`);
    return () => told.push(`ends ${key}`);
  });
  access.has("a", 1);
  access.put("a", {});
  access.has("b", 1);
  access.made("b", {});
  told.push("waits");
  access.put("b", {});
  access.has("c");
  access.put("c", {});
  access.has("a", 1);
  access.put("a", {});
  assertEquals(told, [
    "begins main.ts#a",
    "ends main.ts#a",
    "begins main.ts#b",
    "ends main.ts#b",
    "waits",
  ]);
});

Deno.test("what the new code assigned while it was evaluated stays", () => {
  const kept = new KeptValues();
  variable(kept.open("main.ts", 0), "hits", () => 1);
  kept.stage(1, ["main.ts#hits"]);
  const now = variable(kept.open("main.ts", 1), "hits", () => 0);
  now.value = 50;
  kept.swap();
  assertEquals(now.value, 50);
});

Deno.test("an undo gives the old code what has become of the values", () => {
  const kept = new KeptValues();
  const one = kept.open("main.ts", 0);
  const old = variable(one, "hits", () => 1);
  const list = constant(one, "list", () => [] as number[]);
  kept.stage(1, ["main.ts#hits", "main.ts#list"]);
  const two = kept.open("main.ts", 1);
  const now = variable(two, "hits", () => 0);
  constant(two, "list", () => [] as number[]).push(1);
  variable(kept.open("new.ts", 1), "x", () => 1);
  kept.swap();
  now.value = 9;
  kept.undo();
  assertEquals([old.value, list], [9, [1]]);
  assertEquals(pairsOf(kept), [["main.ts#hits", 9], [
    "main.ts#list",
    [1],
  ]]);
  kept.undo();
  kept.stage(2, ["main.ts#hits"]);
  assertEquals(variable(kept.open("main.ts", 2), "hits", () => 0).value, 9);
});

Deno.test("a variable whose initializer never ended is not there", () => {
  const kept = new KeptValues();
  const one = kept.open("main.ts", 0);
  one.put("x", 1, () => {
    throw new ReferenceError("Cannot access 'x' before initialization");
  });
  assertEquals(kept.stateOf("main.ts", "x"), "none");
  assertEquals(pairsOf(kept), []);
  kept.stage(1, ["main.ts#x"]);
  assertEquals(constant(kept.open("main.ts", 1), "x", () => 2), 2);
});

Deno.test("values that are undefined are taken as well", () => {
  const kept = new KeptValues();
  variable(kept.open("main.ts", 0), "user", () => undefined);
  kept.stage(1, ["main.ts#user"]);
  const two = kept.open("main.ts", 1);
  assertEquals(two.has("user"), true);
  assertEquals(variable(two, "user", () => "new" as unknown).value, undefined);
});

Deno.test("what the code of a given-up attempt imports later counts for nothing", () => {
  const kept = new KeptValues();
  constant(kept.open("main.ts", 0), "x", () => 1);
  kept.stage(1, []);
  constant(kept.open("main.ts", 1), "x", () => 2);
  kept.swap();
  constant(kept.open("lazy.ts", 1), "y", () => 3);
  assertEquals(kept.stateOf("lazy.ts", "y"), "held");
  kept.undo();
  assertEquals(pairsOf(kept), [["main.ts#x", 1]]);
  constant(kept.open("later.ts", 1), "z", () => 4);
  kept.stage(2, []);
  constant(kept.open("main.ts", 2), "x", () => 5);
  kept.drop();
  constant(kept.open("later.ts", 2), "z", () => 6);
  assertEquals(pairsOf(kept), [["main.ts#x", 1]]);
  constant(kept.open("later.ts", 0), "z", () => 7);
  assertEquals(kept.stateOf("later.ts", "z"), "held");
});

Deno.test("modules that are gone are forgotten", () => {
  const kept = new KeptValues();
  constant(kept.open("gone.ts", 0), "x", () => 1);
  kept.forget(["gone.ts"]);
  assertEquals(pairsOf(kept), []);
});

Deno.test("without an attempt nothing can be swapped", () => {
  assertThrows(
    () => new KeptValues().swap(),
    Error,
    "Cannot swap kept values: no attempt is staged",
  );
});
