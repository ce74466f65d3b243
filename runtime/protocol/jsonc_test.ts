import { assertEquals, assertThrows } from "@std/assert";
import { parseJsonc } from "./jsonc.ts";

Deno.test("parseJsonc() reads comments and trailing commas, and leaves texts alone", () => {
  assertEquals(
    parseJsonc(`// first
    {
      "url": "https://x//y", /* in
      between */ "quote": "a\\"//b,]",
      "list": [1, 2, ], // trailing
      "braces": ", }",
    }`),
    {
      url: "https://x//y",
      quote: 'a"//b,]',
      list: [1, 2],
      braces: ", }",
    },
  );
});

Deno.test("parseJsonc() reads the same as JSON.parse() where there is no comment", () => {
  for (const value of [null, 1, "a,}", [], {}, [[1], { a: "\\" }], "\u2028"]) {
    assertEquals(parseJsonc(JSON.stringify(value)), value);
  }
});

Deno.test("parseJsonc() refuses what is neither", () => {
  for (const text of ["", "{", "{,}", "[1,,2]", "{a: 1}", '"open']) {
    assertThrows(() => parseJsonc(text), SyntaxError);
  }
});
