import { assert, assertEquals } from "@std/assert";
import { SourceMap } from "node:module";
import { keepableOf } from "../../plan/analyze/keeping/keepable.ts";
import { wrapKept } from "./wrap.ts";
import { parse } from "./wrap_fixture_test.ts";

Deno.test("a hashbang stays first, and every line where it was", () => {
  const source =
    `#!/usr/bin/env -S deno run -A\nlet hits = 0;\nfunction main() {\n  const x = [\n    1,\n  ];\n}\nmain();\n`;
  const { source: text } = wrapKept(
    source,
    parse(source),
    "file:///x",
    () => true,
  );
  const before = source.split("\n");
  const after = text.split("\n");
  assertEquals(after[0], before[0]);
  for (const line of [2, 4, 6, 7]) assertEquals(after[line], before[line]);
  assert(after[1]!.startsWith("let hits = ("));
  assert(after[5]!.startsWith("  ]"));
  parse(text);
});

Deno.test("an inline source map is moved along", () => {
  const code = `export let a = 1, b = fail();\nconst c = [2], d = e;\nplain();`;
  // Each word maps to a place of its own: line 7 and on, column ten times as large.
  const map = {
    version: 3,
    sources: ["x.ts"],
    names: [],
    // Line 1: columns 0, 11, 15, 18, 22; line 2: columns 0, 6, 10, 16, 20; line 3: column 0.
    mappings: "AAAA,WAAW,IAAI,GAAG,IAAI;AACA,MAAM,IAAI,MAAM,IAAI;AACA",
  };
  const source = `${code}\n//# sourceMappingURL=data:application/json;base64,${
    btoa(JSON.stringify(map))
  }`;
  const before = new SourceMap(map as never);
  const { source: text } = wrapKept(
    source,
    parse(source),
    "file:///x",
    () => true,
  );
  const encoded = /base64,(\S+)\s*$/.exec(text)![1]!;
  const after = new SourceMap(JSON.parse(atob(encoded)));
  const lines = text.split("\n");
  for (
    const [line, word] of [
      [0, "export"],
      [0, "fail()"],
      [1, "const"],
      [1, "[2]"],
      [1, "e"],
      [2, "plain"],
    ] as const
  ) {
    const from = code.split("\n")[line]!;
    const was = word === "e" ? from.lastIndexOf("e") : from.indexOf(word);
    const is = word === "e"
      ? lines[line]!.indexOf("(e)") + 1
      : lines[line]!.indexOf(word);
    const place = (it: SourceMap, column: number) => {
      const entry = it.findEntry(line, column);
      return "originalLine" in entry
        ? [entry.originalLine, entry.originalColumn]
        : null;
    };
    assertEquals(place(after, is), place(before, was), `${line} ${word}`);
  }
  assertEquals(lines.length, source.split("\n").length + 1);
});

Deno.test("weak collections and symbols are kept by themselves", () => {
  const found = keepableOf(parse(`
    const priv = new WeakMap(), seen = new WeakSet(), key = Symbol("k");
    class C { static [Symbol.iterator] = 1; static key = Symbol("c"); }
    const shared = Symbol.for("x"), list = new Map();
    let changing = new WeakMap();
    function main() { const local = new WeakMap(); }
  `)).found;
  assertEquals(
    [...found.values()].filter((it) => it.byItself).map((it) => it.name),
    ["priv", "seen", "key", "C.key"],
  );
});

Deno.test("only what is wanted is wrapped", () => {
  const source = `const a = [], b = [];\nfunction main() { const c = []; }`;
  const { source: text, names } = wrapKept(
    source,
    parse(source),
    "file:///x",
    ({ kind }) => kind === "local",
  );
  assertEquals([...names.keys()], ["main.c"]);
  assert(text.startsWith("const a = [], b = [];\n"));
  const none = wrapKept(source, parse(source), "file:///x", () => false);
  assertEquals(none.source, source);
});
