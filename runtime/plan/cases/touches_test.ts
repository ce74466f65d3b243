import { assertEquals } from "@std/assert";
import { packed, running } from "../../../tests/support/planned_app.ts";
import { classify } from "../classify.ts";
import { joins, MAIN, USES } from "./touches_fixture_test.ts";

Deno.test("what a changed module touches while it is evaluated is reloaded, unless nothing could happen twice", () => {
  const found: string[][] = [], wanted: string[][] = [];
  for (
    const [t, code, expected] of [
      // Collections: only changes.
      [`export const x = new Map();`, `x.set(1, 2);`, "t.ts"],
      [`export const x = new Map();`, `ns.x.delete(1);`, "t.ts"],
      [
        `export const x = new Map();`,
        `x.get(1); x.has(1); x.size; for (const [k] of x); [...x.keys()];`,
        "",
      ],
      [`export const x = new Map();`, `x.get(1).list.push(2);`, "t.ts"],
      [`export const x = new Map();`, `const e = x.get(1); e.name;`, ""],
      [`export const x = new Map();`, `use(x);`, "t.ts"],
      [`export const x = new Map();`, `use(x.get(1));`, "t.ts"],
      [`export const x = [];`, `x.push(1);`, "t.ts"],
      [`export const x = [];`, `x[0] = 1;`, "t.ts"],
      [
        `export const x = [3];`,
        `x.map((n) => n); x.filter(Boolean).sort(); x[0]; x.length; x.join();`,
        "",
      ],
      [`export const x = [];`, `x.sort();`, "t.ts"],
      [`export const x = new Set();`, `x.add(1);`, "t.ts"],
      // Values that cannot change.
      [`export const x = 5;`, `use(x); use({ x });`, ""],
      [`export const x = Object.freeze({ a: 1 });`, `use(x); x.a;`, ""],
      [
        `export const x = Object.freeze({ m: new Map() });`,
        `x.m.set(1, 2);`,
        "t.ts",
      ],
      [`export enum x { A }`, `use(x.A); x.A;`, ""],
      [`export const x = new URL("a:b"); `, `x.toString(); use(x);`, ""],
      [`export const x = new TextEncoder();`, `x.encode("a");`, ""],
      // Objects.
      [
        `export const x = { a: 1, f() { return 1; } };`,
        `x.a; x.f(); use(x.a);`,
        "",
      ],
      [`export const x = { a: 1 };`, `x.a = 2;`, "t.ts"],
      [`export const x = { a: { b: [] } };`, `x.a.b.push(1);`, "t.ts"],
      [`export const x = { a: new Map() };`, `use(x);`, "t.ts"],
      [`export const x = make();`, `x.use(1);`, "t.ts"],
      [`export const x = make();`, `x.y.z = 1;`, "t.ts"],
      [`export const x = make();`, `x.y; const { z } = x; z;`, ""],
      [`export const x = make();`, `use(x);`, "t.ts"],
      [
        `export const x = new EventTarget();`,
        `x.addEventListener("a", f);`,
        "t.ts",
      ],
      // What the runtime made.
      [
        `import { holder } from "@flyhot/runtime"; export const x = holder("x", {});`,
        `x.add(1); use(x);`,
        "",
      ],
      [
        `import { live } from "@flyhot/runtime"; export const x = await live(() => import("./l.ts"));`,
        `x.add(1);`,
        "",
      ],
      // Functions: by what they do.
      [`export const x = (n) => n + 1;`, `x(1); use(x); [1].map(x);`, ""],
      [
        `const seen = new Map(); export const x = (n) => seen.set(n, 1);`,
        `x(1);`,
        "t.ts",
      ],
      [
        `const seen = new Map(); export const x = (n) => seen.get(n)?.name.length;`,
        `x(1);`,
        "",
      ],
      [
        `const app = make(); export const x = () => app;`,
        `x().get("/", f);`,
        "t.ts",
      ],
      [
        `const seen = new Map(); const add = (n) => seen.set(n, 1); export function x(n) { add(n); }`,
        `x(1);`,
        "t.ts",
      ],
      [
        `const seen = new Map(); export const x = (n) => seen.set(n, 1);`,
        `use(x);`,
        "",
      ],
      [
        `const seen = new Map(); export const x = (n) => seen.set(n, 1);`,
        `[1].forEach(x);`,
        "t.ts",
      ],
      [
        `const seen = new Map(); export const x = (n) => seen.set(n, 1);`,
        `export const later = () => x(1);`,
        "",
      ],
      [`let id = 0; export const x = () => ++id;`, `x();`, ""],
      [`let cache; export const x = () => cache ??= {};`, `x();`, "t.ts"],
      [
        `export const x = () => { const m = new Map(); m.set(1, 2); return m; };`,
        `x().set(3, 4);`,
        "",
      ],
      [
        `const seen = new Map(); export const x = (n) => seen.set(n, 1);`,
        `Array.from([1], x);`,
        "t.ts",
      ],
      [
        `const seen = new Map(); export const x = (n) => seen.set(n, 1);`,
        `(await import("./t.ts")).x(1);`,
        "t.ts",
      ],
      [
        `const seen = new Map(); export const x = (n) => seen.set(n, 1);`,
        `const t = await import("./t.ts"); t.x(1);`,
        "t.ts",
      ],
      // Across modules.
      [
        `import { all } from "./u.ts"; export const x = (n) => all.set(n, 1);`,
        `x(1);`,
        "t.ts,u.ts",
      ],
      [`export { all as x } from "./u.ts";`, `x.set(1, 2);`, "t.ts,u.ts"],
      [
        `export * from "./u.ts"; export const x = 1;`,
        `ns.all.set(1, 2);`,
        "t.ts,u.ts",
      ],
      [
        `import { all } from "./u.ts"; export const x = { all };`,
        `x.all.set(1, 2);`,
        "t.ts,u.ts",
      ],
      [
        `import { all } from "./u.ts"; export const x = (f) => f(all);`,
        `x((it) => it.size);`,
        "t.ts,u.ts",
      ],
      [
        `import { add } from "./u.ts"; export const x = (n) => add(n);`,
        `x(1);`,
        "t.ts,u.ts",
      ],
      [
        `import { pure } from "./u.ts"; export const x = (n) => pure(n);`,
        `x(1);`,
        "",
      ],
      // Classes.
      [
        `export class x { n = 1; f() { return 1; } }`,
        `const i = new x(); i.f();`,
        "",
      ],
      [
        `const all = []; export class x { constructor() { all.push(this); } }`,
        `new x();`,
        "t.ts",
      ],
      [
        `const all = []; export class x { f() { all.push(1); } }`,
        `const i = new x();`,
        "",
      ],
      [
        `const all = []; export class x { f() { all.push(1); } }`,
        `const i = new x(); i.f();`,
        "t.ts",
      ],
      [
        `const all = []; export class x { f() { all.push(1); } }`,
        `use(new x());`,
        "t.ts",
      ],
      [
        `const all = []; export class x { static f() { all.push(1); } }`,
        `x.f();`,
        "t.ts",
      ],
      [
        `const all = []; class P { constructor() { all.push(1); } } export class x extends P {}`,
        `new x();`,
        "t.ts",
      ],
      [`export class x { static all = 1; }`, `x.all = 2;`, "t.ts"],
      [
        `const all = []; export class x { set a(v) { all.push(v); } }`,
        `new x().a = 1;`,
        "t.ts",
      ],
      [
        `const all = []; export class x { set a(v) { all.push(v); } }`,
        `const i = new x(); i.b = 1;`,
        "",
      ],
      [
        `const all = []; export class x { add = (v) => { all.push(v); } }`,
        `const i = new x(); i.add(1);`,
        "t.ts",
      ],
      [
        `const all = []; export class x { static add = (v) => { all.push(v); } }`,
        `x.add(1);`,
        "t.ts",
      ],
      [
        `const all = []; export class x { add = (v) => { all.push(v); } }`,
        `new x();`,
        "",
      ],
      [`export class x {}`, `class Y extends x {} use(x);`, ""],
      [
        `class C { n = 0; f() { this.n++; } } export const x = new C();`,
        `x.f();`,
        "t.ts",
      ],
      [`class C { f() { return 1; } } export const x = new C();`, `x.f();`, ""],
      [`import { C } from "./u.ts"; export const x = new C();`, `x.f();`, ""],
      // Callbacks are run by who calls them.
      [
        `export const x = (f) => f();`,
        `import { all } from "./u.ts"; x(() => all.set(1, 2));`,
        "u.ts",
      ],
      [
        `const all = []; export const x = (f) => f({ add: (v) => all.push(v) });`,
        `x((it) => it.add(1));`,
        "t.ts",
      ],
      [
        `export const x = (f) => setTimeout(() => f(), 10);`,
        `import { all } from "./u.ts"; x(() => all.set(1, 2));`,
        "",
      ],
      [
        `export const x = (o) => o.setup();`,
        `import { all } from "./u.ts"; x({ setup: () => all.set(1, 2) });`,
        "u.ts",
      ],
    ] as const
  ) {
    const u = `export const all = new Map();
export const add = (n) => all.set(n, 1);
export const pure = (n) => n * 2;
export class C { f() { return 1; } }`;
    found.push([t, code, joins(t, code, { "u.ts": u })]);
    wanted.push([t, code, expected]);
  }
  assertEquals(found, wanted);
});

