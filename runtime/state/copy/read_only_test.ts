import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { readOnly } from "./read_only.ts";

/** Fails unless the act is refused with the sentence that says what to do. */
function assertRefused(act: () => unknown, what = act.toString()): void {
  assertThrows(
    act,
    TypeError,
    "Cannot change the state of a holder from outside: it is a read-only view; call an action",
    what,
  );
}

/** A view as code sees it that does not mind the types. */
// deno-lint-ignore no-explicit-any -- the types would refuse what is tried here
function viewOf(value: unknown): any {
  return readOnly(value);
}

// Values

Deno.test("readOnly() gives primitives and functions as they are", () => {
  const act = () => 1;
  const symbol = Symbol();
  for (const value of [1, "a", true, null, undefined, 1n, symbol, act, NaN]) {
    assertStrictEquals(viewOf(value), value);
  }
});

Deno.test("readOnly() gives the same view for the same object, and a view of a view is itself", () => {
  const state = { inner: { list: [1] } };
  const view = readOnly(state);
  assertNotStrictEquals<unknown>(view, state);
  assertStrictEquals(readOnly(state), view);
  assertStrictEquals(viewOf(view), view);
  assertStrictEquals(view.inner, view.inner);
  assertStrictEquals(viewOf(state.inner), view.inner);
});

Deno.test("readOnly() shows what is there now", () => {
  const state: { count: number; list: number[]; more?: string } = {
    count: 1,
    list: [1],
  };
  const view = readOnly(state);
  state.count = 2;
  state.list.push(2);
  state.more = "more";
  assertEquals(view.count, 2);
  assertEquals([...view.list], [1, 2]);
  assertEquals(Object.keys(view), ["count", "list", "more"]);
  assertEquals("more" in view, true);
  delete state.more;
  assertEquals("more" in view, false);
});

Deno.test("readOnly() is as good as the object for whoever reads", () => {
  const state = {
    list: [{ id: 1 }, { id: 2 }],
    nested: { deep: { a: null, b: undefined } },
    date: new Date(0),
    map: new Map([["a", { n: 1 }]]),
    set: new Set([1]),
  };
  const view = viewOf(state);
  assertEquals(JSON.stringify(view), JSON.stringify(state));
  assertEquals({ ...view.nested.deep }, { a: null, b: undefined });
  assertEquals(view, state);
  assert(Array.isArray(view.list));
  assert(view.date instanceof Date);
  assert(view.map instanceof Map);
  assertEquals(Object.getPrototypeOf(view), Object.prototype);
  assertEquals(Deno.inspect(view), Deno.inspect(state));
});

// Objects

Deno.test("readOnly() refuses every way to change an object, and its members", () => {
  const state = { a: 1, inner: { b: 2 } };
  const before = structuredClone(state);
  const view = viewOf(state);
  assertRefused(() => view.a = 2);
  assertRefused(() => view.fresh = 2);
  assertRefused(() => delete view.a);
  assertRefused(() => view.inner.b++);
  assertRefused(() => Object.assign(view, { a: 2 }));
  assertRefused(() => Object.defineProperty(view, "a", { value: 2 }));
  assertRefused(() => Object.setPrototypeOf(view, null));
  assertRefused(() => view.__proto__ = null);
  assertRefused(() => Object.freeze(view));
  assertRefused(() => Object.seal(view));
  assertRefused(() => Object.preventExtensions(view));
  assertThrows(() => Reflect.set(view, "a", 2), TypeError);
  assertEquals(state, before);
  assertEquals(Object.isExtensible(state), true);
  assertEquals(Object.getPrototypeOf(state), Object.prototype);
});

Deno.test("readOnly() hands out no way round through descriptors, entries or copies", () => {
  const state = { inner: { b: 2 }, sealed: Object.seal({ deep: { c: 3 } }) };
  const view = viewOf(state);
  assertRefused(() => {
    Object.getOwnPropertyDescriptor(view, "inner")!.value.b = 3;
  });
  assertRefused(() => {
    Object.getOwnPropertyDescriptor(view.sealed, "deep")!.value.c = 4;
  });
  assertRefused(() => view.sealed.deep.c = 4);
  assertRefused(() => {
    for (const [, value] of Object.entries(view)) {
      (value as { b: number }).b = 3;
    }
  });
  assertRefused(() => ({ ...view }).inner.b = 3);
  assertRefused(() =>
    Object.values(Object.getOwnPropertyDescriptors(view))
      .forEach((it) => (it as PropertyDescriptor).value.b = 3)
  );
  assertEquals(state.inner.b, 2);
  assertEquals(state.sealed.deep.c, 3);
});

