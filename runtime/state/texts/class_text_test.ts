import { assertEquals } from "@std/assert";
import { privateMembers, privateNames } from "./class_text.ts";

Deno.test("privateNames finds fields, methods, accessors, and no static ones", () => {
  assertEquals(privateNames("class A { #n = 0; inc() { this.#n++ } }"), ["#n"]);
  assertEquals(privateNames("class A { #m() {} get #a() {} async *#g() {} }"), [
    "#m",
    "#a",
    "#g",
  ]);
  assertEquals(
    privateNames("class A { static #n = 0; static async #m() {} }"),
    [],
  );
  assertEquals(privateNames("class A { a = 1\n #b = 2\n static #c }"), ["#b"]);
});

Deno.test("privateNames is not misled by texts, comments, patterns and inner classes", () => {
  for (
    const text of [
      "class A { color = \"#fff\"; b = '#a'; }",
      "class A { /* #a */ b = 1; // #c\n }",
      "class A { a = `#b ${ { '#c': `#d` }['#c'] } #e`; }",
      "class A { a = /#b/; c() { return 4 / 2 / 1; } d = [/[/#]#x/]; }",
      "class A { a() { return class { #inner = 1; }; } }",
      "class A { is(o) { return #x in o; } b = Q.#z; has = (o) => #y in o; }",
    ]
  ) assertEquals(privateNames(text), [], text);
  assertEquals(
    privateNames("class A { a = `${`}`}`; #real = /[/]\\/#/; }"),
    ["#real"],
  );
});

Deno.test("privateMembers reads classes as they are, and knows functions have none", () => {
  class Private {
    #n = 0;
    get(): number {
      return this.#n;
    }
  }
  class Static {
    static #made = 0;
    constructor() {
      Static.#made++;
    }
  }
  assertEquals(privateMembers(Private), ["#n"]);
  assertEquals(privateMembers(Static), []);
  assertEquals(privateMembers(Map), []);
  assertEquals(privateMembers(() => "class #x"), []);
});
