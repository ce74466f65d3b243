import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { EventEmitter } from "node:events";
import { copyState, Named, Point } from "./copy_fixture_test.ts";

Deno.test("copyState copies every kind of plain data and shares nothing with the original", () => {
  const symbol = Symbol("s");
  const memory = new ArrayBuffer(16);
  const state = {
    text: "a",
    none: null,
    missing: undefined,
    big: 10n,
    nan: NaN,
    minus: -0,
    symbol,
    [symbol]: [1],
    list: [1, , { a: 1 }] as unknown[],
    map: new Map<unknown, unknown>([[{ k: 1 }, { v: 1 }], ["b", new Set([1])]]),
    date: new Date(5),
    pattern: Object.assign(/a+/gi, { lastIndex: 3 }),
    memory,
    bytes: new Uint8Array(memory, 4, 8),
    floats: new Float64Array([1.5]),
    view: new DataView(memory, 2, 4),
    buffer: Buffer.from("hello"),
    url: new URL("https://a.example/b?c=d"),
    params: new URLSearchParams("a=1&a=2"),
    headers: new Headers({ "x-a": "1" }),
    boxed: [Object(1), Object("a"), Object(true), Object(1n), Object(symbol)],
    bare: Object.assign(Object.create(null), { a: 1 }),
    proto: JSON.parse('{"__proto__": {"a": 1}}'),
  };
  const copy = copyState("counter", state);
  assertEquals(copy, state);
  assert(!(1 in copy.list), "a hole stays a hole");
  assert(Object.is(copy.minus, -0));
  assertEquals(copy.pattern.lastIndex, 3);
  assertStrictEquals(copy.bytes.buffer, copy.memory);
  assertStrictEquals(copy.view.buffer, copy.memory);
  assertEquals([copy.bytes.byteOffset, copy.bytes.length], [4, 8]);
  assertEquals(copy.url.href, state.url.href);
  assertEquals(`${copy.params}`, "a=1&a=2");
  assertEquals(copy.headers.get("x-a"), "1");
  assert(Buffer.isBuffer(copy.buffer));
  assertEquals(Object.getPrototypeOf(copy.bare), null);
  assertEquals(Object.keys(copy.proto), ["__proto__"]);
  assertEquals(Object.getPrototypeOf(copy.proto), Object.prototype);
  assertEquals(
    copy.boxed.map((value: object) => [typeof value, value.valueOf()]),
    state.boxed.map((value: object) => ["object", value.valueOf()]),
  );
  copy.bytes[0] = 9;
  copy.params.append("b", "3");
  copy.headers.set("x-a", "2");
  copy.date.setTime(0);
  copy.url.pathname = "/z";
  copy.map.clear();
  assertEquals(state.bytes[0], 0);
  assertEquals(`${state.params}${state.headers.get("x-a")}`, "a=1&a=21");
  assertEquals(state.date.getTime(), 5);
  assertEquals(state.url.pathname, "/b");
  assertEquals(state.map.size, 2);
});

Deno.test("copyState keeps cycles, shared objects and the order of entries", () => {
  const shared = { n: 1 };
  const state: Record<string, unknown> = {
    a: shared,
    b: [shared],
    set: new Set<unknown>([shared, 2, "c"]),
    keyed: new Map([[shared, "x"]]),
  };
  state.self = state;
  (state.set as Set<unknown>).add(state.set);
  const copy = copyState("c", state);
  assertStrictEquals(copy.self, copy);
  assertStrictEquals(copy.a, (copy.b as unknown[])[0]);
  assertNotStrictEquals(copy.a, shared);
  assert((copy.set as Set<unknown>).has(copy.a));
  assert((copy.set as Set<unknown>).has(copy.set));
  assertEquals((copy.keyed as Map<unknown, string>).get(copy.a), "x");
  assertEquals([...(copy.set as Set<unknown>)].slice(1, 3), [2, "c"]);
});

Deno.test("copyState gives what two states reach to each of them", () => {
  const shared = { n: 1 };
  const [a, b] = [copyState("a", { shared }), copyState("b", { shared })];
  assertNotStrictEquals(a.shared, b.shared);
});

