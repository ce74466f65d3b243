import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { pathToFileURL } from "node:url";
import { stripTypeScriptTypes } from "node:module";
import { piecesOf } from "../../plan/analyze/code/pieces.ts";
import { acornParser } from "../../plan/analyze/parse_acorn.ts";
import { withClasses, withEvaluation } from "../hooks/module_source.ts";
import { Keeping } from "../keep/keeping.ts";
import { Coverage } from "./coverage.ts";

const parse = await acornParser(false);

/** The texts of the functions and classes of a module that have run, without what is inside of their braces. */
async function ranOf(
  source: string,
  isEvaluated = true,
): Promise<string[] | null> {
  const folder = await Deno.makeTempDir();
  try {
    const text = stripTypeScriptTypes(source);
    const coverage = new Coverage();
    await coverage.prepare();
    coverage.begin();
    const keeping = new Keeping(coverage);
    await keeping.start();
    await keeping.startRebinding();
    const file = join(folder, "m.mjs");
    const url = pathToFileURL(file).href;
    const wrapped = keeping.wrap(text, url);
    const evaluated = withEvaluation(withClasses(wrapped, url), url);
    coverage.loaded(url, wrapped, evaluated);
    await Deno.writeTextFile(file, evaluated);
    await import(url);
    coverage.end(() => isEvaluated);
    const ran = (await coverage.ran()).get(url);
    if (!ran) return null;
    const { list, shape } = piecesOf(parse(text));
    assertEquals(ran.shape, shape);
    return ran.pieces.map((number) => {
      const { start, node } = list[number - 1]!;
      return text.slice(start, node.end).split(/\s*(?:\{|=>)/)[0]!.trim()
        .replaceAll(/\s+/g, " ");
    });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

Deno.test("what V8 tells of is found again, whatever form it has and whatever was put around it", async () => {
  for (
    const [source, expected] of Object.entries({
      "export function a() {} function b() {} a();": ["function a()"],
      "export const a = (x) => x, b = () => 2; a();": ["(x)"],
      "export const a = (x) => (y) => x + y; a();": ["(x)"],
      "export const a = (x) => (y) => x + y; a()();": ["(x)", "(y)"],
      "export const a = async (x) => { await x; }; a();": ["async (x)"],
      "export async function a() { await 0; } a();": ["async function a()"],
      "export function* a() { yield 1; } [...a()];": ["function* a()"],
      "export const a = function named() {}; a();": ["function named()"],
      "export default function () {} const x = () => 1; x();": ["()"],
      "export default () => 1;": [],
      "export default class { m() {} }": [],
      "const o = { a() {}, async b() {}, *c() {}, get d() { return 1; }, e: () => 1, ['f']() {} }; o.a();":
        ["a()"],
      "const o = { a() {}, async b() {}, *c() {}, get d() { return 1; }, e: () => 1, ['f']() {} }; o.b(); [...o.c()]; o.d; o.e(); o.f();":
        ["async b()", "*c()", "get d()", "e: ()", "['f']()"],
      "export class A { m() {} n() {} } new A().n();": ["n()"],
      "export class A { x = 1; m() {} } new A();": ["class A"],
      "export class A { constructor(x) {} m() {} } new A();": [
        "class A",
        "constructor(x)",
      ],
      "export class A { static s = 1; static t() {} m() {} } A.t();": [
        "static t()",
      ],
      "export class A { static { A.t(); } static t() {} }": ["static t()"],
      "export class A { x = () => 1; m() {} } new A().x();": ["class A", "()"],
      "export class A { get g() { return 1; } set g(x) {} } new A().g;": [
        "get g()",
      ],
      "export class A { get g() { return 1; } set g(x) {} } new A().g = 1;": [
        "set g(x)",
      ],
      "export class A { #p() {} m() { this.#p(); } } new A().m();": [
        "#p()",
        "m()",
      ],
      "export class A { m(x = () => 1) { x(); } } new A().m();": [
        "m(x = ()",
        "()",
      ],
      "class A { x = 1; } export class B extends A { m() {} } new B();": [
        "class A",
      ],
      "export const rooms = new Map(); function main() { const made = new Map(); const f = () => made; f(); } main();":
        ["function main()", "()"],
      "const f = (x: number): number => x; export function g(this: void) { return f(1); } g();":
        ["(x )", "function g( )"],
      "export const é = () => 'ü', b = () => é(); b();": ["()", "()"],
      "const later = () => { setTimeout(() => 1, 60_000); }; const id = later; void id;":
        [],
      "export let a; a = () => 1; a();": ["()"],
      "if (false) { (() => 1)(); }": [],
      "export const a = eval('(() => 1)')();": [],
    })
  ) {
    assertEquals(await ranOf(source), expected, source);
  }
});

Deno.test("of a module whose evaluation goes on nothing is known", async () => {
  assertEquals(await ranOf("export const a = () => 1; a();", false), null);
});

Deno.test("what runs is added up while it is noted, and else not", async () => {
  const folder = await Deno.makeTempDir();
  const coverage = new Coverage();
  await coverage.prepare();
  const keeping = new Keeping(coverage);
  await keeping.startRebinding();
  const url = pathToFileURL(join(folder, "m.mjs")).href;
  coverage.begin();
  const wrapped = keeping.wrap(
    "export const all = [() => 0, () => 1, () => 2]; all[0]();",
    url,
  );
  coverage.loaded(url, wrapped, wrapped);
  await Deno.writeTextFile(join(folder, "m.mjs"), wrapped);
  const { all } = await import(url);
  coverage.end(() => true);
  const ran = async () => (await coverage.ran()).get(url)?.pieces ?? [];
  assertEquals(await ran(), [1]);
  all[1]();
  assertEquals(await ran(), [1]);
  coverage.begin();
  all[2]();
  coverage.end(() => true);
  assertEquals(await ran(), [1, 3]);
  coverage.keep(() => false);
  assertEquals((await coverage.ran()).has(url), false);
  await Deno.remove(folder, { recursive: true });
});
