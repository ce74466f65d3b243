import { assertEquals } from "@std/assert";
import { analyzeScript } from "../../../../src/release/graph/analysis/analyze.ts";

const keeps = (text: string) => analyzeScript("a.ts", text).keepsFiles === true;

Deno.test("what is read from a file and kept in a variable of the module is seen, by the ways people write it", () => {
  for (
    const text of [
      `let t: string | undefined; export const page = () => t ??= Deno.readTextFileSync("p");`,
      `const m = new Map(); export const page = async (n: string) => { m.set(n, await Deno.readTextFile(n)); return m.get(n); };`,
      `import { readFile } from "node:fs/promises"; const m: Record<string, string> = {}; export async function page(n: string) { const text = await readFile(n, "utf8"); const html = "<" + text; m[n] = html; }`,
      `import fs from "node:fs"; const load = (n: string) => fs.readFileSync(n); const m = new Map(); export const page = (n: string) => { const made = compile(load(n)); m.set(n, made); }; const compile = (it: unknown) => () => it;`,
    ]
  ) assertEquals(keeps(text), true, text);
});

Deno.test("a file that is read for an answer is nobody's state, whatever else is counted beside it", () => {
  for (
    const text of [
      `let hits = 0; export const page = async () => { hits++; return await Deno.readTextFile("p"); };`,
      `const seen = new Set(); export const page = async (n: string) => { seen.add(n); const text = await Deno.readTextFile(n); return text; };`,
      `const text = Deno.readTextFileSync("p"); export const page = () => text;`,
    ]
  ) assertEquals(keeps(text), false, text);
});
