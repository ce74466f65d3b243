import { assertEquals } from "@std/assert";
import { A, of, state } from "../analyze_fixture_test.ts";

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
      [
        `import { Game } from "./game.ts"; const g = new Map(["a"].map((it) => [it, new Game(it)]));`,
        "g instance",
      ],
      [
        `import { Game } from "./game.ts"; const g = Array.from({ length: 2 }, () => { const it = new Game(); return it; });`,
        "g instance",
      ],
      [
        `import { Game } from "./game.ts"; const g = Object.fromEntries(["a"].map((it) => [it, { game: new Game(it) }]));`,
        "g instance",
      ],
      [
        `import { Game } from "./game.ts"; const g = new Map(); for (const it of ["a"]) g.set(it, new Game(it));`,
        "g instance",
      ],
      [
        `import { Game } from "./game.ts"; const g = {}; for (const it of ["a"]) { const game = new Game(it); g[it] = { x: game }; g.b = game; }`,
        "g instance",
      ],
      [
        `import { Game } from "./game.ts"; const g = []; ["a"].forEach((it) => g.push(new Game(it)));`,
        "g instance",
      ],
      [
        `import { Game } from "./game.ts"; const sizes = ["a"].map((it) => new Game(it).size); const makers = ["a"].map((it) => () => new Game(it));`,
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