Deno.test("readOnly() runs getters and methods of plain objects, which cannot write either", () => {
  const state = {
    count: 1,
    get double() {
      return this.count * 2;
    },
    get list() {
      return [{ a: 1 }];
    },
    more() {
      return ++this.count;
    },
    next() {
      return this.count + 1;
    },
  };
  const view = viewOf(state);
  assertEquals(view.double, 2);
  assertEquals(view.next(), 2);
  assertRefused(() => view.list[0].a = 2);
  assertRefused(() => view.more());
  assertEquals(state.count, 1);
});

Deno.test("readOnly() views objects without a prototype, with symbols and with cycles", () => {
  const key = Symbol("key");
  const state = Object.assign(Object.create(null), { [key]: { a: 1 } });
  state.self = state;
  const view = viewOf(state);
  assertStrictEquals(view.self, view);
  assertEquals(view.self.self[key].a, 1);
  assertRefused(() => view[key].a = 2);
});

Deno.test("readOnly() views frozen objects and arrays, however deep what they hold is", () => {
  const inner = { count: 1 };
  const state = {
    object: Object.freeze({ inner, plain: 1 }),
    list: Object.freeze([inner, 2] as const),
    map: Object.freeze({ map: new Map([["a", inner]]) }),
  };
  const view = viewOf(state);
  assertEquals(view.object.inner.count, 1);
  assertEquals(view.object.plain, 1);
  assertEquals([...view.list][1], 2);
  assertEquals(view.list.length, 2);
  assert(Array.isArray(view.list));
  assertRefused(() => view.object.inner.count = 2);
  assertRefused(() => view.list[0].count = 2);
  assertRefused(() => view.map.map.get("a").count = 2);
  assertRefused(() => view.map.map.clear());
  assertRefused(() => view.object.plain = 2);
  assertStrictEquals(view.object.inner, view.list[0]);
  inner.count = 5;
  assertEquals(view.object.inner.count, 5);
  assertEquals(JSON.stringify(view.object), '{"inner":{"count":5},"plain":1}');
  assertEquals(Deno.inspect(view), Deno.inspect(state));
});

Deno.test("readOnly() does not break on an object that is frozen after it was seen", () => {
  const state = { inner: { count: 1 }, n: 1 };
  const view = viewOf(state);
  assertEquals(view.inner.count, 1);
  Object.freeze(state);
  assertEquals(view.inner.count, 1);
  assertEquals(view.n, 1);
  assertEquals(Object.keys(view), ["inner", "n"]);
});

// Arrays

Deno.test("readOnly() reads arrays in every way", () => {
  const state = [{ id: 3 }, { id: 1 }, { id: 2 }];
  const view = viewOf(state);
  assertEquals(view.length, 3);
  assertEquals(view.at(-1).id, 2);
  assertEquals(view.map(({ id }: { id: number }) => id), [3, 1, 2]);
  assertEquals(view.filter((it: { id: number }) => it.id > 1).length, 2);
  assertEquals(
    view.toSorted((a: { id: number }, b: { id: number }) => a.id - b.id)[0].id,
    1,
  );
  assertEquals([...view, ...view.slice(1)].length, 5);
  assertEquals(view.concat([4]).length, 4);
  assertEquals([0].concat(view).length, 4);
  assertEquals(view.indexOf(view[1]), 1);
  assertEquals(view.includes(view[2]), true);
  const [first, ...rest] = view;
  assertEquals([first.id, rest.length], [3, 2]);
});

Deno.test("readOnly() refuses every way to change an array", () => {
  const state = [3, 1, 2];
  const view = viewOf(state);
  assertRefused(() => view[0] = 1);
  assertRefused(() => view[9] = 1);
  assertRefused(() => view.length = 0);
  assertRefused(() => view.push(1));
  assertRefused(() => view.pop());
  assertRefused(() => view.shift());
  assertRefused(() => view.unshift(1));
  assertRefused(() => view.splice(0, 1));
  assertRefused(() => view.sort());
  assertRefused(() => view.reverse());
  assertRefused(() => view.fill(0));
  assertRefused(() => view.copyWithin(0, 1));
  assertRefused(() => Array.prototype.push.call(view, 1));
  assertEquals(state, [3, 1, 2]);
});

Deno.test("readOnly() hands views to the callbacks of arrays", () => {
  const state = [{ n: 1 }];
  const view = viewOf(state);
  assertRefused(() => view.forEach((item: { n: number }) => item.n++));
  assertRefused(() =>
    view.map((_: unknown, __: number, all: unknown[]) => all.pop())
  );
  assertRefused(() => view.find(() => true).n++);
  assertRefused(() => view.slice()[0].n++);
  assertRefused(() => view.reduce((all: object) => all).n++);
  assertRefused(() => Object.assign(view.entries().next().value[1], { n: 2 }));
  assertEquals(state, [{ n: 1 }]);
});

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

// Classes

