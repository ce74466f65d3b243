import { assertEquals } from "@std/assert";
import { inOneGo } from "../../base/in_slices.ts";
import type { View } from "../lookup/views.ts";
import { capturesOf } from "./captures.ts";
import { change, M, M2, viewOf } from "./captures_fixture_test.ts";

const USES = `import { f } from "./m.ts"; export const use = () => f();`;

Deno.test("captures: whoever only calls what changed inside of functions stays", () => {
  for (
    const use of [
      `import { f } from "./m.ts"; export const use = () => f();`,
      `import { g } from "./m.ts"; export class U { go() { return g(); } }`,
      `import d from "./m.ts"; export function use() { d(); }`,
      `import * as m from "./m.ts"; export const use = () => m.f();`,
      `import { C } from "./m.ts"; export const use = () => new C().hi();`,
      `import { C } from "./m.ts"; export const use = (x: unknown) => x instanceof C;`,
      `import { f } from "./m.ts"; Deno.serve(() => new Response(f()));`,
      `import { f } from "./m.ts"; setInterval(() => console.log(f()), 9);`,
    ]
  ) assertEquals(change({ "m.ts": M, "a.ts": use }, { "m.ts": M2 }), [], use);
});

Deno.test("captures: whoever holds something of what changed is evaluated with it", () => {
  const why = (use: string, m = M, m2 = M2) =>
    change({ "m.ts": m, "a.ts": use }, { "m.ts": m2 }).join().replace(
      /^a.ts: m.ts#/,
      "",
    );
  const cases: [string, string, string?, string?][] = [
    [
      `import { f } from "./m.ts"; f();`,
      "f may run it while modules are evaluated at 1",
    ],
    [
      `import { f } from "./m.ts"; export const x = f;`,
      "f gives it another name at 1",
    ],
    [
      `import { C } from "./m.ts"; export class D extends C {}`,
      "C extends it at 1",
    ],
    [
      `import { value } from "./m.ts"; export const use = () => value;`,
      "value returns it at 1",
    ],
    [
      `import { value } from "./m.ts"; export const use = () => value();`,
      "value uses what is neither a function nor a class at 1",
    ],
    [`import "./m.ts";`, " imports it for its effects at 1"],
    [`export * from "./m.ts";`, " imports it for its effects at 1"],
    [`export { f } from "./m.ts";`, " passes it on at 1"],
    [`import { f } from "./m.ts"; export { f };`, "f passes it on at 1"],
    [
      `export const use = () => import("./m.ts");`,
      " imports it while it runs at 0",
    ],
    [
      `import { f } from "./m.ts"; let x = ""; export const use = () => x ||= f();`,
      "f keeps what it gives at 1",
    ],
    [
      `import { g } from "./m.ts"; export const use = () => new g();`,
      "g uses it as more than a function at 1",
    ],
    [
      `import { f } from "./m.ts"; export const use = () => f.call(null);`,
      "f uses it as more than a function at 1",
    ],
    // What is gone soon leaves nothing with this module.
    [
      `import { h } from "./m.ts"; export const use = () => h();`,
      "",
      `export const h = () => () => 1;`,
      `export const h = () => () => 2;`,
    ],
    [
      `import { C } from "./m.ts"; export const use = () => new C();`,
      "",
      `export class C { x = 1; }`,
      `export class C { #x = 2; y = () => this.#x; }`,
    ],
    [
      `import { h } from "./m.ts"; export const use = (to: any) => to.put(h());`,
      "h may hold functions that it has made at 1",
      `export const h = () => () => 1;`,
      `export const h = () => () => 2;`,
    ],
    [
      `import { C } from "./m.ts"; export const use = (x: unknown) => x instanceof C;`,
      "C may hold instances of C, which is made in another way at 1",
      `export class C { x = 1; }`,
      `export class C { #x = 2; }`,
    ],
    [
      `import { h } from "./m.ts"; export const use = () => h();`,
      "h uses what is neither a function nor a class at 1",
      `export const h = () => 1;`,
      `export const h = Object.assign(() => 1, {});`,
    ],
    [
      `import { h } from "./m.ts"; export const use = () => h();`,
      "h uses what is neither a function nor a class at 1",
      `export let h = () => 1; export const set = () => { h = () => 2; };`,
      `export let h = () => 3; export const set = () => { h = () => 2; };`,
    ],
    [
      `import { h } from "./m.ts"; export const use = () => h();`,
      "h may depend on what it sets outside of all modules at 1",
      `globalThis.x = 1; export const h = () => 1;`,
      `globalThis.x = 2; export const h = () => 1;`,
    ],
    [
      `import { h } from "./m.ts"; export const use = (to: any) => to.put(h());`,
      "h passes on what it gives at 1",
      `export const h = (x: any) => x.y;`,
      `export const h = (x: any) => x.z;`,
    ],
    [
      `import { h } from "./m.ts"; export const use = (to: any) => to.put(h());`,
      "",
      `export const h = () => "a";`,
      `export const h = () => "b";`,
    ],
    ...[
      [`class C { #x = 1; }`, `class C { #x = 1; y() {} }`],
      [`class C { x = 1; }`, `class C { x = 2; }`],
      [`class C { x = 1; }`, `class C { x = 1; y = Date.now(); }`],
      [`class C { x = 1; y = 2; }`, `class C { x = 1; }`],
      [
        `class C { constructor(x: any) { this.x = x; } }`,
        `class C { constructor(x: any) { this.x = x + 1; } }`,
      ],
      [
        `class C { constructor(x: any) { this.x = x; } }`,
        `class C { constructor(x: any, y: any) { this.x = x; } }`,
      ],
      [
        `class B { x = 1; } class C extends B {}`,
        `class B { x = 2; } class C extends B {}`,
      ],
      [`class B {} class C extends B {}`, `class B {} class C {}`],
    ].map(([before, after]): [string, string, string, string] => [
      `import { C } from "./m.ts"; export const use = (to: any) => to.put(new C(1));`,
      "C may hold instances of C, which is made in another way at 1",
      `${before} export { C };`,
      `${after} export { C };`,
    ]),
    // It is given what it lacks.
    [
      `import { C } from "./m.ts"; export const use = (to: any) => to.put(new C(1));`,
      "",
      `export class C { x = 1; }`,
      `export class C { y = [2]; x = 1; }`,
    ],
    [
      `import { C } from "./m.ts"; export const use = (to: any) => to.put(new C(1));`,
      "",
      `class B { x = 1; } export class C extends B { y() { return 1; } }`,
      `class B { x = 1; } export class C extends B { y() { return 2; } }`,
    ],
  ];
  assertEquals(
    cases.map(([use, , m, m2]) => [use, why(use, m, m2), m, m2]),
    cases.map(([use, expected, m, m2]) => [use, expected, m, m2]),
  );
});

