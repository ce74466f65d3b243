import { assertEquals, assertThrows } from "@std/assert";
import { ignoreLines, ignoreTest } from "./ignore.ts";

Deno.test("ignoreTest() follows the rules of .dockerignore, pattern by pattern", () => {
  const cases: [pattern: string, out: string[], kept: string[]][] = [
    ["*.md", ["readme.md"], ["docs/readme.md", "readme.mdx", "md"]],
    ["docs", ["docs", "docs/a.md", "docs/x/b"], ["docs2/a", "src/docs/a"]],
    ["docs/", ["docs/a.md"], ["docs2/a"]],
    ["/docs", ["docs/a.md"], ["x/docs/a"]],
    ["./docs/./a", ["docs/a"], ["docs/b"]],
    ["**/*.log", ["a.log", "x/a.log", "x/y/a.log"], ["a.logs", "log"]],
    ["**/temp", ["temp/a", "x/temp/a", "x/temp"], ["temporary"]],
    ["a/**/z", ["a/z", "a/b/z", "a/b/c/z/deep"], ["a/zz", "b/z"]],
    ["a/**", ["a/b", "a/b/c"], ["b/a"]],
    ["?.ts", ["a.ts"], ["ab.ts", "x/a.ts", "/.ts"]],
    ["[ab].ts", ["a.ts", "b.ts"], ["c.ts"]],
    ["[^ab].ts", ["c.ts"], ["a.ts"]],
    ["[a-c]x", ["ax", "cx"], ["dx"]],
    ["a.b", ["a.b"], ["axb"]],
    ["a+(b)", ["a+(b)"], ["aab"]],
    ["\\*.md", ["*.md"], ["a.md"]],
    ["über/*", ["über/x"], ["uber/x"]],
    ["", [], ["a"]],
    ["/", [], ["a"]],
    [".", [], ["a"]],
  ];
  for (const [pattern, out, kept] of cases) {
    const ignored = ignoreTest([pattern]);
    for (const path of out) {
      assertEquals(ignored(path), true, `${pattern} ${path}`);
    }
    for (const path of kept) {
      assertEquals(ignored(path), false, `${pattern} ${path}`);
    }
  }
});

Deno.test("ignoreTest() lets the last matching pattern decide", () => {
  const ignored = ignoreTest([
    "*",
    "!src",
    "src/**/*_test.ts",
    "!src/keep_test.ts",
  ]);
  assertEquals(ignored("readme.md"), true);
  assertEquals(ignored("src/main.ts"), false);
  assertEquals(ignored("src/a/b_test.ts"), true);
  assertEquals(ignored("src/keep_test.ts"), false);
  assertEquals(ignoreTest(["!a", "a"])("a"), true);
  assertEquals(ignoreTest([])("a"), false);
});

Deno.test("ignoreTest() refuses a pattern it cannot read, and names it", () => {
  for (const pattern of ["[a", "a\\", "[z-a]"]) {
    assertThrows(
      () => ignoreTest([pattern]),
      SyntaxError,
      `Cannot read the ignore pattern "${pattern}"`,
    );
  }
});

Deno.test("ignoreLines() drops comments, blanks and a byte order mark", () => {
  assertEquals(
    ignoreLines("\uFEFFa\r\n# note\n\n  b  \n!c\n #d\n"),
    ["a", "b", "!c", "#d"],
  );
});
