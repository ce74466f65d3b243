import { assertEquals } from "@std/assert";
import { analyzeScript } from "../../../src/release/graph/analysis/analyze.ts";
import { of } from "./analyze_fixture_test.ts";

Deno.test("imports: every form, with names and lines, without what only serves types", () => {
  const source = `import d, { n as m, type T1 } from "./d.ts";
import * as ns from "./ns.ts";
import type { T2 } from "./t2.ts";
import { type T3 } from "./t3.ts";
import { Used, OnlyType } from "./mixed.ts";
import { AllTypes } from "./all_types.ts";
import "./effect.ts";
export { x, type T4, default as y } from "./re.ts";
export type { T5 } from "./t5.ts";
export * from "./star.ts";
export * as group from "./group.ts";
import data from "./data.json" with { type: "json" };
const later = await import("./later.ts");
const tpl = () => import(\`./tpl.ts\`);
const computed = (n: string) => import(n);
const t: OnlyType | T1 | T2 | T3 | AllTypes | T5 = new Used();
d(m, ns, data);`;
  const it = of(source);
  assertEquals(
    it.imports?.map(({ specifier, line, names, locals, dynamic }) =>
      [specifier, line, names?.join(), locals?.join(), dynamic].filter((x) =>
        x !== undefined
      )
    ),
    [
      ["./d.ts", 1, "default,n", "d,m"],
      ["./ns.ts", 2, "*", "ns"],
      ["./mixed.ts", 5, "Used", "Used"],
      ["./effect.ts", 7],
      ["./re.ts", 8, "x,default", ","],
      ["./star.ts", 10],
      ["./group.ts", 11, "*", ""],
      ["./data.json", 12, "default", "data"],
      ["./later.ts", 13, true],
      ["./tpl.ts", 14, true],
    ],
  );
  assertEquals([it.stars, it.computed, it.awaits], [["./star.ts"], true, true]);
});

Deno.test("imports: JavaScript keeps what nobody uses, and so does verbatimModuleSyntax", () => {
  const source = `import { a } from "./a.ts";`;
  assertEquals(of(source, "a.js").imports?.length, 1);
  assertEquals(of(source).imports, undefined);
  assertEquals(
    analyzeScript("a.ts", source, { verbatim: true }).imports?.length,
    1,
  );
});

Deno.test("imports: a factory that only JSX calls, and components, are values", () => {
  const names = (source: string, options = {}) =>
    analyzeScript("a.tsx", source, options).imports?.flatMap((it) =>
      it.names ?? []
    );
  assertEquals(
    names(
      `/** @jsx h */ import { h } from "./h.ts"; import { Page, T } from "./p.ts"; import * as ui from "./ui.ts"; const x: T = <div><Page/><ui.Button/></div>;`,
    ),
    ["h", "Page", "*"],
  );
  assertEquals(
    names(`import { make } from "./h.ts"; const x = <a/>;`, {
      jsxFactory: "make",
    }),
    ["make"],
  );
});
