import { assert, assertEquals, assertThrows } from "@std/assert";
import { assertLinearTime } from "../../../tests/support/linear_time.ts";
import { parseJsonc, TooDeepError } from "./jsonc.ts";

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

Deno.test("parseJsonc() keeps comments in texts, and texts in comments", () => {
  assertEquals(
    parseJsonc(`{"a": "/* no */ // no", /* "b": 1, */ "c": [1 // ,]
      , 2, /**/ ], // {
    }`),
    { a: "/* no */ // no", c: [1, 2] },
  );
});

Deno.test("parseJsonc() refuses deep nesting with a clear error, closed or not", () => {
  for (const open of ["[", '{"a":', "[{}, [", "[/**/"]) {
    for (const close of ["", "]"]) {
      const error = assertThrows(
        () => parseJsonc(open.repeat(20_000) + close.repeat(20_000)),
        TooDeepError,
      );
      assert(error.message.includes("nested more than 200 deep"));
    }
  }
  const deep = "[".repeat(200) + "]".repeat(200);
  assertEquals(JSON.stringify(parseJsonc(deep)), deep);
});

Deno.test("parseJsonc() takes time in proportion to the text", () => {
  for (
    const piece of [",", '"', "/*", "//", "/", " ", ",\n", '\\"', "[],", "/**/"]
  ) {
    for (const open of ["", "[", "[1"]) {
      assertLinearTime(parseJsonc, piece, { open });
    }
  }
});
