import { moduleAnalysis } from "../../protocol/manifest/read_analysis.ts";
import { assertEquals } from "@std/assert";
import type { ModuleAnalysis } from "../../protocol/manifest/module_analysis.ts";
import { touchesOf } from "../../protocol/manifest/module_analysis.ts";
import { analyzeScript } from "../../../src/release/graph/analysis/analyze.ts";

const of = (source: string, path = "a.ts") => analyzeScript(path, source);
const topOf = (it: ModuleAnalysis) => touchesOf(it, it.top);
/** `specifier#name how member` of what the evaluation touches, reads left out. */
const touches = (source: string, path?: string) =>
  topOf(of(source, path)).filter(({ how }) => how !== "read")
    .map(({ specifier, name, how, member }) =>
      `${specifier}#${name} ${how}${member === undefined ? "" : ` ${member}`}`
    );
const kinds = (source: string, path?: string) =>
  Object.fromEntries(
    Object.entries(of(source, path).exports ?? {}).map((
      [name, { kind }],
    ) => [name, kind]),
  );
const state = (source: string, path?: string) =>
  (of(source, path).bindings ?? []).map(({ name, why }) => `${name} ${why}`);
const A = `import { a } from "./a.ts"; import * as ns from "./a.ts"; `;

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

Deno.test("exports: what each of them is", () => {
  assertEquals(
    kinds(
      `import { Game } from "./game.ts"; import { holder, live } from "@flyhot/runtime";
export function f() {} export async function* g() {} export class C {} export const arrow = () => 1;
export const n = 1, s = "s", t = \`t\${n}\`, neg = -n, u = undefined;
export const frozen = Object.freeze({ a: 1 }); export const m = new Map(); export const w = new WeakMap();
export const set = new Set([1]); export const list = [1, 2]; export const bytes = new Uint8Array(3);
export const o = { a: 1 }; export const typed = { a: 1 } as const satisfies object;
export const game = new Game(); export const own = new C(); export const date = new Date();
export const c = holder("c", {}); export const l = await live(() => import("./app.ts"));
export const unknown = make(); export { Game, Game as Renamed }; export { x as y } from "./x.ts"; export * as all from "./y.ts";
export const { p, q: [r] } = { p: 1, q: [new Map()] }; export const { z } = make();
export let counter = 0; export let later; export enum E { A } export namespace N { export const a = 1 }
export const env = Deno.env.get("X") ?? "y"; export const { a: alias } = Deno.args;
export default function () {}`,
    ),
    {
      f: "function",
      g: "function",
      C: "class",
      arrow: "function",
      n: "primitive",
      s: "primitive",
      t: "primitive",
      neg: "primitive",
      u: "primitive",
      frozen: "frozen",
      m: "map",
      w: "map",
      set: "set",
      list: "array",
      bytes: "array",
      o: "object",
      typed: "object",
      game: "instance",
      own: "instance",
      date: "instance",
      c: "runtime",
      l: "runtime",
      unknown: "unknown",
      Game: "re-export",
      Renamed: "re-export",
      y: "re-export",
      all: "re-export",
      p: "primitive",
      r: "unknown",
      z: "unknown",
      counter: "primitive",
      later: "primitive",
      E: "frozen",
      N: "object",
      env: "primitive",
      alias: "unknown",
      default: "function",
    },
  );
});

Deno.test("exports: defaults of every form", () => {
  const kindOf = (source: string) => kinds(source).default;
  assertEquals(kindOf(`export default class {}`), "class");
  assertEquals(kindOf(`export default class A {}`), "class");
  assertEquals(kindOf(`export default () => 1`), "function");
  assertEquals(kindOf(`export default { fetch() {} }`), "object");
  assertEquals(kindOf(`export default 1 as number`), "primitive");
  assertEquals(kindOf(`const m = new Map(); export default m;`), "map");
  assertEquals(kindOf(`const m = new Map(); export { m as default };`), "map");
  assertEquals(kindOf(`export { default } from "./x.ts"`), "re-export");
  assertEquals(kindOf(`export default interface A {}`), undefined);
});

Deno.test("exports: what is assigned elsewhere is told, types are not exports", () => {
  const it = of(
    `export let mode = "a"; export const set = (m: string) => { mode = m; };
export interface I {} export type T = 1; export declare const d: number; export abstract class X { abstract a(): void }`,
  );
  assertEquals(Object.keys(it.exports ?? {}), ["mode", "set", "X"]);
  assertEquals(it.exports?.mode?.reassigned, true);
});