Deno.test("a boot module is refused for a write only, and what it shares not at all", () => {
  const plan = (t: string, code: string, flyhot = {}) => {
    const files = {
      "main.ts":
        `import * as t from "./t.ts"; import { live } from "@flyhot/runtime"; const app = await live(() => import("./app.ts")); Deno.serve(() => app.f(t));`,
      "app.ts": `${USES} ${code}; export const f = () => 1;`,
      "t.ts": t,
    };
    return classify(
      packed({ ...files, "app.ts": `${files["app.ts"]} // v2` }, { flyhot }),
      running(files),
    ).refusals.map(({ rule, subject }) => `${rule} ${subject}`);
  };
  assertEquals(plan(`export const x = make();`, `use(x)`), []);
  assertEquals(plan(`export const x = new Map();`, `x.get(1)`), []);
  assertEquals(plan(`export const x = make();`, `x.y`), []);
  assertEquals(plan(`export const x = make();`, `x.y = 1`), ["touch x"]);
  assertEquals(plan(`export const x = new Map();`, `x.set(1, 2)`), ["touch x"]);
  assertEquals(plan(`export const x = make();`, `x.use(1)`), ["touch x"]);
  assertEquals(
    plan(`const m = new Map(); export const x = () => m.set(1, 2);`, `x()`),
    ["touch m"],
  );
  assertEquals(
    plan(`const m = new Map(); export const x = () => m.set(1, 2);`, `x()`, {
      shared: ["t.ts#x"],
    }),
    [],
  );
  assertEquals(
    plan(`const m = new Map(); export const x = () => m.set(1, 2);`, `x()`, {
      shared: ["t.ts#m"],
    }),
    [],
  );
});

Deno.test("a module that is evaluated for the first time, and the version before, touch as well", () => {
  const files = {
    "main.ts": MAIN,
    "app.ts":
      `import { r } from "./r.ts"; import "./m.ts"; export const f = () => r;`,
    "r.ts": `export const r = new Map();`,
    "m.ts": `export const m = 1;`,
  };
  const added = {
    ...files,
    "m.ts": `import "./new.ts"; export const m = 1;`,
    "new.ts": `import { r } from "./r.ts"; r.set("new", 1);`,
  };
  const up = classify(packed(added), running(files));
  assertEquals([up.reload, up.fresh], [["app.ts", "m.ts", "r.ts"], ["new.ts"]]);
  const down = classify(packed(files), running(added));
  assertEquals([down.reload, down.pruned], [["app.ts", "m.ts", "r.ts"], [
    "new.ts",
  ]]);
  const registers = {
    ...files,
    "m.ts": `import { r } from "./r.ts"; r.set("m", 1);`,
  };
  assertEquals(
    classify(
      packed({ ...files, "m.ts": `export const m = 2;` }),
      running(registers),
    ).reload,
    ["app.ts", "m.ts", "r.ts"],
  );
});
