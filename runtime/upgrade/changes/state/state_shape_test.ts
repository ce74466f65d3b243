import { assertEquals } from "@std/assert";
import { missingShape, newShape } from "./state_shape.ts";

class Game {
  n = 0;
}
class Hidden {
  #n = 0;
  read() {
    return this.#n;
  }
}
const bare = (members: object) => Object.assign(Object.create(null), members);
const more = Symbol("more");

/** First states before and after, and what is new. */
const NEW:
  readonly (readonly [before: unknown, after: unknown, said: string])[] = [
    [{ n: 0 }, { n: 0, authors: {} }, "authors"],
    [{ n: 0 }, { n: 0, [Symbol.for("more")]: {} }, "[Symbol(more)]"],
    [{ n: 0 }, { n: 0, [more]: {} }, "[Symbol(more)]"],
    [{ c: { a: { b: 1 } } }, { c: { a: { b: 1, d: {} } } }, "c.a.d"],
    [
      { n: 0 },
      Object.defineProperty({ n: 0 }, "twice", { get: () => 0 }),
      "twice",
    ],
    [
      { n: 0 },
      Object.defineProperty({ n: 0 }, "hidden", { value: {} }),
      "hidden",
    ],
    [Object.freeze({ n: 0 }), Object.freeze({ n: 0, more: 1 }), "more"],
    [{ at: [0] }, { at: [0, {}] }, "at[1]"],
    [[0], [0, {}], "[1]"],
    [new Map([["n", 0]]), new Map([["n", 0], ["m", 1]]), "m"],
    [
      { m: new Map([["n", {}]]) },
      { m: new Map([["n", { a: 1 }], ["m", {}]]) },
      "m.m",
    ],
    [bare({ n: 0 }), bare({ n: 0, more: {} }), "more"],
    [{ at: [{ x: 0 }] }, { at: [{ x: 0, y: 0 }] }, "at[0].y"],
    [0, { n: 0 }, "it is an object in state() and was a number"],
    [{ n: 0 }, 0, "it is a number in state() and was an object"],
    [{ n: 0 }, new Map(), "it is a Map in state() and was an object"],
    [
      { n: 0 },
      new Game(),
      "it is an instance of a class in state() and was an object",
    ],
    [null, { n: 0 }, "it is an object in state() and was nothing"],
    [
      { all: [] },
      { all: new Set() },
      "all is a Set in state() and was an array",
    ],
    [{ n: 0 }, { n: "0" }, "n is a string in state() and was a number"],
    [{ n: 0 }, { n: 0n }, "n is a bigint in state() and was a number"],
    [{ at: 0 }, { at: new Date() }, "at is a Date in state() and was a number"],
    [
      { b: [] },
      { b: new Uint8Array() },
      "b is a typed array in state() and was an array",
    ],
  ];

/** First states before and after between which nothing is new, and the running state. */
const SAME:
  readonly (readonly [before: unknown, after: unknown, running?: unknown])[] = [
    [{ n: 1, text: "a" }, { n: 2, text: "b" }],
    [{ n: 1, old: 1 }, { n: 1 }],
    [{ user: null }, { user: null }, { user: { name: "a" } }],
    [{ user: null }, { user: { name: "" } }, { user: { name: "a" } }],
    [{ rooms: {}, list: [], map: new Map() }, {
      rooms: { a: 1 },
      list: [1],
      map: new Map([[1, 2]]),
    }],
    [{ n: 1 }, { n: 1, more: { a: 1 } }, { n: 1, more: { a: 2 } }],
    [{ n: 1 }, { n: undefined }],
    [{ n: 1, [more]: 1 }, { n: 1, [Symbol("more")]: 1 }],
    [new Game(), new Game()],
    [{ it: new Hidden() }, { it: new Hidden() }],
    [{ it: new EventTarget() }, { it: new AbortController() }],
    [{ either: 1 }, { either: "a" }, { either: "b" }],
    [[], ["first"]],
  ];

Deno.test("newShape() finds what is new, however deep and of whatever kind (P24)", () => {
  for (const [before, after, said] of NEW) {
    const { keys, kinds } = newShape(() => after, () => before, before)!;
    assertEquals([...keys, ...kinds], [said]);
  }
});

Deno.test("newShape() leaves alone what is data, or has been there", () => {
  for (const [before, after, running = before] of SAME) {
    const { keys, kinds } = newShape(() => after, () => before, running)!;
    assertEquals([...keys, ...kinds], [], Deno.inspect({ before, after }));
  }
  const circle: Record<string, unknown> = { n: 0 };
  circle.self = circle;
  const other: Record<string, unknown> = { n: 0 };
  other.self = other;
  assertEquals(newShape(() => circle, () => other, other)?.keys, []);
  const fails = () => {
    throw new Error("not now");
  };
  assertEquals(newShape(fails, () => 1, 1), null);
  assertEquals(newShape(() => 1, fails, 1), null);
});

Deno.test("newShape() runs nobody's accessors", () => {
  let ran = 0;
  const seen = () => ({
    get n() {
      return ++ran;
    },
  });
  assertEquals(newShape(seen, seen, seen())?.keys, []);
  assertEquals(ran, 0);
});

Deno.test("missingShape() names what a migrated state lacks, and what is of another kind (P22)", () => {
  for (
    const [first, migrated, said] of [
      [{ a: 1, b: 1 }, { a: 1 }, "b"],
      [bare({ a: 1, b: 1 }), { a: 1 }, "b"],
      [{ a: 1, [Symbol.for("s")]: 1 }, { a: 1 }, "[Symbol(s)]"],
      [{ all: new Map() }, { all: {} }, "all is an object instead of a Map"],
      [
        { all: new Game() },
        { all: { n: 0 } },
        "all is an object instead of an instance of a class",
      ],
      [{ all: [] }, { all: 1 }, "all is a number instead of an array"],
      [{ a: 1 }, new Map(), "it is a Map instead of an object"],
      [{ a: 1 }, [], "it is an array instead of an object"],
      [{ a: 1, b: undefined, either: 1, user: {} }, {
        a: 1,
        either: "a",
        user: null,
      }, ""],
      [1, "a", ""],
      [new Game(), new Game(), ""],
    ] as const
  ) {
    const { keys, kinds } = missingShape(first, migrated);
    assertEquals([...keys, ...kinds].join(), said);
  }
});