Deno.test("exports: what calling a function does, through what it calls", () => {
  const it = of(
    `import { log } from "../../base/log.ts"; const rooms = new Map(); const LIMIT = 3; const names = ["a"];
const inner = (x) => { rooms.set(x, 1); log.push(x); };
export const add = (x) => inner(x);
export const read = () => rooms.get("a") ? rooms.size + LIMIT : names.map(String).length;
export const leak = () => rooms;
export const get = (k) => rooms.get(k);
export const each = (f) => names.forEach((n) => f(n));
export const later = (f) => setTimeout(() => f());
export const api = { add, deep: { drop(x) { rooms.delete(x); } } };`,
  );
  const effects = (name: string) => it.exports?.[name]?.effects;
  assertEquals(effects("add")?.state, ["rooms"]);
  assertEquals(touchesOf(it, effects("add")).map(({ name }) => name), ["log"]);
  assertEquals(effects("read"), { reads: ["names", "rooms"] });
  assertEquals(effects("leak"), { state: ["rooms"] });
  assertEquals(effects("get"), { state: ["rooms"], reads: ["rooms"] });
  assertEquals(effects("each"), { callsBack: true, reads: ["names"] });
  assertEquals(effects("later"), undefined);
  assertEquals(it.exports?.api?.fields?.add?.effects?.state, ["rooms"]);
  assertEquals(
    it.exports?.api?.fields?.deep?.fields?.drop?.effects?.state,
    ["rooms"],
  );
});

