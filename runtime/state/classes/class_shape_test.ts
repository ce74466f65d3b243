import { assertEquals } from "@std/assert";
import { classShape, shapeOfText } from "./class_shape.ts";
import { isSelfContained } from "../texts/free_names.ts";

Deno.test("classShape reads fields, methods, the constructor and what it extends", () => {
  class Base {}
  class Game extends Base {
    moves = 0;
    history: number[] = [];
    untold?: string;
    handler = (move: number) => this.play(move);
    static made = 1;
    get last() {
      return this.history.at(-1);
    }
    constructor(readonly name: string) {
      super();
      this.moves = 1;
    }
    play(move: number) {
      this.history.push(move);
    }
    static of() {
      return new Game("a");
    }
    async *stream() {}
    [Symbol.iterator]() {
      return this.history.values();
    }
  }
  const shape = classShape(Game)!;
  assertEquals(shape.extends, "Base");
  assertEquals(shape.private, []);
  assertEquals(
    shape.fields.map(({ name, selfContained }) => [name, selfContained]).slice(
      -4,
    ),
    [
      ["moves", true],
      ["history", true],
      ["untold", true],
      ["handler", true],
    ],
  );
  assertEquals(Object.keys(shape.methods), [
    "static made =",
    "get last",
    "play",
    "static of",
    "stream",
    "[ Symbol . iterator ]",
  ]);
  assertEquals(/^\(name\) ?\{/.test(shape.construct), true);
  assertEquals(classShape(function Old() {}), null);
});

Deno.test("shapeOfText does not mind layout, comments and missing semicolons", () => {
  const tight = shapeOfText(
    "class A{a=1;b=[1,2];c(){return`x${{a:1}.a}y`}d;get=2}",
  );
  const loose = shapeOfText(`class A {
    // a comment with { braces
    a = 1
    b = [
      1, 2]
    /* c() {} */
    c() { return \`x\${ { a: 1 }.a }y\` }
    d
    get = 2
  }`);
  assertEquals(tight.methods, loose.methods);
  assertEquals(tight.fields.map(({ name }) => name), ["a", "b", "d", "get"]);
  assertEquals(loose.fields.map(({ name }) => name), ["a", "b", "d", "get"]);
  assertEquals(loose.fields[1]!.text, "[\n      1, 2]");
});

Deno.test("shapeOfText sees static blocks, privates, computed names and functions over lines", () => {
  const shape = shapeOfText(`class A {
    static { this.x = { a: 1 }; }
    static #count = 0;
    #own = 1; get #half() { return this.#own / 2; }
    ["a" + "b"] = 1;
    'quoted' = 2;
    go = async () => {
      return 1;
    };
    sum = 1 +
      2;
    tag = a
      .b;
  }`);
  assertEquals(shape.private, ["#own", "#half"]);
  assertEquals(shape.fields.map(({ name, text }) => [name, text]), [
    ["#own", "1"],
    ['[ "a" + "b" ]', "1"],
    ["quoted", "2"],
    ["go", "async () => {\n      return 1;\n    }"],
    ["sum", "1 +\n      2"],
    ["tag", "a\n      .b"],
  ]);
});

Deno.test("isSelfContained says yes only where nothing of the module is named", () => {
  for (
    const text of [
      "",
      "[]",
      "0",
      '"a"',
      "new Map()",
      "{ a: 1, b: [true, null] }",
      "crypto.randomUUID()",
      "() => this.tick()",
      "(a, b) => a + b",
      "async x => { const y = x; return y; }",
      "new Map([[1, new Set()]])",
      "[...[1]]",
      "`a`",
      "-1",
    ]
  ) assertEquals(isSelfContained(text), true, text);
  for (
    const text of [
      "limit",
      "new Board()",
      "this.items.length",
      "{ limit }",
      "[...defaults]",
      "a ? b : c",
      "() => helper()",
      "(a = limit) => a",
      "super.x",
      "this.#x",
      "`${limit}`",
      "{ [limit]: 1 }",
      "import.meta.url",
    ]
  ) assertEquals(isSelfContained(text), false, text);
});
