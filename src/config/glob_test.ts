import { assertEquals } from "@std/assert";
import { assertLinearTime } from "../../tests/support/linear_time.ts";
import { globTest } from "./glob.ts";

/** The pattern as a regular expression: the same meaning, at any price. */
function reference(pattern: string): RegExp {
  const source = pattern.replaceAll(
    /\*\*\/|\*\*|\*|\?|[.\/a-z]/g,
    (piece) =>
      ({
        "**/": "(?:.*/)?",
        "**": ".*",
        "*": "[^/]*",
        "?": "[^/]",
        ".": "\\.",
      })[
        piece
      ] ?? piece,
  );
  return new RegExp(`^${source}(?:/|$)`);
}

Deno.test("globTest() means the same as the regular expression, for every short pattern and path", () => {
  const pieces = ["a", "b", "/", "*", "?", "**", "**/", "."];
  const patterns: string[] = [];
  for (const one of pieces) {
    for (const two of ["", ...pieces]) {
      for (const three of ["", ...pieces]) patterns.push(one + two + three);
    }
  }
  const paths: string[] = [];
  const grow = (path: string) => {
    paths.push(path);
    if (path.length < 5) { for (const next of "ab/.") grow(path + next); }
  };
  grow("");
  for (const pattern of new Set(patterns)) {
    const expected = reference(pattern);
    const test = globTest(pattern);
    for (const path of paths) {
      assertEquals(test(path), expected.test(path), `${pattern} on ${path}`);
    }
  }
});

Deno.test("globTest() takes time in proportion to the path, whatever the stars", () => {
  for (
    const pattern of [
      "**/".repeat(30) + "b",
      "*a".repeat(30) + "b",
      "**a".repeat(30) + "b",
      "**/*".repeat(15) + "b",
      "a?*".repeat(20) + "b",
      "[a-c]*".repeat(20) + "d",
    ]
  ) {
    const test = globTest(pattern);
    for (const piece of ["a", "a/", "ab"]) {
      assertLinearTime(test, piece, { pieces: 400 });
    }
  }
});