Deno.test("top: every way to touch an import at the top level", () => {
  const found: string[][] = [], wanted: string[][] = [];
  for (
    const [code, ...expected] of [
      [`a.get("/", () => {});`, "./a.ts#a method get()"],
      [`a();`, "./a.ts#a call ()"],
      [`new a();`, "./a.ts#a construct new()"],
      ["a`x`;", "./a.ts#a call ()"],
      [`a.x = 1;`, "./a.ts#a write x"],
      [`a["x"] = 1;`, "./a.ts#a write x"],
      [`a[k] += 1;`, "./a.ts#a write []"],
      [`a.n++;`, "./a.ts#a write n"],
      [`delete a.x;`, "./a.ts#a write x"],
      [`[a.x, { y: a.y }] = z;`, "./a.ts#a write x", "./a.ts#a write y"],
      [`({ x: a.x = 1 } = z);`, "./a.ts#a write x"],
      [`for (a.i of list);`, "./a.ts#a write i"],
      [`Object.assign(a, { x: 1 });`, "./a.ts#a write"],
      [`f(a);`, "./a.ts#a pass"],
      [`f({ deep: [a] });`, "./a.ts#a pass"],
      [`f(...a);`],
      [`f(a.b);`, "./a.ts#a pass b"],
      [`globalThis.a = a;`, "./a.ts#a pass"],
      [`console.log(a, JSON.stringify(a), Object.keys(a), [...a]);`],
      [`const b = a; b.use(1);`, "./a.ts#a method use()"],
      [`const { b } = a; b.use(1);`, "./a.ts#a method b.use()"],
      [`const [b] = a; b.use(1);`, "./a.ts#a method [].use()"],
      [`let b; b = a; b.use(1);`, "./a.ts#a method use()"],
      [`for (const b of [a]) b.use(1);`, "./a.ts#a method use()"],
      [`const ctx = { app: a }; ctx.app.use(1);`, "./a.ts#a method use()"],
      [
        `(a as any).use(1); a!.drop();`,
        "./a.ts#a method use()",
        "./a.ts#a method drop()",
      ],
      [`a?.use?.(1);`, "./a.ts#a method use()"],
      [`(await a).use(1);`, "./a.ts#a method use()"],
      [`ns.a.use(1);`, "./a.ts#a method use()"],
      [`const { a: b } = ns; b.use(1);`, "./a.ts#a method use()"],
      [`ns.f();`, "./a.ts#f call ()"],
      [`new ns.C().run();`, "./a.ts#C method new().run()"],
      [
        `const i = new a(); i.run();`,
        "./a.ts#a construct new()",
        "./a.ts#a method new().run()",
      ],
      [`a.get("x").push(1);`, "./a.ts#a method get().push()"],
      [
        `const r = a.get("x"); r.list.push(1);`,
        "./a.ts#a method get()",
        "./a.ts#a method get().list.push()",
      ],
      [`(await import("./b.ts")).x.use(1);`],
      [`class B extends a {}`, "./a.ts#a extend"],
      [`@a class B {}`, "./a.ts#a call ()"],
      [`@a("x") class B {}`, "./a.ts#a call ().()"],
      [`class B { @a method() {} }`, "./a.ts#a call ()"],
      [`class B { static x = a.make(); }`, "./a.ts#a method make()"],
      [`class B { static { a.use(this); } }`, "./a.ts#a method use()"],
      [`class B { [a.key()]() {} }`, "./a.ts#a method key()"],
      [`(() => a.use())();`, "./a.ts#a method use()"],
      [`(async function () { await 1; a.use(); })();`, "./a.ts#a method use()"],
      [`function f() { a.use(); } f();`, "./a.ts#a method use()"],
      [
        `const f = () => g(); function g() { a.use(); } f();`,
        "./a.ts#a method use()",
      ],
      [
        `const f = function () { a.use(); }; f.call(null);`,
        "./a.ts#a method use()",
      ],
      [`function f(x) { x.use(); } f(a);`, "./a.ts#a method use()"],
      [`function f({ x }) { x.use(); } f({ x: a });`, "./a.ts#a method use()"],
      [`function f(cb) { cb(); } f(() => a.use());`, "./a.ts#a method use()"],
      [`[1].forEach(() => a.use());`, "./a.ts#a method use()"],
      [`[a].forEach((x) => x.use());`, "./a.ts#a method use()"],
      [`names.forEach(a);`, "./a.ts#a call ()"],
      [`new Promise(() => a.use());`, "./a.ts#a method use()"],
      [
        `try { a.use(); } catch { a.other(); } finally { a.end(); }`,
        "./a.ts#a method use()",
        "./a.ts#a method other()",
        "./a.ts#a method end()",
      ],
      [
        `if (x) a.use(); else while (y) a.other();`,
        "./a.ts#a method use()",
        "./a.ts#a method other()",
      ],
      [`switch (x) { case 1: a.use(); }`, "./a.ts#a method use()"],
      [`label: for (;;) { a.use(); break label; }`, "./a.ts#a method use()"],
      [
        `class B { constructor() { a.use(); } run() { a.run(); } } new B();`,
        "./a.ts#a method use()",
      ],
      [`class B { x = a.make(); } new B();`, "./a.ts#a method make()"],
      [
        `class B { run() { a.run(); } } const b = new B(); b.run();`,
        "./a.ts#a method run()",
      ],
      [`class B { run() { a.run(); } } f(new B());`, "./a.ts#a method run()"],
      [
        `class P { run() { a.run(); } } class B extends P { constructor() { super(); this.run(); } } new B();`,
        "./a.ts#a method run()",
      ],
      [
        `class B { static make() { a.run(); } } B.make();`,
        "./a.ts#a method run()",
      ],
      [`const o = { run() { a.run(); } }; o.run();`, "./a.ts#a method run()"],
      [`namespace N { a.use(); }`, "./a.ts#a method use()"],
      [`enum E { X = a.x }`],
      // Not while the module is evaluated:
      [`setTimeout(() => a.use());`],
      [`Deno.serve(() => a.use());`],
      [`export const f = () => a.use();`],
      [`class B { run() { a.run(); } }`],
      [`export default { fetch: () => a.use() };`],
      // Another `a`:
      [`{ const a = x; a.use(); }`],
      [`function f(a) { a.use(); } f(1);`],
      [`try {} catch (a) { a.use(); }`],
      [`for (const a of list) a.use();`],
      [`const f = ({ a }) => a.use(); f(1);`],
      [`x.a.use(); ({ a: 1 }); b.a = 1;`],
      [`a: for (;;) break a;`],
      // Types are gone:
      [`type T = typeof a; let x: typeof a;`],
    ] as const
  ) {
    found.push([code, ...touches(A + code)]);
    wanted.push([code, ...expected]);
  }
  assertEquals(found, wanted);
});

Deno.test("top: what the runtime and packages bring is not touched", () => {
  assertEquals(
    touches(
      `import { holder } from "@flyhot/runtime"; import { Hono } from "npm:hono@4"; import fs from "node:fs"; holder("x"); new Hono(); fs.writeFileSync("x", "y");`,
    ),
    [],
  );
});

Deno.test("top: callbacks passed to an imported function are told with it", () => {
  const it = of(
    `import { route } from "./router.ts"; import { rooms } from "./rooms.ts"; route("/", () => rooms.set("x", 1));`,
  );
  const [touch] = topOf(it);
  const inner = touchesOf(it, touch?.callbacks);
  assertEquals(inner.map((it) => [it.name, it.member]), [[
    "rooms",
    "set()",
  ]]);
});

