import { assertEquals } from "@std/assert";
import { shapeOfText } from "./class_shape.ts";
import { judgeClass, verdictOf } from "./class_verdict.ts";

function judge(
  old: string,
  next: string,
): { refused: string[]; fill: string[] } {
  const { refusals, fill } = judgeClass(
    "Game",
    shapeOfText(`class Game ${old}`),
    shapeOfText(`class Game ${next}`),
  );
  return {
    refused: refusals.map(({ subject, why }) => `${subject} ${why}`),
    fill: fill.map(({ name, text }) => `${name} = ${text}`),
  };
}

const FINE = { refused: [], fill: [] };

Deno.test("judgeClass lets methods change as they like", () => {
  assertEquals(
    judge(
      "{ a() { return 1; } gone() {} }",
      "{ a() { return limit; } get b() {} static c = 1; }",
    ),
    FINE,
  );
  assertEquals(judge("{ n = 0; }", "{\n  // more\n  n = 0\n}"), FINE);
  assertEquals(
    judge(
      "{ constructor(a) { this.a = a; } }",
      "{ constructor(a) {\n this.a = a; } }",
    ),
    FINE,
  );
  assertEquals(
    judge(
      "extends B { }",
      "extends B { constructor(...args) { super(...args); } }",
    ),
    FINE,
  );
});

Deno.test("judgeClass fills new fields that can be made anywhere (P67)", () => {
  assertEquals(
    judge(
      "{ moves = 0; }",
      "{ moves = 0; history = []; best; at = new Map(); }",
    ),
    {
      refused: [],
      fill: ["history = []", "best = ", "at = new Map()"],
    },
  );
  assertEquals(
    judge(
      "{ constructor(a) { this.a = a; } }",
      "{ constructor(a) { this.a = a; this.log = []; } }",
    ),
    { refused: [], fill: ["log = []"] },
  );
  assertEquals(
    judge("{ go = () => this.a(1); }", "{ go = () => this.a(2); }"),
    { refused: [], fill: ["go = () => this.a(2)"] },
  );
  assertEquals(judge("{ moves = 0; old = 1; }", "{ moves = 0; }"), FINE);
});

Deno.test("judgeClass refuses what only construction gives", () => {
  const cases: [string, string, string][] = [
    [
      "{ #n = 0; inc() {} }",
      "{ #n = 0; inc() { return 1; } }",
      "Game has private members (#n), which methods of the new class cannot reach in instances of the old one",
    ],
    [
      "{ n = 0; }",
      "{ #n = 0; }",
      "Game has private members (#n), which methods of the new class cannot reach in instances of the old one",
    ],
    [
      "{ }",
      "{ limit = LIMIT; }",
      "Game.limit is a new field, and its initializer names what only a new instance gets",
    ],
    [
      "{ constructor(a) { this.a = a; } }",
      "{ constructor(a, messages) { this.a = a; this.messages = messages; } }",
      "Game.messages is new and comes from the constructor",
    ],
    [
      "{ constructor(a) { this.a = a; } }",
      "{ constructor(a) { this.a = a; register(this); } }",
      "Game has another constructor, which kept instances have not been through",
    ],
    [
      "{ constructor(a) { this.a = a; } }",
      "{ constructor({ a }) { this.a = a; } }",
      "Game has another constructor, which kept instances have not been through",
    ],
    [
      "{ moves = 0; }",
      "{ moves = 1; }",
      "Game.moves has another initializer, and kept instances have what the old one gave them",
    ],
    [
      "{ constructor() { this.moves = 0; } }",
      "{ constructor() { this.moves = 1; } }",
      "Game.moves has another initializer, and kept instances have what the old one gave them",
    ],
    [
      "{ go = () => helper(1); }",
      "{ go = () => helper(2); }",
      "Game.go is a function of the old code, and its new text names what only a new instance gets",
    ],
    ["extends A { }", "extends B { }", "Game extends B now, A before"],
    [
      "{ }",
      "{ [KEY.of(1)] = 1; }",
      "Game[KEY.of(1)] is a new field, and its name is not known before it is made",
    ],
    [
      "{ [KEY] = () => 1; }",
      "{ [KEY] = () => 2; }",
      "Game[KEY] is a function of the old code, and its new text names what only a new instance gets",
    ],
    [
      "{ }",
      "{ constructor() { this.a = []; connect(this.a); } }",
      "Game has another constructor, which kept instances have not been through",
    ],
  ];
  for (const [old, next, why] of cases) {
    assertEquals(judge(old, next).refused, [why], `${old} -> ${next}`);
  }
});

Deno.test("judgeClass fills a field beside a declared one that the constructor assigns", () => {
  assertEquals(
    judge(
      "{ a = 1; constructor() { this.a = 2; } }",
      "{ a = 1; b = []; constructor() { this.a = 2; } }",
    ),
    { refused: [], fill: ["b = []"] },
  );
  assertEquals(
    judge(
      "{ a; constructor(a) { this.a = a; } }",
      "{ a; b; constructor(a, b) { this.a = a; this.b = b; } }",
    ).refused,
    ["Game.b is new and comes from the constructor"],
  );
});

Deno.test("verdictOf refuses fields that hide what is there now, also those of earlier versions", () => {
  class One {
    word = "one";
    go = () => 1;
  }
  class Two {
    other = 1;
  }
  class Three {
    other = 1;
    get word() {
      return "three";
    }
    go() {}
  }
  class Four extends Three {}
  const hidden =
    "is not a field any more, and that of kept instances hides what is there now";
  const refused = (...all: Parameters<typeof verdictOf>) =>
    verdictOf(...all).refusals
      .map(({ subject, why }) => `${subject} ${why}`)
      .filter((it) => it.includes("hides"));
  assertEquals(refused("Game", One, Three), [`Game.word ${hidden}`]);
  assertEquals(refused("Game", Two, Three), []);
  assertEquals(refused("Game", Two, Three, [One]), [`Game.word ${hidden}`]);
  assertEquals(refused("Game", One, Four), [`Game.word ${hidden}`]);
});