class Cart {
  items = [{ n: 1 }];
  get total() {
    return this.items.length;
  }
  has(n: number) {
    return this.items.some((item) => item.n === n);
  }
  first() {
    return this.items[0];
  }
  add(n: number) {
    this.items.push({ n });
  }
  rename(name: string) {
    Object.assign(this, { name });
  }
  *[Symbol.iterator]() {
    yield* this.items;
  }
}

Deno.test("readOnly() runs the methods of class instances, which cannot write either", () => {
  class Bigger extends Cart {
    override has(n: number) {
      return super.has(n) || n === 99;
    }
    override add(n: number) {
      super.add(n);
    }
  }
  for (const state of [new Cart(), new Bigger()]) {
    const view = viewOf({ state }).state;
    assertEquals(view instanceof Cart, true);
    assertEquals(view.total, 1);
    assertEquals(view.has(1), true);
    assertEquals(view.first().n, 1);
    assertEquals([...view].length, 1);
    assertEquals(view.constructor, state.constructor);
    assertRefused(() => view.add(2));
    assertRefused(() => view.rename("x"));
    assertRefused(() => view.first().n = 2);
    assertRefused(() => [...view][0].n = 2);
    assertRefused(() => view.items.push({ n: 2 }));
    assertEquals(state.items, [{ n: 1 }]);
    assertEquals(Object.hasOwn(state, "name"), false);
  }
});

Deno.test("readOnly() reads classes with private members", () => {
  class Secret {
    #items = [{ n: 1 }];
    get size() {
      return this.#items.length;
    }
    first() {
      return this.#items[0];
    }
    get head() {
      return this.#items[0];
    }
    grow() {
      this.#items.push({ n: 2 });
    }
    *[Symbol.iterator]() {
      yield* this.#items;
    }
  }
  class More extends Secret {
    second() {
      return this.first();
    }
  }
  for (const state of [new Secret(), new More()]) {
    const view = viewOf({ state }).state;
    assertEquals(view.size, 1);
    assertEquals([...view].length, 1);
    assertEquals(view.head.n, 1);
    assertRefused(() => view.head.n = 2);
    assertRefused(() => [...view][0].n = 2);
    assertThrows(
      () => view.grow(),
      TypeError,
      `Cannot call ${state.constructor.name}.grow on a read-only view: nothing can keep it from changing its private members (#items); call it in an action, or read through a getter`,
    );
    assertThrows(() => view.first(), TypeError, "Cannot call");
    assertRefused(() => view.extra = 1);
    assertEquals(state.size, 1);
  }
});

Deno.test("readOnly() reads classes that extend a built-in", () => {
  class Scores extends Map<string, number> {
    best() {
      return Math.max(...super.values());
    }
    addOne() {
      this.set("c", 1);
    }
    addTwo() {
      super.set("d", 1);
    }
  }
  class Stack extends Array<number> {
    top() {
      return this.at(-1);
    }
  }
  const view = viewOf({
    scores: new Scores([["a", 1], ["b", 3]]),
    stack: Stack.of(1, 2),
  });
  assertEquals(view.scores.best(), 3);
  assertEquals(view.scores.get("a"), 1);
  assertRefused(() => view.scores.set("a", 9));
  assertRefused(() => view.scores.addOne());
  view.scores.addTwo();
  assertEquals(view.scores.size, 2, "super wrote to a copy");
  assertEquals(view.stack.top(), 2);
  assertRefused(() => view.stack.push(3));
});

Deno.test("readOnly() hands out what belongs to the host as itself (P27)", () => {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port1, port2 } = new MessageChannel();
  const controller = new AbortController();
  const view = viewOf({
    clients: new Set<unknown>([port1, listener]),
    controller,
  });
  assertEquals([...view.clients].map((client) => client === port1), [
    true,
    false,
  ]);
  assertEquals(view.clients.has(listener), true);
  assertEquals(view.controller === controller, true);
  view.controller.abort();
  assertEquals(controller.signal.aborted, true);
  port1.close();
  port2.close();
});

Deno.test("readOnly() refuses to write through URLs, headers and getters", () => {
  const state = {
    url: new URL("https://a.example/?a=1"),
    headers: new Headers({ a: "1" }),
    bytes: Buffer.from([1, 2]),
    game: new (class Game {
      n = 0;
      get next() {
        return ++this.n;
      }
    })(),
  };
  const view = viewOf(state);
  assertEquals([view.url.pathname, view.headers.get("a")], ["/", "1"]);
  assertRefused(() => view.url.pathname = "/b");
  assertRefused(() => view.url.searchParams.append("b", "2"));
  assertRefused(() => view.headers.set("a", "2"));
  assertRefused(() => view.bytes.writeUInt8(9, 0));
  assertRefused(() => view.game.next);
  assertEquals(state.url.href, "https://a.example/?a=1");
  assertEquals([state.headers.get("a"), state.bytes[0], state.game.n], [
    "1",
    1,
    0,
  ]);
});
