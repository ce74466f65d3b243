import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { readOnly } from "./read_only.ts";
import { assertRefused, viewOf } from "./read_only_fixture_test.ts";

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
