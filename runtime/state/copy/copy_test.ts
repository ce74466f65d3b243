import {
  assert,
  assertEquals,
  assertNotStrictEquals,
  assertStrictEquals,
  assertThrows,
} from "@std/assert";
import { EventEmitter } from "node:events";
import { StateCopy } from "./copy.ts";
import { CopyError } from "./copy_error.ts";
import { noteOwnClass } from "./value_kind.ts";
import { readOnly } from "./read_only.ts";

class Point {
  x: number;
  y = 2;
  constructor(x: number) {
    this.x = x;
  }
  sum(): number {
    return this.x + this.y;
  }
}

class Named extends Point {
  label = "a";
  set loud(_: string) {
    throw new Error("a setter must not run");
  }
}

/** Copies a state at one go. */
function copyState<T>(name: string, state: T): T {
  const copy = new StateCopy(name, state);
  copy.run();
  return copy.value as T;
}

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
    await import("../classes/class_text.ts"),
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

class Counter {
  #n = 0;
  inc(): number {
    return this.#n += 1;
  }
}
class Deep extends Counter {}
class Scores extends Map<string, number> {}
class Listed extends Array<number> {}
class Own extends EventEmitter {}
noteOwnClass(Own);

function refusal(state: unknown): string {
  const error = assertThrows(() => copyState('rooms["a"]', state), CopyError);
  return error.message.replace(
    "; declare copy, or keep such values out of the state",
    "",
  );
}

Deno.test("copyState refuses what it cannot copy faithfully, with place, class and remedy (P21)", () => {
  assertEquals(
    assertThrows(
      () => copyState('rooms["a"]', { clients: [new Counter()] }),
      CopyError,
    ).message,
    'Cannot copy rooms["a"].clients[0]: Counter has private members (#n), which no copy can reach; declare copy, or keep such values out of the state',
  );
  const private_ = "has private members (#n), which no copy can reach";
  const cases: [unknown, string][] = [
    [new Counter(), `Cannot copy rooms["a"]: Counter ${private_}`],
    [
      { "a b": new Map([["k", { "1": new Deep() }]]) },
      `Cannot copy rooms["a"]["a b"].get("k")[1]: Deep ${private_}`,
    ],
    [
      new Map([[new Counter(), 1]]),
      `Cannot copy rooms["a"].keys()[0]: Counter ${private_}`,
    ],
    [
      new Map([[new Point(1), new Counter()]]),
      `Cannot copy rooms["a"].get(Point): Counter ${private_}`,
    ],
    [
      { [Symbol("s")]: new Set([1, new Counter()]) },
      `Cannot copy rooms["a"][Symbol(s)][1]: Counter ${private_}`,
    ],
    [
      { s: new Scores() },
      'Cannot copy rooms["a"].s: Scores extends the built-in Map',
    ],
    [
      { s: new Listed() },
      'Cannot copy rooms["a"].s: Listed extends the built-in Array',
    ],
    [
      { s: new Own() },
      'Cannot copy rooms["a"].s: Own extends the built-in EventEmitter',
    ],
    [
      { s: new Proxy({}, {}) },
      'Cannot copy rooms["a"].s: it is a Proxy, whose target cannot be reached',
    ],
    [
      { s: Object.create({ a: 1 }) },
      'Cannot copy rooms["a"].s: Object inherits from an object that is not a class',
    ],
    [
      { s: Object.create(Map.prototype) },
      'Cannot copy rooms["a"].s: Map has not the insides of its class',
    ],
    [
      { s: Object.setPrototypeOf(new Map(), Point.prototype) },
      'Cannot copy rooms["a"].s: Point is a built-in object under a foreign prototype',
    ],
    [
      { cause: new Error("a", { cause: new Counter() }) },
      `Cannot copy rooms["a"].cause.cause: Counter ${private_}`,
    ],
  ];
  for (const [state, message] of cases) assertEquals(refusal(state), message);
});

Deno.test("copyState refuses generators, iterators and the arguments of functions", () => {
  const generator = (function* () {
    yield 1;
  })();
  const given = (function () {
    return arguments;
  })();
  for (const s of [generator, [1].values(), new Map().entries(), given]) {
    assertThrows(() => copyState("c", { s }), CopyError, "c.s");
  }
});

Deno.test("copyState refuses a read-only view, and says how to copy one", () => {
  assertThrows(
    () => copyState("c", { lines: readOnly([1]) }),
    CopyError,
    "Cannot copy c.lines: it is a read-only view of state; put snapshot(…) of it into the state; declare copy",
  );
});

Deno.test("copyState follows a list of 200,000 links without a deep stack", () => {
  let list: { next: unknown } = { next: null };
  for (let i = 0; i < 200_000; i++) list = { next: list };
  let length = 0;
  let copy: unknown = copyState("c", list);
  for (; copy; copy = (copy as typeof list).next) length++;
  assertEquals(length, 200_001);
});

