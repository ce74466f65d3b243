import { assertEquals } from "@std/assert";
import { dockerignore } from "./dockerignore.ts";

const PATHS = [
  "main.ts",
  "main_test.ts",
  "a/b/c.md",
  "a/b/keep.md",
  "a/x.log",
  "deep/a/x.log",
  "tmp/1/2.txt",
  "tmp",
  "tmpfile",
  "f1.ts",
  "fa.ts",
];

function kept(text: string): string[] {
  const out = dockerignore(text);
  return PATHS.filter((path) => !out(path));
}

function left(text: string): string[] {
  const out = dockerignore(text);
  return PATHS.filter((path) => out(path));
}

Deno.test("dockerignore() keeps everything, when there is no file or no pattern", () => {
  assertEquals(kept(""), PATHS);
  assertEquals(kept("# all\n\n  \n/\n."), PATHS);
});

Deno.test("dockerignore() leaves out what the last matching pattern names", () => {
  assertEquals(left("*_test.ts"), ["main_test.ts"]);
  assertEquals(left("*.log"), []);
  assertEquals(left("**/*.log"), ["a/x.log", "deep/a/x.log"]);
  assertEquals(left("a/*.log"), ["a/x.log"]);
  assertEquals(left("/tmp/"), ["tmp/1/2.txt", "tmp"]);
  assertEquals(left("a\n!a/b/keep.md"), ["a/b/c.md", "a/x.log"]);
  assertEquals(left("!main.ts\nmain.ts"), ["main.ts"]);
  assertEquals(left("f[0-9].ts\nf?.md"), ["f1.ts"]);
  assertEquals(left("./main.ts  "), ["main.ts"]);
  assertEquals(left("tmp/**"), ["tmp/1/2.txt"]);
});

Deno.test("dockerignore() leaves .git, node_modules and .flyhot out wherever they are", () => {
  const out = dockerignore("!**");
  for (const path of [".git/config", "x/node_modules/a", ".flyhot/releases"]) {
    assertEquals(out(path), true, path);
  }
  assertEquals(out(".github/ci.yml"), false);
});
