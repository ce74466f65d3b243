import { assert, assertEquals } from "@std/assert";
import { acornAnalyzer } from "../../../../runtime/plan/analyze/parse_acorn.ts";
import { analyzeScript } from "./analyze.ts";

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