Deno.test("state: what code that runs after the evaluation changes", () => {
  const found: string[][] = [], wanted: string[][] = [];
  for (
    const [code, ...expected] of [
      [`let n = 0; export const f = () => n++;`, "n written"],
      [`let n = 0; export const f = () => { n = 1; };`, "n written"],
      [`let n; export const f = () => n ??= make();`, "n written"],
      [
        `let x, y; export const f = () => { [x, { y }] = z; };`,
        "x written",
        "y written",
      ],
      [`let x; export const f = () => { for (x of list); };`, "x written"],
      [`const m = new Map(); export const f = () => m.set(1, 2);`, "m mutated"],
      [`const m = new Set(); setInterval(() => m.clear(), 1);`, "m mutated"],
      [
        `const it = ids(); export const f = () => it.next().value;`,
        "it mutated",
      ],
      [
        `const h = new Headers(); export const f = (v) => h.append("k", v);`,
        "h mutated",
      ],
      [
        `const v = new DataView(b); export const f = () => v.setUint8(0, 1);`,
        "v mutated",
      ],
      [
        `const n = new Int32Array(b); export const f = () => Atomics.add(n, 0, 1);`,
        "n mutated",
      ],
      [
        `const o = { n: 0, inc() { this.n++; } }; export const f = () => o.inc();`,
        "o mutated",
      ],
      [
        `export const o = { a: { l: [], add(x) { [x].forEach((y) => this.l.push(y)); } } };`,
        "o mutated",
      ],
      [
        `const o = { set n(v) { this.m = v; } }; export const f = () => { o.n = 1; };`,
        "o mutated",
      ],
      [`const l = []; Deno.serve(() => { l.push(1); });`, "l mutated"],
      [
        `const l = []; Deno.serve(() => { l[0] = 1; l.length = 0; });`,
        "l mutated",
      ],
      [`const o = {}; export function f(k) { o[k] = 1; }`, "o mutated"],
      [`const o = { n: 0 }; export function f() { o.n += 1; }`, "o mutated"],
      [`const o = {}; export function f() { delete o.x; }`, "o mutated"],
      [`const o = {}; export function f() { [o.x] = y; }`, "o mutated"],
      [
        `const o = {}; export function f() { Object.assign(o, y); }`,
        "o mutated",
      ],
      [
        `const state = { users: [] }; export const f = (u) => state.users.push(u);`,
        "state mutated",
      ],
      [
        `const m = new Map(); export const f = (k) => m.get(k).list.push(1);`,
        "m mutated",
      ],
      [
        `const m = new Map(); export const f = (k) => { const r = m.get(k); r.n = 1; };`,
        "m mutated",
      ],
      [
        `const m = new Map(); export const f = () => { for (const r of m.values()) r.n = 1; };`,
        "m mutated",
      ],
      [
        `const m = new Map(); export const f = () => m.forEach((r) => { r.n = 1; });`,
        "m mutated",
      ],
      [
        `const o = {}; const alias = o; export const f = () => { alias.x = 1; };`,
        "o mutated",
        "alias mutated",
      ],
      [
        `const { m } = { m: new Map() }; export const f = () => m.set(1, 2);`,
        "m mutated",
      ],
      [
        `const d = new Date(); export const f = () => d.setTime(1);`,
        "d mutated",
      ],
      [
        `const b = new Uint8Array(1); export const f = () => b.fill(1);`,
        "b mutated",
      ],
      [
        `const m = new Map(); class C { f() { m.set(1, 2); } } export const c = () => new C();`,
        "m mutated",
      ],
      [
        `const m = new Map(); const add = () => m.set(1, 2); export const f = () => add();`,
        "m mutated",
      ],
      [`function f() { f.count = 1; } export { f };`, "f mutated"],
      [
        `class Db { static one; static get() { return this.one ??= new Db(); } }`,
        "Db.one mutated",
      ],
      [
        `class Db { static n = 0; } export const f = () => Db.n++;`,
        "Db.n mutated",
      ],
      [
        `namespace N { export let n = 0; } export const f = () => N.n++;`,
        "N mutated",
      ],
      [`namespace N { let n = 0; export const f = () => n++; }`, "N.n written"],
      [
        `const m = new Map(); async function main() { await 1; m.set(1, 2); } main();`,
        "m mutated",
      ],
      [
        `const m = new Map(); for await (const x of y) m.set(x, 1);`,
        "m mutated",
      ],
      [
        `const m = new Map(); while (true) { await 1; m.set(1, 1); }`,
        "m mutated",
      ],
      [`const m = new Map(); fetch(x).then((r) => m.set(1, r));`, "m mutated"],
      [
        `const { x, ...rest } = load(); export const f = () => { rest.y = 1; };`,
        "rest mutated",
      ],
      // Only while it is evaluated:
      [`const m = new Map(); m.set(1, 2); for (const x of y) m.set(x, 1);`],
      [`const m = new Map(); function fill() { m.set(1, 2); } fill();`],
      [`const m = new Map(); await (async () => { await 1; m.set(1, 2); })();`],
      [`const m = new Map(); [1].forEach((x) => m.set(x, 1));`],
      [`const m = new Map(); (() => { m.set(1, 2); })();`],
      [`let n = 0; n++;`],
      // Nobody changes it:
      [`const LIMIT = 1; const l = [1]; export const f = () => l.map((x) => x * LIMIT);`],
      [`const l = [3, 1]; export const f = () => [...l].sort();`],
      [`const l = [3, 1]; export const f = () => l.filter(Boolean).sort().reverse();`],
      [`const l = [3, 1]; export const f = () => Array.from(l).push(1);`],
      [`const l = [3, 1]; export const f = () => l.toSorted();`],
      [`const m = new Map(); export const f = () => m.get(1);`],
      [`const m = Object.freeze({ a: 1 }); export const f = () => m.a;`],
      [`const app = new Hono(); export default app;`],
      [`let n = 0; export const f = (n) => n++;`],
      [`const m = new Map(); export const f = () => { const m = new Map(); m.set(1, 2); };`],
      [`const id = setInterval(() => {}, 1);`],
      // Queries of a database, routers and clients have methods of the same names:
      [
        `const db = drizzle("x"); export const f = () => db.update(t).set({ a: 1 }); export const g = () => db.delete(t);`,
      ],
      [
        `const cache = new LRUCache(); export const f = (k) => cache.set(k, 1);`,
        "cache mutated",
      ],
      [
        `const store = create(); export const f = (u) => store.users.push(u);`,
        "store mutated",
      ],
      [
        `class C { static #n = 0; static next() { return ++C.#n; } }`,
        "C.#n mutated",
      ],
      // Made again with what assigns it:
      [
        `import { service } from "@flyhot/runtime"; let timer; service("t", { start() { timer = setInterval(f, 1); }, stop: () => { clearInterval(timer); timer = undefined; } });`,
      ],
      [
        `import { service } from "@flyhot/runtime"; let n = 0; service("t", { start() { return setInterval(() => n++, 1); } });`,
        "n written",
      ],
      [
        `import { hot } from "@flyhot/runtime"; import first from "./dep.ts"; let dep = first; hot(import.meta).accept("./dep.ts", (m) => { dep = m; }); hot(import.meta).dispose(() => { dep = null; });`,
      ],
      [
        `const rooms = globalThis.rooms ??= new Map(); export const f = () => rooms.set(1, 2);`,
      ],
      // Not ours to lose:
      [`const seen = globalThis.seen; export const f = () => seen.push(1);`],
      [`import { holder } from "@flyhot/runtime"; const c = holder("c", {}); export const f = () => c.add(1);`],
      [`import { hot } from "@flyhot/runtime"; const m = hot(import.meta).data.m ??= new Map(); export const f = () => m.set(1, 2);`],
      [`import { hot } from "@flyhot/runtime"; const { data } = hot(import.meta); export const f = () => { data.x = 1; };`],
    ] as const
  ) {
    found.push([code, ...state(code)]);
    wanted.push([code, ...expected]);
  }
  assertEquals(found, wanted);
});

