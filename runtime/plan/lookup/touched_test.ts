import { assertEquals } from "@std/assert";
import { joins } from "../cases/touches_fixture_test.ts";

Deno.test("what others give and hand down is touched by using it: results of functions, what classes inherit", () => {
  const found: string[][] = [], wanted: string[][] = [];
  for (
    const [t, code, expected] of [
      // What a function gives: by what that does when it is called.
      [
        `const seen = new Map(); export const x = (n) => (m) => seen.set(n, m);`,
        `x(1)(2);`,
        "t.ts",
      ],
      [
        `const seen = new Map(); export const x = (n) => (m) => seen.set(n, m);`,
        `const y = x(1); y(2);`,
        "t.ts",
      ],
      [
        `const seen = new Map(); export const x = (n) => (m) => seen.set(n, m);`,
        `@x(1) class A {}`,
        "t.ts",
      ],
      [
        `const seen = new Map(); export const x = (n) => (m) => seen.set(n, m);`,
        `x(1); use(x(1)); export const later = () => x(1)(2);`,
        "",
      ],
      [
        `const seen = new Map(); export const x = (n) => { const o = { of(m) { seen.set(n, m); return o; } }; return o; };`,
        `x(1).of(2).of(3);`,
        "t.ts",
      ],
      [
        `const seen = new Map(); class B { of(m) { seen.set(1, m); } } export const x = () => new B();`,
        `x().of(2);`,
        "t.ts",
      ],
      [
        `const seen = new Map(); export class x { static at(n) { return { of: (m) => seen.set(n, m) }; } }`,
        `x.at(1).of(2);`,
        "t.ts",
      ],
      [
        `const seen = new Map(); export const x = () => ({ of: (m) => seen.get(m)?.name.length });`,
        `x().of(2);`,
        "",
      ],
      [
        `import { curried } from "./u.ts"; export const x = curried(1);`,
        `x(2);`,
        "t.ts,u.ts",
      ],
      // What a class here has from there.
      [
        `const all = []; export class x { constructor() { all.push(1); } }`,
        `class Y extends x {} new Y();`,
        "t.ts",
      ],
      [
        `const all = []; export class x { add() { all.push(1); } }`,
        `class Y extends x {} const y = new Y(); y.add();`,
        "t.ts",
      ],
      [
        `const all = []; export class x { add() { all.push(1); } }`,
        `class Y extends x { constructor() { super(); this.add(); } } new Y();`,
        "t.ts",
      ],
      [
        `const all = []; export class x { static add() { all.push(1); } }`,
        `class Y extends x {} Y.add();`,
        "t.ts",
      ],
      [
        `const all = []; export class x { add() { all.push(1); } }`,
        `class Y extends x { add() {} later() { super.add(); } } const y = new Y(); y.add();`,
        "",
      ],
    ] as const
  ) {
    const u = `export const all = new Map();
export const curried = (n) => (m) => all.set(n, m);`;
    found.push([t, code, joins(t, code, { "u.ts": u })]);
    wanted.push([t, code, expected]);
  }
  assertEquals(found, wanted);
});

