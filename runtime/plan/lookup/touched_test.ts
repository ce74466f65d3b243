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