Deno.test("captures: what runs while modules are evaluated is followed across modules", () => {
  const start =
    `import { f } from "./m.ts"; export const start = () => { f(); };`;
  assertEquals(
    change({
      "m.ts": M,
      "start.ts": start,
      "main.ts": `import { start } from "./start.ts"; start();`,
    }, { "m.ts": M2 }),
    [
      "main.ts: start.ts#start may run it while modules are evaluated at 1",
      "start.ts: m.ts#f may run it while modules are evaluated at 1",
    ],
  );
  // Only the new main module calls it.
  assertEquals(
    change({
      "m.ts": M,
      "start.ts": start,
      "main.ts":
        `import { start } from "./start.ts"; export const x = () => start();`,
    }, {
      "m.ts": M2,
      "main.ts": `import { start } from "./start.ts"; start();`,
    }),
    ["start.ts: m.ts#f may run it while modules are evaluated at 1"],
  );
  // Of an object anything may be called.
  assertEquals(
    change({
      "m.ts": M,
      "app.ts":
        `import { f } from "./m.ts"; export const app = { go: () => f() };`,
      "main.ts": `import { app } from "./app.ts"; app.go();`,
    }, { "m.ts": M2 }),
    [
      "app.ts: m.ts#f may run it while modules are evaluated at 1",
      "main.ts: app.ts#app may run it while modules are evaluated at 1",
    ],
  );
});

Deno.test("captures: what another module remembers of what changed is made again", () => {
  assertEquals(
    change({
      "m.ts": M,
      "a.ts": USES,
      "b.ts":
        `import { use } from "./a.ts"; let memo = ""; export const get = () => memo ||= use();`,
      "c.ts": `import { get } from "./b.ts"; export const c = () => get();`,
    }, { "m.ts": M2 }),
    [
      "a.ts: m.ts#f may run it while modules are evaluated at 1",
      "b.ts: a.ts#use keeps what it gives at 1",
    ],
  );
});

Deno.test("captures: through modules that pass names on, each user is judged by what it uses", () => {
  const app = {
    "m.ts": M,
    "barrel.ts":
      `export { f, value } from "./m.ts"; export * from "./other.ts";`,
    "other.ts": `export const other = () => 1;`,
    "calls.ts": `import { f } from "./barrel.ts"; export const x = () => f();`,
    "holds.ts":
      `import { value } from "./barrel.ts"; export const x = () => value;`,
    "else.ts": `import { other } from "./barrel.ts"; export const x = other();`,
  };
  assertEquals(change(app, { "m.ts": M2 }), [
    "barrel.ts: m.ts# passes it on at 1",
    "holds.ts: m.ts#value returns it at 1",
  ]);
  // A name that leads elsewhere then.
  assertEquals(
    change(app, {
      "barrel.ts":
        `export { value } from "./m.ts"; export * from "./other.ts"; export const f = () => "mine";`,
    }),
    ["calls.ts: barrel.ts#f gets it from elsewhere then at 1"],
  );
});

Deno.test("captures: a module of which nothing is known is evaluated", () => {
  const running = viewOf({ "m.ts": M, "a.ts": USES });
  const without: View = {
    ...running,
    analysis: (path) => {
      const { rebind: _, ...rest } = running.analysis(path)!;
      return rest;
    },
  };
  const captures = inOneGo(capturesOf({
    running: without,
    release: without,
    loaded: new Set(["m.ts", "a.ts"]),
    dynamic: () => [],
    rebinds: { "m.ts": ["f"] },
  }));
  assertEquals(
    captures.ofEdge("a.ts", "m.ts")?.why,
    "is not known to let go of it",
  );
});
