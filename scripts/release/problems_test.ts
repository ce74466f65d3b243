import { assertEquals } from "@std/assert";
import { importsIn, releaseProblems, type ReleaseState } from "./problems.ts";

const GOOD: ReleaseState = {
  version: "0.1.2",
  packages: new Map([["runtime/deno.json", "0.1.2"]]),
  imports: [{
    path: "tests/apps/counter/deno.json",
    name: "@flyhot/runtime",
    range: "^0.1.0",
  }],
  changelog: "# Changelog\n\n## 0.1.2 (2026-08-01)\n\n- This.\n",
  changed: [],
  tags: new Set(["v0.1.1"]),
};

function problems(change: Partial<ReleaseState>): string[] {
  return releaseProblems({ ...GOOD, ...change });
}

Deno.test("releaseProblems() finds none in a tree that can be released", () => {
  assertEquals(problems({}), []);
});

Deno.test("releaseProblems() names the files that are not committed, but not too many", () => {
  assertEquals(problems({ changed: ["a", "b"] }), [
    "the working tree is not clean: a, b",
  ]);
  assertEquals(problems({ changed: ["a", "b", "c", "d", "e", "f", "g"] }), [
    "the working tree is not clean: a, b, c, d, e and 2 more",
  ]);
});

Deno.test("releaseProblems() wants one version everywhere", () => {
  assertEquals(problems({ version: "0.1" }), [
    'deno.json says version "0.1", expected three numbers such as 1.2.3',
  ]);
  assertEquals(
    problems({ packages: new Map([["runtime/deno.json", "0.1.1"]]) }),
    ['runtime/deno.json says version "0.1.1", deno.json 0.1.2'],
  );
});

Deno.test("releaseProblems() wants the apps' ranges to admit the version", () => {
  const imports = ["^0.0.9", "latest", "0.1.2"].map((range) => ({
    ...GOOD.imports[0]!,
    range,
  }));
  assertEquals(problems({ imports }), [
    "tests/apps/counter/deno.json asks for @flyhot/runtime@^0.0.9, which does not admit 0.1.2",
    "tests/apps/counter/deno.json asks for @flyhot/runtime@latest, which is not a version with nothing, ^ or ~ before it",
  ]);
});

Deno.test("releaseProblems() wants a change log that speaks of the version", () => {
  assertEquals(problems({ changelog: "" }), [
    'CHANGELOG.md has no section "## 0.1.2"',
  ]);
  assertEquals(problems({ changelog: "## 0.1.2 (unreleased)\n- This.\n" }), [
    "CHANGELOG.md calls 0.1.2 unreleased; put the date there",
  ]);
  assertEquals(problems({ changelog: "## 0.1.2\n\n## 0.1.1\n- That.\n" }), [
    "CHANGELOG.md says nothing about 0.1.2",
  ]);
});

Deno.test("releaseProblems() refuses a version that is tagged already", () => {
  assertEquals(problems({ tags: new Set(["v0.1.2"]) }), [
    "the tag v0.1.2 exists already",
  ]);
});

Deno.test("importsIn() finds every package of ours with its range, and no other", () => {
  assertEquals(
    importsIn(
      "a/deno.json",
      `{ // as in JSONC
        "imports": {
          "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0",
          "testing": "jsr:@flyhot/runtime@0.1.0/testing",
          "@std/path": "jsr:@std/path@1.1.6"
        }
      }`,
    ),
    [
      { path: "a/deno.json", name: "@flyhot/runtime", range: "^0.1.0" },
      { path: "a/deno.json", name: "@flyhot/runtime", range: "0.1.0" },
    ],
  );
});
