import { assertEquals, assertThrows } from "@std/assert";
import { assertRefused, viewOf } from "./read_only_fixture_test.ts";

// Maps and sets

Deno.test("readOnly() reads maps and sets in every way", () => {
  const map = new Map([["a", { n: 1 }], ["b", { n: 2 }]]);
  const set = new Set(["x", "y"]);
  const view = viewOf({ map, set });
  assertEquals([view.map.size, view.set.size], [2, 2]);
  assertEquals(view.map.get("b").n, 2);
  assertEquals(view.map.get("c"), undefined);
  assertEquals([view.map.has("a"), view.set.has("z")], [true, false]);
  assertEquals([...view.map.keys()], ["a", "b"]);
  assertEquals([...view.map].map(([key, { n }]) => `${key}${n}`), ["a1", "b2"]);
  assertEquals(new Map(view.map).size, 2);
  assertEquals([...new Set(view.set)], ["x", "y"]);
  assertEquals(Array.from(view.map.values(), (it) => (it as { n: number }).n), [
    1,
    2,
  ]);
  assertEquals(
    view.map.entries().map(([key]: [string]) => key).toArray(),
    ["a", "b"],
  );
  const seen: string[] = [];
  view.map.forEach(({ n }: { n: number }, key: string) =>
    seen.push(`${key}${n}`)
  );
  assertEquals(seen, ["a1", "b2"]);
  assertEquals([...view.set.union(new Set(["z"]))], ["x", "y", "z"]);
  assertEquals([...new Set(["y", "z"]).intersection(view.set)], ["y"]);
  assertEquals(view.set.isSubsetOf(view.set), true);
});

Deno.test("readOnly() finds members by what it showed of them", () => {
  const key = { id: 1 };
  const state = {
    key,
    map: new Map([[key, "value"]]),
    set: new Set([key]),
    weak: new WeakMap([[key, "weak"]]),
  };
  const view = viewOf(state);
  assertEquals(view.map.get(view.key), "value");
  assertEquals(view.map.has(view.key), true);
  assertEquals(view.set.has([...view.set][0]), true);
  assertEquals(view.weak.get(view.key), "weak");
  assertEquals(view.map.get(key), "value", "and by what it is");
});

Deno.test("readOnly() refuses every way to change maps and sets", () => {
  const key = {};
  const state = {
    map: new Map([["a", 1]]),
    set: new Set([1]),
    weakMap: new WeakMap([[key, 1]]),
    weakSet: new WeakSet([key]),
  };
  const view = viewOf(state);
  assertRefused(() => view.map.set("a", 2));
  assertRefused(() => view.map.delete("a"));
  assertRefused(() => view.map.clear());
  assertRefused(() => view.map.getOrInsert("b", 2));
  assertRefused(() => view.map.getOrInsertComputed("b", () => 2));
  assertRefused(() => view.set.add(2));
  assertRefused(() => view.set.delete(1));
  assertRefused(() => view.set.clear());
  assertRefused(() => view.weakMap.set(key, 2));
  assertRefused(() => view.weakMap.delete(key));
  assertRefused(() => view.weakSet.delete(key));
  assertRefused(() => view.map.extra = 1);
  assertThrows(() => Map.prototype.set.call(view.map, "a", 2), TypeError);
  assertEquals([...state.map], [["a", 1]]);
  assertEquals([...state.set], [1]);
  assertEquals(state.weakMap.get(key), 1);
});

Deno.test("readOnly() hands out views of what is in maps and sets, by every road", () => {
  const state = {
    map: new Map([[{ k: 1 }, { n: 1 }]]),
    set: new Set([{ n: 1 }]),
  };
  const view = viewOf(state);
  // deno-lint-ignore no-explicit-any -- the types would refuse what is tried here
  const roads: (() => any)[] = [
    () => [...view.map.values()][0],
    () => [...view.map.keys()][0],
    () => [...view.map][0][1],
    () => [...view.map.entries()][0][0],
    () => view.map.values().next().value,
    () => view.map.values().toArray()[0],
    () => view.map.values().filter(() => true).next().value,
    () => view.set.values().next().value,
    () => [...view.set.union(new Set())][0],
    () => new Map(view.map).values().next().value,
  ];
  for (const road of roads) {
    assertRefused(() => road().n = 2, road.toString());
  }
  assertRefused(() => view.map.forEach((it: { n: number }) => it.n = 2));
  assertRefused(() =>
    view.map.forEach((_: unknown, key: { k: number }) => key.k = 2)
  );
  assertRefused(() =>
    view.map.forEach((_: unknown, __: unknown, map: Map<unknown, unknown>) =>
      map.clear()
    )
  );
  assertEquals([...state.map], [[{ k: 1 }, { n: 1 }]]);
  assertEquals([...state.set], [{ n: 1 }]);
});

// Other built-ins

Deno.test("readOnly() reads dates and refuses to change them", () => {
  const date = new Date(86_400_000);
  const view = viewOf({ date }).date;
  assertEquals(view.getTime(), 86_400_000);
  assertEquals(view.toISOString(), "1970-01-02T00:00:00.000Z");
  assertEquals(+view, 86_400_000);
  assertEquals(`${view}`, `${date}`);
  assertEquals(JSON.stringify({ view }), '{"view":"1970-01-02T00:00:00.000Z"}');
  assertEquals(view < new Date(), true);
  for (const name of Object.getOwnPropertyNames(Date.prototype)) {
    if (name.startsWith("set")) assertRefused(() => view[name](0), name);
  }
  assertEquals(date.getTime(), 86_400_000);
});

Deno.test("readOnly() reads bytes and refuses to change them", () => {
  const bytes = new Uint8Array([3, 1, 2]);
  const data = new DataView(new ArrayBuffer(8));
  const view = viewOf({ bytes, data });
  assertEquals(view.bytes.length, 3);
  assertEquals([...view.bytes], [3, 1, 2]);
  assertEquals([...view.bytes.slice(1)], [1, 2]);
  assertEquals([...view.bytes.map((byte: number) => byte * 2)], [6, 2, 4]);
  assertEquals(view.bytes.at(-1), 2);
  assertEquals(view.data.getInt8(0), 0);
  assertEquals(view.bytes.buffer.byteLength, 3);
  assertRefused(() => view.bytes[0] = 9);
  assertRefused(() => view.bytes.set([9]));
  assertRefused(() => view.bytes.fill(9));
  assertRefused(() => view.bytes.sort());
  assertRefused(() => view.bytes.reverse());
  assertRefused(() => view.bytes.copyWithin(0, 1));
  assertRefused(() => view.bytes.setFromHex("ff"));
  assertRefused(() => view.bytes.subarray(0)[0] = 9);
  assertRefused(() => view.bytes.buffer.transfer());
  assertRefused(() => view.bytes.buffer.resize(0));
  assertRefused(() => view.data.setInt8(0, 9));
  assertEquals([...bytes], [3, 1, 2]);
  assertEquals(data.getInt8(0), 0);
});

Deno.test("readOnly() reads errors, regular expressions and promises", async () => {
  const view = viewOf({
    error: new RangeError("no", { cause: { n: 1 } }),
    pattern: /a(b)/,
    promise: Promise.resolve({ n: 1 }),
  });
  assertEquals(`${view.error}`, "RangeError: no");
  assertEquals(view.pattern.test("ab"), true);
  assertEquals("xab".replace(view.pattern, "$1"), "xb");
  assertEquals((await view.promise).n, 1);
  assertRefused(() => view.error.message = "yes");
  assertRefused(() => view.error.cause.n = 2);
  const settled = await view.promise;
  assertRefused(() => settled.n = 2);
});