Deno.test("state: instances of classes of the app and open handles", () => {
  const found: string[][] = [], wanted: string[][] = [];
  for (
    const [code, ...expected] of [
      [`import { Game } from "./game.ts"; const g = new Game();`, "g instance"],
      [
        `import { Game } from "@/game.ts"; const g = { list: [new Game()] };`,
        "g instance",
      ],
      [
        `import { Game } from "./game.ts"; const g = new Map([["a", new Game()]]);`,
        "g instance",
      ],
      [`import Game from "./game.ts"; export default new Game();`],
      [`class Local { n = 0; } const g = new Local();`, "g instance"],
      [`import * as g from "./game.ts"; const x = new g.Game();`, "x instance"],
      [`import { Hono } from "npm:hono@4"; const app = new Hono();`],
      [`const m = new Map(); const u = new URL("x:y");`],
      [
        `import { DatabaseSync } from "node:sqlite"; const db = new DatabaseSync("x");`,
        "db handle",
      ],
      [`const kv = await Deno.openKv();`, "kv handle"],
      [
        // A listener is handed over.
        `const f = await Deno.open("x"); const l = Deno.listen({ port: 1 }); const c = await Deno.connect({ port: 1 });`,
        "f handle",
        "c handle",
      ],
      [
        `const ws = new WebSocket("ws://x"), w = new Worker("x");`,
        "ws handle",
        "w handle",
      ],
      [
        `import { createClient } from "npm:redis@4"; const r = await createClient().connect();`,
        "r handle",
      ],
      [
        `import { drizzle } from "npm:d@1"; import Database from "npm:b@1"; const db = drizzle(new Database("x"));`,
        "db handle",
      ],
      [
        `import { Client } from "./client.ts"; const c = new Client();`,
        "c instance",
      ],
      [`const open = () => Deno.openKv();`],
      [
        `let db; export const get = () => db ??= new Database("x");`,
        "db handle",
      ],
    ] as const
  ) {
    found.push([code, ...state(code)]);
    wanted.push([code, ...expected]);
  }
  assertEquals(found, wanted);
  const [game] = of(`import { Game } from "./game.ts"; const g = new Game();`)
    .bindings ?? [];
  assertEquals(game, {
    name: "g",
    line: 1,
    column: 41,
    why: "instance",
    detail: "new Game()",
    of: [{ specifier: "./game.ts", name: "Game" }],
  });
});

