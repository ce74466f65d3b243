import { stripTypeScriptTypes } from "node:module";
import { assert, assertEquals } from "@std/assert";
import { scriptReader } from "@flyhot/runtime/modules";
import type { ModuleAnalysis } from "@flyhot/runtime/protocol";
import { acornAnalyzer } from "../../../../runtime/plan/analyze/parse_acorn.ts";
import { analyzeOrBroken, analyzeScript } from "./analyze.ts";

/** Pieces of plain JavaScript that can stand side by side in one module. */
const PIECES = [
  `import def, { named as local, "odd name" as odd } from "./a.js";`,
  `import * as ns from "./ns.js";`,
  `import data from "./data.json" with { type: "json" };`,
  `import "./effect.js";`,
  `export { one, default as two } from "./re.js";`,
  `export * from "./star.js";`,
  `export * as group from "./group.js";`,
  `const lazy = () => import("./lazy.js");`,
  `const later = await import(\`./later.js\`);`,
  `export const rooms = new Map([["a", { list: [] }]]), limit = 3;`,
  `export let count = 0; export const hit = () => { count++; rooms.set(count, hit); };`,
  `export const frozen = Object.freeze({ a: 1, get b() { return 2; } });`,
  `export function fill({ a, ...rest } = {}, [b = 1, ...more] = []) { rooms.get(a)?.list.push(b, rest, more); return rooms; }`,
  `class Base { static #made = 0; #secret = 1; field = new Map(); arrow = () => this.field; static { Base.#made++; } constructor(x) { this.x = x; this.y = [1]; } get size() { return 1; } static make() { return this.one ??= new Base(1); } *[Symbol.iterator]() { yield 1; } }`,
  `export class Derived extends Base { run() { super.run?.(); local(this.field); } async go() { for await (const x of ns.stream()) def(x); } }`,
  `export class Foreign extends ns.Thing {} export default class { a = 1n; b = /x/g; }`,
  `const game = new Derived(2), foreign = new Foreign(), db = await Deno.openKv();`,
  `local.use(game, { foreign }); ns.register\`x\`; def?.(data)?.["odd"].push(odd);`,
  `[rooms.size, { x: local.x = 1 }] = later; for (local.i in data) label: for (;;) break label;`,
  `[1, 2].forEach((n) => local.add(n)); new Promise((done) => { local.wait(); done(); });`,
  `try { local.a(); } catch ({ message }) { local.b(message); } finally { local.c(); }`,
  `function outer() { var rooms = 1; { let local = rooms; rooms = local; } return inner(); function inner() { return ns.inner(); } } outer();`,
  `Deno.serve(() => { hit(); }); setInterval(fill, 1); new Worker(new URL("./w.js", import.meta.url)); addEventListener("x", () => {});`,
  `(async () => { while (true) { await 1; rooms.clear(); } })();`,
  `const own = [1]; export { own as exported, own as "quoted name" }; var hoisted = typeof hoisted === "undefined" ? 1 : 2;`,
  `if (limit) { function inBlock() {} inBlock(); } switch (count) { case 1: local.one(); default: local.other(); }`,
];

Deno.test("both parsers give the same analysis of the same JavaScript", async () => {
  const acorn = await acornAnalyzer();
  const check = (source: string) => {
    const one = acorn(source), other = analyzeScript("x.js", source);
    assertEquals(
      JSON.parse(JSON.stringify(one)),
      JSON.parse(JSON.stringify(other)),
      source,
    );
    return one;
  };
  for (const piece of PIECES) check(piece);
  let state = 7;
  const next = () => {
    state = (state * 1103515245 + 12345) & 0x7fffffff;
    return state / 0x7fffffff;
  };
  let touches = 0, bindings = 0;
  for (let round = 0; round < 60; round++) {
    const source = PIECES.map((piece) => [next(), piece] as const)
      .sort(([a], [b]) => a - b).filter(() => next() < 0.7)
      .map(([, piece]) => piece).join(next() < 0.5 ? "\n" : "\n  ");
    const { top, bindings: state } = check(source);
    touches += top?.touches?.length ?? 0;
    bindings += state?.length ?? 0;
  }
  assert(touches > 150 && bindings > 30, `${touches} ${bindings}`);
});

Deno.test("places of transpiled text are led back to the source", async () => {
  const acorn = await acornAnalyzer();
  const it = acorn(
    `import { a } from "./a.js";\na.use();\nexport const m = new Map();`,
    {
      place: (line, column) => ({ line: line + 10, column: column + 3 }),
    },
  );
  assertEquals(it.imports?.[0]?.line, 11);
  assertEquals([it.touches?.[0]?.line, it.touches?.[0]?.column], [
    12,
    4,
  ]);
  assertEquals(it.exports?.m?.line, 13);
});