Deno.test("what is called without a name that stands for it is touched: by what classes have above them, conditions, accessors, what was stored", () => {
  const BASE =
    `const all = []; export class x { constructor(n) { if (n) all.push(n); } static add(n) { all.push(n); } put(n) { all.push(n); } }`;
  const REG = `const all = []; export const x = (n) => { all.push(n); };`;
  const found: string[][] = [], wanted: string[][] = [];
  for (
    const [t, code, expected] of [
      [BASE, `class Y extends x { static { this.add(1); } }`, "t.ts"],
      [BASE, `class Y extends x { static { super.add(1); } }`, "t.ts"],
      [BASE, `class Y extends x { static n = this.add(1); }`, "t.ts"],
      [BASE, `class Y extends x { static { const n = 1; } }`, ""],
      [BASE, `new (class extends x {})(1);`, "t.ts"],
      [BASE, `Reflect.construct(x, [1]);`, "t.ts"],
      [
        BASE,
        `class Y extends x { put(n) { super.put(n); } } new Y().put(1);`,
        "t.ts",
      ],
      [BASE, `class Y extends x { run() { super.put(1); } }`, ""],
      // What is called as soon as the evaluation is over, and by events in it.
      [REG, `setTimeout(() => x(1), 0);`, "t.ts"],
      [REG, `setTimeout(x, 0);`, "t.ts"],
      [REG, `setTimeout(() => x(1), 5_000);`, ""],
      [REG, `process.nextTick(() => x(1)); setImmediate(y);`, "t.ts"],
      [
        REG,
        `const e = new EventTarget(); e.addEventListener("go", () => x(1)); e.dispatchEvent(new Event("go"));`,
        "t.ts",
      ],
      [
        REG,
        `const e = mitt(); e.on("go", () => x(1)); e.emit("start");`,
        "",
      ],
      [REG, `(Math.random() > 2 ? f : x)(1);`, "t.ts"],
      [REG, `(undefined ?? x)(1);`, "t.ts"],
      [REG, `ns["x".slice(0)](1);`, "t.ts"],
      [REG, `for (const f of Object.values(ns)) f(1);`, "t.ts"],
      [REG, `const o = { get y() { x(1); return 1; } }; o.y;`, "t.ts"],
      [REG, `const o = { get y() { x(1); return 1; } }; o.z;`, ""],
      [REG, `const o = { set y(n) { x(n); } }; o.y = 1;`, "t.ts"],
      [REG, `new Map([["a", x]]).get("a")(1);`, "t.ts"],
      [REG, `for (const [, f] of new Map([["a", x]])) f(1);`, "t.ts"],
      [REG, `for (const f of new Set([x])) f(1);`, "t.ts"],
      [
        REG,
        `const m = new Map(); m.set("a", x).set("b", x); m.get("a")(1);`,
        "t.ts",
      ],
      [
        REG,
        `const m = new Map(); m.set("a", x); export const y = () => m.get("a")(1);`,
        "",
      ],
      [
        REG,
        `const m = new Map(); m.set("a", () => x(1)); m.get("a")();`,
        "t.ts",
      ],
      [REG, `const m = []; m.push(x); m.forEach((f) => f(1));`, "t.ts"],
      [
        REG,
        `const m = []; m.push(() => x(1)); for (const f of m) f();`,
        "t.ts",
      ],
      [REG, `const m = {}; m.a = x; m.a(1);`, "t.ts"],
      [REG, `const m = {}; m.a = x; m.b?.(1);`, ""],
      [
        REG,
        `class Y { static go() { x(1); } constructor() { this.constructor.go(); } } new Y();`,
        "t.ts",
      ],
      [
        `const all = []; export class x { [Symbol.dispose]() { all.push(1); } }`,
        `{ using y = new x(); }`,
        "t.ts",
      ],
      [
        REG,
        `class Y { [Symbol.dispose]() { x(1); } } { using y = new Y(); }`,
        "t.ts",
      ],
      [
        REG,
        `class Y { [Symbol.dispose]() { x(1); } } { const y = new Y(); }`,
        "",
      ],
      // Who gives itself back gives all its methods.
      [
        `const all = []; export class x { and() { return this; } add(n) { all.push(n); return this; } }`,
        `new x().and().add(1);`,
        "t.ts",
      ],
      [
        `const all = []; export const x = { and() { return this; }, add(n) { all.push(n); } };`,
        `x.and().add(1);`,
        "t.ts",
      ],
      [
        `export class x { #all = []; and() { return this; } add(n) { this.#all.push(n); return this; } }`,
        `export const y = new x().and().add(1).and();`,
        "",
      ],
    ] as const
  ) {
    found.push([t, code, joins(t, code)]);
    wanted.push([t, code, expected]);
  }
  assertEquals(found, wanted);
});

Deno.test("what listens to an event in any module is touched by letting it happen", () => {
  const REG = `const all = []; export const x = (n) => { all.push(n); };`;
  const found: string[][] = [], wanted: string[][] = [];
  for (
    const [u, code, expected] of [
      [`u.on("go", () => x(1));`, `u.emit("go");`, "l.ts,t.ts,u.ts"],
      [`u.on("go", x);`, `u.emit("go");`, "l.ts,t.ts,u.ts"],
      [`u.on("go", () => x(1));`, `u.emit("other");`, "l.ts,u.ts"],
      [`u.on("go", () => 1);`, `u.emit("go");`, "l.ts,u.ts"],
      [
        `export const f = () => u.on("go", () => x(1));`,
        `u.emit("go");`,
        "l.ts,u.ts",
      ],
    ] as const
  ) {
    const files = {
      "u.ts":
        `import { EventEmitter } from "node:events"; export const u = new EventEmitter();`,
      "l.ts": `import { u } from "./u.ts"; import { x } from "./t.ts"; ${u}`,
    };
    const all = `import { u } from "./u.ts"; import "./l.ts"; ${code}`;
    found.push([u, code, joins(REG, all, files)]);
    wanted.push([u, code, expected]);
  }
  assertEquals(found, wanted);
});