Deno.test("state: what code changes of its imports later", () => {
  const later = (source: string) =>
    (of(source).later ?? []).map(({ name, how, member }) =>
      `${name} ${how} ${member}`
    );
  assertEquals(
    later(
      `${A} export const f = () => { a.set(1, 2); ns.b.list.push(1); a.x = 1; a.get("x"); }; a.set(3, 4);`,
    ),
    ["a method set()", "b method list.push()", "a write x"],
  );
  assertEquals(
    later(
      `${A} export const f = (it) => { Object.assign(a, it); }; export const g = () => Object.defineProperty(ns.b, "x", { value: 1 });`,
    ),
    ["a write undefined", "b write undefined"],
    "without a member",
  );
});

Deno.test("classes: fields, methods, constructors", () => {
  const it = of(`import { x } from "./x.ts"; const one = 1;
export class C extends Base {
  a = new Map<string, number>(); b = one; c = x.y; d!: string; e = () => this.a; #p = 1; declare q: number;
  static s = 0;
  [key: string]: unknown;
  constructor(private db: Db, readonly n = 2, z?: string) { super(); this.f = z; this.g = { on: true }; this.h = () => { this.i = 1; }; }
  run(): void { x.go(); }
  get v() { return 1; } set v(_) {} static make() {} async *gen() {} #secret() {}
  over(a: string): void; over(a: unknown) {}
  @dec() decorated() {}
}`);
  const [c] = it.classes ?? [];
  assertEquals(
    c?.fields?.map(({ name, text, selfContained }) =>
      `${name}=${text}${selfContained ? " self" : ""}`
    ),
    [
      "a=new Map<string, number>() self",
      "b=one",
      "c=x.y",
      "d= self",
      "e=() => this.a",
      "#p=1 self",
    ],
  );
  assertEquals(c?.extends, { name: "Base", global: true });
  assertEquals(c?.private, ["#p", "#secret"]);
  assertEquals(c?.parameters, 3);
  assertEquals(
    c?.assigned?.map(({ name, usesParameters }) => [name, !!usesParameters]),
    [["db", true], ["n", true], ["f", true], ["g", false], ["h", false]],
  );
  assertEquals(c?.statics?.map(({ name }) => name), ["s"]);
  assertEquals(Object.keys(c?.methods ?? {}), [
    "run",
    "get v",
    "set v",
    "static make",
    "gen",
    "#secret",
    "over",
    "decorated",
  ]);
  assertEquals(touchesOf(it, c?.methods?.run?.effects)[0]?.member, "go()");
});

Deno.test("classes: digests do not depend on layout, types and comments", () => {
  const digest = (source: string, path?: string) =>
    of(source, path).classes?.[0]?.methods?.f?.digest;
  const typed = digest(
    `class C { f(a: number): number { /* c */ return (a as number) + 1 } }`,
  );
  const plain = digest(`class C {\n f(a) {\n return a + 1;\n }\n}`, "a.js");
  assertEquals(typed, plain);
  assertEquals(typed === digest(`class C { f(a) { return a + 2 } }`), false);
});

Deno.test("classes: every one at the top level is told, by whatever name", () => {
  assertEquals(
    of(
      `class A {} export class B {} const C = class {}; export default class {} function f() { class D {} } namespace N { export class E {} }`,
    )
      .classes?.map(({ name }) => name),
    ["A", "B", "C", "default", "N.E"],
  );
});

