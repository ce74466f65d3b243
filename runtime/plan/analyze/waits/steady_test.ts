import { assert, assertEquals } from "@std/assert";
import { stripTypeScriptTypes } from "node:module";
import { analyzeScript } from "../../../../src/release/graph/analysis/analyze.ts";
import { watchWaits } from "../../../modules/left/watch.ts";
import { acornParser } from "../parse_acorn.ts";

const parse = await acornParser(false);

/** Whether the command finds nothing to watch; asserts that a machine would not find more. */
function isSteady(source: string, name = "a.ts"): boolean {
  const steady = analyzeScript(name, source).steady === true;
  const script = stripTypeScriptTypes(source);
  const { placed } = watchWaits(script, parse(script), name);
  // What it exports can lead on all the same.
  const watches = placed.some(({ text }) => /\$kept_(?!moved)/.test(text));
  assertEquals(!watches, steady, source);
  return steady;
}

Deno.test("a module is steady where no machine would watch any of its functions", () => {
  const steady = [
    "export const f = (): number => 1;",
    "export async function later(ms: number): Promise<void> { await new Promise((r) => setTimeout(r, ms)); }",
    "export const f = async (all: readonly string[]) => { for (const it of all) await save(it as string); };",
    "class A { async next(): Promise<void> { await take(); void this.next(); } }",
    "interface A { next(): Promise<void>; } export const f = (a: A) => a.next().then(() => 1);",
  ];
  for (const source of steady) assert(isSteady(source), source);
  const others = [
    "const f = async (): Promise<void> => { for (;;) await take(); };",
    "const next = (() => take().then(() => next())) as () => Promise<void>;",
    "const next = (): Promise<void> => later((() => next()) as () => void);",
    "class A { next = async (): Promise<void> => { await take(); await this.next!(); }; }",
    "const f = (a: Bus): void => { a.on('x', ((): void => {}) as Listener); };",
    "const f = (a: Bus): void => { a.on('x', tell as Listener); }; function tell(): void {}",
    "class A { tell(): void {} f(a: Bus): void { a.on('x', this.tell!); } }",
    "import { tell } from './b.ts'; export class A { f(a: Bus): void { a.on({ tell }); } }",
    "const all = { next(): void { void take()!.then((): void => all.next()); } } satisfies Turns;",
  ];
  for (const source of others) assert(!isSteady(source), source);
});

Deno.test("the command and machines agree on the files of this repository", async () => {
  const root = new URL("../../../", import.meta.url);
  let steady = 0;
  let all = 0;
  for (const folder of ["machine/", "process/", "upgrade/", "testing/"]) {
    for await (const file of Deno.readDir(new URL(folder, root))) {
      if (!file.name.endsWith(".ts")) continue;
      const url = new URL(folder + file.name, root);
      const source = await Deno.readTextFile(url);
      all++;
      if (isSteady(source, file.name)) steady++;
    }
  }
  assert(steady > all / 4 && steady < all, `${steady} of ${all}`);
});
