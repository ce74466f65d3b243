import { assert, assertEquals } from "@std/assert";
import { stripTypeScriptTypes } from "node:module";
import { blanksOf, withBlanks } from "./blanks.ts";

const ROOT = new URL("../../../", import.meta.url);

Deno.test("what is blanked out by what was written down is what Deno blanks out, over everything that is here", () => {
  let files = 0, blank = 0, none = 0;
  for (const folder of ["runtime/", "src/", "tests/"]) {
    for (const file of filesIn(new URL(folder, ROOT))) {
      const source = Deno.readTextFileSync(file);
      let text: string;
      try {
        text = stripTypeScriptTypes(source);
      } catch {
        // It is more than types.
        continue;
      }
      const blanks = blanksOf(source, text);
      files++;
      if (blanks === "") {
        // More was done to it than that.
        none++;
        continue;
      }
      blank++;
      assert(/^[A-Za-z0-9+/]+$/.test(blanks), file.href);
      assertEquals(withBlanks(source, blanks), text, file.href);
    }
  }
  assert(blank > 500, `${blank} of ${files}`);
  assert(none < blank / 20, `${none} of ${files}`);
});

Deno.test("only blanks are written down, whatever stands around them", () => {
  const cases: [source: string, text: string][] = [
    ["let a: number = 1;", "let a         = 1;"],
    ["type A = 1;\r\nlet a;", "           \r\nlet a;"],
    ["interface A {\n  b: 1;\n}\n", "             \n       \n \n"],
    [`let a: ${"b".repeat(300)};`, `let a${" ".repeat(302)};`],
    ["let a = '\u{1f600}'!;", "let a = '\u{1f600}' ;"],
    ["let\ta: b;", "let\ta   ;"],
    ["let a;", "let a;"],
    ["", ""],
  ];
  for (const [source, text] of cases) {
    assertEquals(withBlanks(source, blanksOf(source, text)), text);
  }
  for (
    const [source, text] of [
      ["a as b\n(c)", "a     ;(c)"],
      ["let a: 'ü';", "let a  \u00a0  ;"],
      ["let a: b;", "let a;"],
    ] as const
  ) assertEquals(blanksOf(source, text), "", source);
});

Deno.test("what is torn, or of another text, blanks nothing out", () => {
  const source = "let a: number = 1;";
  const blanks = blanksOf(source, "let a         = 1;");
  const [digest, places] = [blanks.slice(0, 16), blanks.slice(16)];
  assertEquals(withBlanks(source, digest), source);
  for (const other of ["let a: number", "let a .code() = 1;", ""]) {
    assertEquals(withBlanks(other, blanks), null, other);
  }
  for (const end of Array.from(places, (_, at) => at).slice(1)) {
    assertEquals(withBlanks(source, digest + places.slice(0, end)), null);
  }
  for (
    const torn of [
      "!",
      "B",
      "AB",
      "gggggggggggg",
      "////////A",
      "\u{1f600}",
      "A",
      "Ag//A",
    ]
  ) {
    assertEquals(withBlanks(source, digest + torn), null, torn);
    assertEquals(withBlanks(source, torn), null, torn);
  }
  assertEquals(withBlanks(source, ""), null);
});

function* filesIn(folder: URL): Generator<URL> {
  for (const { name, isDirectory } of Deno.readDirSync(folder)) {
    const here = new URL(isDirectory ? `${name}/` : name, folder);
    if (isDirectory) yield* filesIn(here);
    else if (/\.m?ts$/.test(name)) yield here;
  }
}