Deno.test("enums with their values", () => {
  assertEquals(
    of(
      `enum A { X, Y = 5, Z } export const enum B { P = 1 << 2, Q = P | 1, R = "r", S = f() } declare enum D { X }`,
    )
      .enums,
    [
      { name: "A", line: 1, members: { X: 0, Y: 5, Z: 6 } },
      { name: "B", line: 1, members: { P: 4, Q: 5, R: "r", S: null } },
    ],
  );
});

Deno.test("owned: servers, timers, crons, workers, listeners and loops at the top level", () => {
  const owned = (source: string) =>
    (of(source).owned ?? []).map(({ kind, detail, later }) =>
      `${kind} ${detail}${later ? " later" : ""}`
    );
  assertEquals(
    owned(
      `import http from "node:http"; import { Worker as W } from "node:worker_threads";
Deno.serve(() => new Response()); setInterval(f, 1); setTimeout(f, 1); Deno.cron("x", "* * * * *", f);
new Worker(new URL("./w.ts", import.meta.url), { type: "module" }); addEventListener("unload", f);
const pool = () => new Worker(import.meta.resolve("./pool.ts"));
http.createServer().listen(80); Deno.addSignalListener("SIGUSR1", f);
async function loop() { while (true) { await tick(); } } loop();
export const handler = () => { setInterval(f, 1); };`,
    ),
    [
      "server Deno.serve()",
      "interval setInterval()",
      "timeout setTimeout()",
      "cron Deno.cron()",
      "worker ./w.ts",
      "listener addEventListener()",
      "worker ./pool.ts later",
      "server listen()",
      "listener Deno.addSignalListener()",
      "loop an endless loop that awaits",
    ],
  );
});

Deno.test("owned: loops that do not end with the timers of their module are told", () => {
  const unpaced = (source: string) =>
    (of(source).owned ?? []).filter((it) => it.unpaced).map(({ line }) => line);
  const loops = [
    "(async () => { for (;;) { await queue.pop(); } })();",
    "async function run() { while (true) { const job = await queue.pop(); if (!job) break; await job(); } }\nrun();",
    "const run = async () => { do { await once(bus, 'job'); } while (true); }; void run();",
    "(async () => { for await (const event of Deno.watchFs('.')) handle(event); })();",
    "const watcher = Deno.watchFs('.'); (async () => { for await (const _ of watcher) reload(); })();",
    "(async () => { for await (const entries of kv.watch([['a']])) handle(entries); })();",
    "let running = true; (async () => { while (running) await queue.pop(); })(); export const stop = () => { running = false; };",
    "const c = new AbortController(); (async () => { while (!c.signal.aborted) await queue.pop(); })();",
    "class Worker { open = true; async run() { while (this.open) await queue.pop(); } } new Worker().run();",
    "async function next() { await queue.pop(); return next(); } next();",
    "(async function next() { await queue.pop(); return next(); })();",
    "const next = async () => { try { await queue.pop(); } catch { await new Promise((r) => setTimeout(r, 5)); } void next(); }; next();",
    "const next = () => queue.pop().then(next); next();",
    "const next = () => queue.pop().catch(() => new Promise((r) => setTimeout(r, 5))).then((job) => { work(job); next(); }); next();",
    "const next = () => queue.pop().finally(() => next()); next();",
    "const sleep = () => queue.pop(); (async () => { while (true) await sleep(); })();",
    "class Bus { wait() { return this.next; } } const bus = new Bus(); (async () => { while (true) await bus.wait(); })();",
    "const tools = { delay: () => queue.pop() }; (async () => { while (true) await tools.delay(); })();",
    "import { once } from 'node:events'; (async () => { while (true) await new Promise(process.nextTick); })();",
    "(async () => { while (true) await new Promise((r) => AbortSignal.timeout(5).addEventListener('abort', r)); })();",
    "(async () => { while (true) { await Promise.race([queue.pop(), new Promise((r) => setTimeout(r, 5))]); } })();",
    "(async () => { while (true) { try { await queue.pop(); } catch { await new Promise((r) => setTimeout(r, 5)); } } })();",
    "(async () => { while (true) { if (!await queue.pop()) await new Promise((r) => setTimeout(r, 5)); } })();",
    "async function* jobs() { while (true) yield await queue.pop(); }\n(async () => { for await (const job of jobs()) job(); })();",
  ];
  for (const source of loops) {
    assertEquals(unpaced(source).length > 0, true, source);
  }
  const others = [
    "(async () => { while (true) { await queue.pop(); await new Promise((r) => setTimeout(r, 1)); } })();",
    "import { delay } from 'jsr:@std/async'; (async () => { for (;;) { await delay(5); await work(); } })();",
    "const rest = () => new Promise((r) => setTimeout(r, 1)); const turn = async () => { await work(); await rest(); }; (async () => { while (true) await turn(); })();",
    "(async () => { while (true) { const { done, value } = await reader.read(); if (done) break; take(value); } })();",
    "for await (const entry of Deno.readDir('.')) take(entry);",
    "(async () => { for await (const conn of Deno.listen({ port: 1 })) take(conn); })();",
    "let more = true; (async () => { while (more) { const page = await get(); more = page.more; } })();",
    "let page = await first(); while (page) { page = await get(page.next); }",
    "async function walk(at) { for await (const it of Deno.readDir(at)) { if (it.isDirectory) await walk(it.name); } } await walk('.');",
    "async function retry(n) { try { return await get(); } catch { return retry(n - 1); } } await retry(3);",
    "async function next() { await new Promise((r) => setTimeout(r, 5)); return next(); } next();",
    "(async function next() { await new Promise((r) => setTimeout(r, 5)); return next(); })();",
    "const turn = async () => { try { await work(); } finally { setTimeout(turn, 20); } }; turn();",
    "async function connect() { await open(); socket.onclose = () => connect(); } connect();",
    "const next = () => new Promise((r) => setTimeout(r, 5)).then(next); next();",
    "const nap = promisify(setTimeout); (async () => { while (true) await nap(5); })();",
    "import { setTimeout as x } from 'node:timers/promises'; (async () => { while (true) await x(5); })();",
    "import * as timers from 'node:timers/promises'; (async () => { while (true) await timers.scheduler.wait(5); })();",
    "const nap = () => new Promise((r) => setTimeout(r, 5)); (async () => { while (true) { try { await queue.pop(); } finally { await nap(); } } })();",
    "(async () => { while (true) await Promise.all([queue.pop(), new Promise((r) => setTimeout(r, 5))]); })();",
    "class Clock { wait() { return new Promise((r) => setTimeout(r, 5)); } } const clock = new Clock(); (async () => { while (true) await clock.wait(); })();",
    "import { setInterval } from 'node:timers/promises'; (async () => { for await (const _ of setInterval(10)) work(); })();",
    "export const later = async () => { while (true) await queue.pop(); };",
    "class Later { async run() { while (true) await this.pop(); } }",
    "async function* jobs() { for (const it of [1, 2]) yield await it; }\n(async () => { for await (const job of jobs()) job(); })();",
  ];
  for (const source of others) assertEquals(unpaced(source), [], source);
});