Deno.test("copyState keeps accessors, hidden members, frozen, sealed and closed objects", () => {
  const state = Object.defineProperties({ n: 1 }, {
    twice: {
      get(this: { n: number }) {
        return this.n * 2;
      },
      enumerable: true,
      configurable: true,
    },
    hidden: { value: { a: 1 }, enumerable: false, writable: true },
    fixed: { value: 3, enumerable: true, writable: false },
  }) as { n: number; twice: number; hidden: object; fixed: number };
  const copy = copyState("c", state);
  copy.n = 5;
  assertEquals([copy.twice, state.twice], [10, 2]);
  assertEquals(copy.hidden, { a: 1 });
  assertNotStrictEquals(copy.hidden, state.hidden);
  assertEquals(Object.keys(copy), ["n", "twice", "fixed"]);
  assertThrows(() => copy.fixed = 4, TypeError);

  const frozen = copyState("c", Object.freeze([Object.freeze({ a: [1] })]));
  assert(Object.isFrozen(frozen) && Object.isFrozen(frozen[0]));
  assert(!Object.isFrozen(frozen[0]!.a));
  assert(Object.isSealed(copyState("c", Object.seal({ a: 1 }))));
  const closed = copyState("c", Object.preventExtensions([1]));
  assert(!Object.isExtensible(closed) && !Object.isSealed(closed));
  assertEquals(copyState("c", Object.assign([1, 2], { total: 3 })).total, 3);
});

Deno.test("copyState copies instances of the app's classes with their class (P22)", () => {
  const state = { at: new Named(1), others: [new Point(4)] };
  Object.defineProperty(state.at, "loud", {
    value: "own",
    writable: true,
    enumerable: true,
    configurable: true,
  });
  const copy = copyState("c", state);
  assert(copy.at instanceof Named && copy.others[0] instanceof Point);
  assertEquals([copy.at.sum(), copy.others[0]!.sum()], [3, 6]);
  assertNotStrictEquals(copy.at, state.at);
  assertEquals(Reflect.get(copy.at, "loud"), "own");
});

Deno.test("copyState copies errors with class, stack and cause", () => {
  class Rejected extends RangeError {
    code = 7;
  }
  const error = new Rejected("no", { cause: { why: [1] } });
  const copy = copyState("c", { error }).error;
  assert(copy instanceof Rejected && Error.isError(copy));
  assertEquals([copy.message, copy.code, copy.stack], ["no", 7, error.stack]);
  assertEquals(copy.cause, { why: [1] });
  assertNotStrictEquals(copy.cause, error.cause);
  const many = copyState("c", new AggregateError([new TypeError("a")], "b"));
  assert(many.errors[0] instanceof TypeError);
});

Deno.test("copyState carries what belongs to the host by reference (P20)", async () => {
  class LibrarySocket extends EventEmitter {}
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const [near, far] = await Promise.all([
    Deno.connect({ port: (listener.addr as Deno.NetAddr).port }),
    listener.accept(),
  ]);
  const socket = new WebSocket("ws://127.0.0.1:1");
  const closed = Promise.withResolvers<void>();
  socket.onerror = () => {};
  socket.onclose = () => closed.resolve();
  const channel = new MessageChannel();
  const hosted: unknown[] = [
    near,
    far,
    listener,
    socket,
    channel.port1,
    new AbortController(),
    new ReadableStream(),
    new TransformStream(),
    new LibrarySocket(),
    Promise.resolve(1),
    new WeakMap(),
    new WeakRef({}),
    new Blob(["a"]),
    new Request("https://a.example"),
    new Response("a"),
    new SharedArrayBuffer(4),
    new Intl.NumberFormat("en"),
    new TextEncoder(),
    crypto,
    globalThis,
    Math,
    JSON,
    Point,
    () => 1,
    await import("../texts/class_text.ts"),
    await crypto.subtle.generateKey({ name: "AES-GCM", length: 128 }, true, [
      "encrypt",
    ]),
  ];
  const copy = copyState("c", { clients: new Set(hosted), hosted });
  hosted.forEach((value, at) => {
    assertStrictEquals(copy.hosted[at], value, `${at}`);
    assert(copy.clients.has(value), `${at}`);
  });
  // A proxy may stand in the place of a class, as the one that sees sockets to the own server.
  const native = globalThis.WebSocket;
  globalThis.WebSocket = new Proxy(native, {});
  try {
    assertStrictEquals(copyState("c", { socket }).socket, socket);
  } finally {
    globalThis.WebSocket = native;
  }
  near.close();
  far.close();
  channel.port1.close();
  channel.port2.close();
  await closed.promise;
});
