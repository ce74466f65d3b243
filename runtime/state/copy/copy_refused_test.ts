import { assertEquals, assertThrows } from "@std/assert";
import { EventEmitter } from "node:events";
import { CopyError } from "./copy_error.ts";
import { noteOwnClass } from "./value_kind.ts";
import { readOnly } from "./read_only/read_only.ts";
import { copyState, Point } from "./copy_fixture_test.ts";

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