Deno.test("StateCopy pauses inside of one large object and goes on", () => {
  for (
    const large of [
      Array.from({ length: 5000 }, (_, at) => ({ at })),
      new Map(Array.from({ length: 5000 }, (_, at) => [at, { at }])),
      new Set(Array.from({ length: 5000 }, (_, at) => `${at}`)),
      Object.fromEntries(
        Array.from({ length: 5000 }, (_, at) => [`k${at}`, at]),
      ),
    ]
  ) {
    const copy = new StateCopy("c", large);
    let slices = 1;
    while (!copy.run(0)) slices++;
    assert(slices > 5, `${slices}`);
    assertEquals(copy.value, large);
  }
});

/** Small numbers from a seed, the same ones each time. */
function seeded(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return Math.floor(state / 65536) % below;
  };
}

function grow(
  pick: (below: number) => number,
  made: object[],
  depth: number,
): unknown {
  const child = () => depth > 4 ? pick(9) : grow(pick, made, depth + 1);
  const keep = <T extends object>(value: T) => (made.push(value), value);
  switch (pick(12)) {
    case 0:
      return made.length > 0 ? made[pick(made.length)] : null;
    case 1: {
      const list = keep([] as unknown[]);
      for (let n = pick(4); n > 0; n--) list[pick(6)] = child();
      return pick(3) === 0 ? Object.freeze(list) : list;
    }
    case 2: {
      const map = keep(new Map<unknown, unknown>());
      for (let n = pick(4); n > 0; n--) map.set(child(), child());
      return map;
    }
    case 3: {
      const set = keep(new Set<unknown>());
      for (let n = pick(4); n > 0; n--) set.add(child());
      return set;
    }
    case 4:
      return keep(new Date(pick(1000)));
    case 5: {
      const point = keep(new Named(pick(5)));
      Object.assign(point, { extra: child() });
      return point;
    }
    case 6:
      return keep(new Uint8Array([pick(9), pick(9)]));
    case 7:
      return keep(new RangeError(`e${pick(9)}`, { cause: child() }));
    case 8:
      return ["text", pick(100), BigInt(pick(9)), undefined, null][pick(5)];
    default: {
      const object = keep({} as Record<string | symbol, unknown>);
      for (let n = pick(5); n > 0; n--) object[`k${pick(8)}`] = child();
      if (pick(5) === 0) Object.defineProperty(object, "h", { value: child() });
      return pick(6) === 0 ? Object.seal(object) : object;
    }
  }
}

/** Whether two graphs have the same shape, and no object in common. */
function assertSameShape(
  a: unknown,
  b: unknown,
  seen: Map<object, object>,
): void {
  if (typeof a !== "object" || a === null) return assert(Object.is(a, b));
  assert(typeof b === "object" && b !== null && a !== b);
  if (seen.has(a)) return assertStrictEquals(seen.get(a), b);
  seen.set(a, b);
  assertStrictEquals(Object.getPrototypeOf(a), Object.getPrototypeOf(b));
  assertEquals(Object.isFrozen(a), Object.isFrozen(b));
  assertEquals(Object.isSealed(a), Object.isSealed(b));
  assertEquals(Reflect.ownKeys(a), Reflect.ownKeys(b));
  for (const key of Reflect.ownKeys(a)) {
    assertSameShape(Reflect.get(a, key), Reflect.get(b, key), seen);
  }
  if (a instanceof Map || a instanceof Set) {
    const [left, right] = [[...a], [...b as typeof a]];
    assertEquals(left.length, right.length);
    left.flat(1).forEach((value, at) =>
      assertSameShape(value, right.flat(1)[at], seen)
    );
  }
  if (a instanceof Date) assertEquals(a.getTime(), (b as Date).getTime());
}

Deno.test("copyState keeps the shape of 2,000 random graphs, in slices or not", () => {
  for (let seed = 1; seed <= 2000; seed++) {
    const state = { root: grow(seeded(seed), [], 0) };
    try {
      assertSameShape(state, copyState("c", state), new Map());
      const sliced = new StateCopy("c", state);
      while (!sliced.run(0));
      assertSameShape(state, sliced.value, new Map());
    } catch (cause) {
      throw new Error(`seed ${seed}`, { cause });
    }
  }
});

Deno.test("copyState carries what holds others weakly only where none of them is copied (P20)", () => {
  const key = { n: 0 };
  const target = new EventTarget();
  const carried = {
    key,
    map: new WeakMap<object, unknown>([[target, 1]]),
    set: new WeakSet([target]),
    ref: new WeakRef(target),
  };
  const copy = copyState("c", carried);
  assertEquals([copy.map === carried.map, copy.ref === carried.ref], [
    true,
    true,
  ]);
  for (
    const [name, it] of [
      ["WeakMap", new WeakMap([[key, 1]])],
      ["WeakSet", new WeakSet([key])],
      ["WeakRef", new WeakRef(key)],
    ] as const
  ) {
    for (
      const state of [{ it, later: [key] }, { first: new Map([[key, 1]]), it }]
    ) {
      assertThrows(() => copyState("c", state), CopyError, `c.it: ${name} `);
    }
  }
});