/** The same code with types, each piece in a way of its own. */
const TYPED = [
  `export { type Shape, one } from "./re.ts"; export type { Other } from "./re.ts";`,
  `import { type Room, rooms } from "./rooms.ts"; const first = rooms.get("a") as Room;`,
  `const known = new Map<string, unknown>(); export const of = (key: string) => known.get(key) as Room | undefined;`,
  `export function fill(this: Room, list: readonly string[], at?: number) { return [...list, this, at!] satisfies unknown[]; }`,
  `fill.call(rooms!, [(first as { a: string }).a], 1);`,
  `abstract class Base { declare name: string; size?: number; #own!: Map<string, Room>; abstract go(at?: number): void; protected abstract left: string; run(): void; run(at?: number) { this.go(at); } }`,
  `export class Talk extends Base { override go() {} override left = "a" as const; }`,
  `declare global { interface Window { a: 1 } } interface Local { a: Talk }`,
  `for (const key in known as unknown as Local) (known as Map<string, unknown>).set(key, new Talk()!);`,
];

Deno.test("types change nothing of what is found", async () => {
  const acorn = await acornAnalyzer();
  for (const rebind of [false, true]) {
    for (const source of [...TYPED, TYPED.join("\n")]) {
      const options = { typescript: true, rebind };
      const without = acorn(stripTypeScriptTypes(source), options);
      assertEquals(
        withoutTexts(without),
        withoutTexts(analyzeScript("x.ts", source, { rebind })),
        source,
      );
    }
  }
});

/** Without the texts that people are shown, and what is said of the types themselves. */
function withoutTexts({ erasable: _, ...found }: ModuleAnalysis): unknown {
  return JSON.parse(
    JSON.stringify(found, (key, value) => key === "text" ? undefined : value),
  );
}

/** Types that leave something behind, and what reads otherwise without them. */
const ODD = [
  `namespace Shapes { export type A = 1 } export const a = 1;`,
  `interface A { a: 1 } export { type A }; export const b = 1;`,
  `export {}; const c = <string> Deno.args[0];`,
  `enum Kind { A } export { Kind };`,
  `import { Worker } from "node:worker_threads"; new Worker(new URL("./w.ts", import.meta.url));`,
  `import type from "./type.ts"; import { type A } from "./a.ts"; type();`,
  `import { A } from "./a.ts"; export const d: A[] = [];`,
  `import { A, a } from "./a.ts"; import B, * as C from "./b.ts"; export const f = (it: A & B): C.D => a(it);`,
  `import {} from "./a.ts"; import { type A } from "./b.ts"; import * as all from "./c.ts"; export const g = 1;`,
  `export { type A } from "./a.ts"; export {} from "./b.ts"; export const h = 1;`,
  `import { H } from "./h.ts"; abstract class I<T> { #i?: H; j = new Map<T, H>(); }\nexport const k = class extends I<H> {};`,
  `abstract class L { abstract l(): void; #m = 1; }\nexport const n = new (class extends L { l() {} })();`,
  `const long = (a: string): \n ü => a; type ü = string; long("😀");`,
  `class P { constructor(readonly a = new Map()) {} } class Q { accessor q = 1; } new P(); new Q();`,
  `let e = Deno.args as\n unknown\n[1]; export default e;`,
  `export const = 1;`,
];

Deno.test("scripts that are read as machines read them are found to do the same, and to need the same", async () => {
  const reader = await scriptReader();
  let asLoaded = 0;
  const variants = [{}, { rebind: true }, { rebind: true, verbatim: true }];
  for (const options of variants) {
    for (const ending of ["ts", "js", "mts"]) {
      for (
        const text of [
          ...PIECES,
          PIECES.join("\n"),
          ...TYPED,
          TYPED.join("\n"),
          ...ODD,
        ]
      ) {
        const script = {
          path: `x.${ending}`,
          text,
          options,
        };
        assertEquals(
          JSON.stringify(analyzeOrBroken(script, { reader })),
          JSON.stringify(
            analyzeOrBroken(script, { reader, analyze: analyzeScript }),
          ),
          text,
        );
        if (reader.read(text, ending !== "js")) asLoaded++;
      }
    }
  }
  assert(asLoaded > 230, `${asLoaded}`);
});