Deno.test("functions that modules have put somewhere are run by calling what is there", () => {
  const REG = `const all = []; export const x = (n) => { all.push(n); };`;
  const found: string[][] = [], wanted: string[][] = [];
  for (
    const [u, code, expected, put] of [
      [
        `const fs = []; export const on = (f) => { fs.push(f); }; export const run = async () => { for (const f of fs) await f(); };`,
        `run();`,
        "l.ts,t.ts,u.ts",
      ],
      [
        `class Hooks { #fs = new Map(); on(f) { this.#fs.set(f.name, f); } go(n) { this.#fs.get(n)?.(); } } const hooks = new Hooks(); export const on = (f) => hooks.on(f), run = () => hooks.go("a");`,
        `run();`,
        "l.ts,t.ts,u.ts",
      ],
      [
        `const fs = new Map(); export const on = (f) => { fs.set(f.name, f); }; export const run = () => fs.size;`,
        `run();`,
        "",
      ],
      [
        `const names = ["a"]; export const on = (f) => {}; export const run = () => { for (const n of names) n.trim(); };`,
        `run();`,
        "",
      ],
      // Who answers requests is not asked yet.
      [
        `class App { #fs = []; #hooks = []; get(f) { this.#fs.push(f); } on(f) { this.#hooks.push(f); } go() { for (const h of this.#hooks) h(); } } const app = new App(); export const on = { get: (f) => app.get(f) }, run = () => app.go();`,
        `run();`,
        "l.ts,u.ts",
        `on.get(() => x(1));`,
      ],
      [
        `import { p } from "./p.ts"; export const on = () => {}, run = [p];`,
        `for (const it of run) it.init();`,
        "l.ts,p.ts,t.ts,u.ts",
      ],
    ] as const
  ) {
    const files = {
      "u.ts": u,
      "l.ts": `import { on } from "./u.ts"; import { x } from "./t.ts"; ${
        put ?? "on(() => x(1));"
      }`,
      "p.ts":
        `import { x } from "./t.ts"; export const p = { init() { x(1); } };`,
    };
    const all = `import { run } from "./u.ts"; import "./l.ts"; ${code}`;
    found.push([u, code, joins(REG, all, files)]);
    wanted.push([u, code, expected]);
  }
  assertEquals(found, wanted);
});

Deno.test("what another module has set outside of all modules is touched by calling it, if that does anything", () => {
  const found: string[][] = [], wanted: string[][] = [];
  for (
    const [t, code, expected] of [
      [
        `const all = []; globalThis.reg = (n) => all.push(n);`,
        `reg(1);`,
        "t.ts",
      ],
      [
        `const all = []; globalThis.reg = (n) => all.push(n);`,
        `globalThis.reg(1);`,
        "t.ts",
      ],
      [
        `const all = []; globalThis.reg = (n) => all.push(n);`,
        `export const later = () => reg(1);`,
        "",
      ],
      [
        `const all = []; globalThis.app = { reg(n) { all.push(n); } };`,
        `app.reg(1);`,
        "t.ts",
      ],
      [
        `import { curried } from "./u.ts"; globalThis.app = curried(1);`,
        `app.use(1);`,
        "t.ts",
      ],
      [`globalThis.twice = (n) => 2 * n;`, `twice(1);`, ""],
      [`const all = []; globalThis.reg = (n) => all.push(n);`, `other(1);`, ""],
    ] as const
  ) {
    const files = {
      "u.ts": `export const curried = (n) => ({ use: (m) => n + m });`,
    };
    found.push([t, code, joins(`export const x = 1; ${t}`, code, files)]);
    wanted.push([t, code, expected]);
  }
  assertEquals(found, wanted);
});
