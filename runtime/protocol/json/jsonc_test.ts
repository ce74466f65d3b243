import { assert, assertEquals, assertThrows } from "@std/assert";
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
  const time = (text: string) => {
    const start = performance.now();
    try {
      parseJsonc(text);
    } catch (error) {
      assert(error instanceof SyntaxError);
    }
    return performance.now() - start;
  };
  for (
    const piece of [",", '"', "/*", "//", "/", " ", ",\n", '\\"', "[],", "/**/"]
  ) {
    for (const open of ["", "[", "[1"]) {
      time(open + piece.repeat(20_000));
      // Less than that is mostly the noise of collecting garbage.
      let short = Math.max(time(open + piece.repeat(20_000)), 3);
      const text = open + piece.repeat(320_000);
      let long = time(text);
      // What takes long each time is the parser's; a stall of the computer is not.
      for (let again = 0; again < 3 && long >= short * 120; again++) {
        // Others may have come who slow both down.
        short = Math.max(short, time(open + piece.repeat(20_000)));
        long = Math.min(long, time(text));
      }
      assert(long < short * 120, `${open}${piece}: ${short} ms, ${long} ms`);
    }
  }
});