Deno.test("owned: what a loop waits for that other modules have, and what their functions wait for", () => {
  const loop = (source: string) => of(source).owned?.map((it) => it.pacedBy);
  assertEquals(
    loop(
      "import { sleep as nap } from './x.ts'; (async () => { while (true) await nap(5); })();",
    ),
    [[{ specifier: "./x.ts", name: "sleep" }]],
  );
  assertEquals(
    loop(
      "import * as x from './x.ts'; import y from './y.ts'; (async () => { while (true) { await x.rest(); await y(); } })();",
    ),
    [[{ specifier: "./x.ts", name: "rest" }, {
      specifier: "./y.ts",
      name: "default",
    }]],
  );
  assertEquals(
    of(
      `import { far } from "./far.ts";
export const sleep = () => new Promise((r) => setTimeout(r, 1));
export const wait = () => new Promise((r) => waiting.push(r));
export default async function () { await sleep(); }
export { sleep as nap };
export const through = () => far();
export class Bus { wait() { return this.next; } tick() { return sleep(); } pop() {} }`,
    ).pacing,
    [
      { name: ".tick", timer: true },
      { name: ".wait" },
      { name: "default", timer: true },
      { name: "nap", timer: true },
      { name: "sleep", timer: true },
      { name: "through", by: [{ specifier: "./far.ts", name: "far" }] },
    ],
  );
});

Deno.test("owned: functions that begin loops are told to those who call them", () => {
  const begins = (source: string) =>
    (of(source).pacing ?? []).filter((it) => it.loop).map(({ name }) => name);
  assertEquals(
    begins(
      `export function forever(act) { (async () => { while (true) await act(); })(); }
export const seldom = (act) => { (async () => { while (true) { await act(); await new Promise((r) => setTimeout(r, 1)); } })(); };
const run = async () => { for (;;) await queue.pop(); };
export default () => { void run(); };
export class Worker { start() { void this.#run(); return run(); } async #run() {} }`,
    ),
    [".start", "default", "forever"],
  );
});

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
