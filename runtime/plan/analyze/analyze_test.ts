import { moduleAnalysis } from "../../protocol/manifest/read_analysis.ts";
import { assertEquals } from "@std/assert";
import type { ModuleAnalysis } from "../../protocol/manifest/module_analysis.ts";
import { A, of } from "./analyze_fixture_test.ts";

Deno.test("hot: the members of hot(import.meta) that a module uses", () => {
  const R = `import { hot } from "@flyhot/runtime"; `;
  assertEquals(of(`${R}hot(import.meta).dispose(() => {});`).hot, ["dispose"]);
  assertEquals(
    of(
      `${R}const h = hot(import.meta); h.accept("./x.ts", () => {}); h.data.x = 1;`,
    ).hot,
    ["accept", "data"],
  );
  assertEquals(of(`${R}const { dispose } = hot(import.meta);`).hot, [
    "dispose",
  ]);
});

Deno.test("CommonJS is told, with what it requires", () => {
  assertEquals(
    of(`const x = require("./x.cjs"); module.exports = { x };`, "a.cjs"),
    {
      commonjs: true,
      imports: [{ specifier: "./x.cjs", line: 1 }],
    },
  );
});

Deno.test("an analysis survives its own reader, and a newer field is left out", () => {
  const it: ModuleAnalysis = of(
    `${A}a.use(() => ns.x()); export const m = new Map(); export const f = () => m.set(1, a); export class C extends a { #p = 1; constructor(x) { super(); this.x = x; } } enum E { A } Deno.serve(f); export default { f };`,
  );
  const wire = JSON.parse(JSON.stringify(it));
  assertEquals(JSON.parse(JSON.stringify(moduleAnalysis(wire, "x"))), wire);
  assertEquals(moduleAnalysis({ fromTheFuture: 1 }, "x"), {});
});
