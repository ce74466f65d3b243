import { assertEquals } from "@std/assert";
import { findSpecifiers, maskText } from "./source_text.ts";

/** The words of the code that is left when text is masked. */
function words(source: string): string {
  return maskText(source).split(/\s+/).filter(Boolean).join(" ");
}

Deno.test("maskText() keeps code and blanks comments and strings", () => {
  assertEquals(words("a(); // Deno.exit()\nb();"), "a(); b();");
  assertEquals(words("a; /* Deno\n * Deno */ b;"), "a; b;");
  assertEquals(words("x = \"Deno\" + 'Deno';"), "x = \" \" + ' ';");
  assertEquals(words(String.raw`x = "a\"Deno"; y;`), 'x = " "; y;');
});

Deno.test("maskText() keeps offsets and lines", () => {
  const source = 'a = "x\\\ny"; /* 1\n2 */ `t${b}u\nv`; // end';
  const masked = maskText(source);
  assertEquals(masked.length, source.length);
  assertEquals(masked.indexOf("b}"), source.indexOf("b}"));
  for (let at = 0; at < source.length; at++) {
    if (source[at] === "\n") assertEquals(masked[at], "\n");
  }
});

Deno.test("maskText() keeps the code inside templates, however deep", () => {
  assertEquals(
    words("`Deno ${f({ a: `Deno ${g}` }) + {}} Deno`; h;"),
    "` ${f({ a: ` ${g}` }) + {}} `; h;",
  );
  assertEquals(words("`\\` Deno \\${x}`; y;"), "` `; y;");
});

Deno.test("maskText() tells regular expressions from divisions", () => {
  assertEquals(words("x = /[\"'`/]Deno/g; y;"), "x = g; y;");
  assertEquals(words("x = a / b; y = 'Deno' / c;"), "x = a / b; y = ' ' / c;");
  assertEquals(
    words("return /'/.test(s) ? a / 2 : b;"),
    "return .test(s) ? a / 2 : b;",
  );
  assertEquals(words("f(x) / 2 / g[1] / 3;"), "f(x) / 2 / g[1] / 3;");
});

Deno.test("maskText() survives text that never ends", () => {
  for (const source of ["`a ${", "`a", '"a', "/* a", "// a", "'a\nb"]) {
    assertEquals(maskText(source).length, source.length);
  }
});

Deno.test("findSpecifiers() finds every form of import", () => {
  const source = `
    import a, { b } from "one";
    import type {
      C,
    } from 'two';
    import "three";
    export * from "./four.ts";
    const five = await import("five");
    type Six = import("six").Six;
    import data from "./seven.json" with { type: "json" };
  `;
  assertEquals(
    findSpecifiers(source).map(({ specifier }) => specifier),
    ["one", "two", "three", "./four.ts", "five", "six", "./seven.json"],
  );
  for (const { start, end, specifier } of findSpecifiers(source)) {
    assertEquals(source.slice(start, end), specifier);
  }
});

Deno.test("findSpecifiers() leaves comments, strings and other calls alone", () => {
  const source = `
    // import x from "one";
    /** \`\`\`ts
     * import { y } from "two";
     * \`\`\` */
    const text = 'import z from "three";';
    const more = \`import { q } from "four";\`;
    Array.from("five"); Buffer.from('six'); import.meta.resolve("seven");
  `;
  assertEquals(findSpecifiers(source), []);
});
