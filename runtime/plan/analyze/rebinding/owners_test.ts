import { assertEquals } from "@std/assert";
import { analyzeScript } from "../../../../src/release/graph/analysis/analyze.ts";

const INSIDE = "held inside", HELD = "held";

/** What becomes of the first thing that a module makes of what it imports. */
function fateOf(source: string): string {
  const { uses = [] } = analyzeScript(
    "a.ts",
    `import { a, C } from "./m.ts"; ${source}`,
    { rebind: true },
  ).rebind!;
  const { fate = "gone", inside } = uses.find(({ how }) => how !== "export")!;
  return inside ? `${fate} inside` : fate;
}

const FIELDS = "all = new Map<any, any>(); list: any[] = []; last: any;";

/** What becomes of what a method of an exported class makes. */
const inMethod = (body: string, fields = FIELDS, more = "") =>
  fateOf(`${more} export class X { ${fields} put(p: any): any { ${body} } }`);

Deno.test("what goes into fields of instances alone is held by whoever has these", () => {
  for (
    const body of [
      "this.last = new C();",
      "this.last ??= new C(); return this.last;",
      "this.all.set(p, new C());",
      "const it = new C(p); this.all.set(p, it); return it;",
      "const it = new C(); if (it.x) this.list.push(it);",
      "this.list[p] = new C();",
      "this.all.set(p, new C()); return [...this.all.values()].map((it) => it.x);",
      "this.all.set(p, new C()); return this.all.get(p)?.x;",
      "this.all.set(p, new C()); for (const it of this.list) p.send(it);",
      "const { x } = new C(); this.last = x;",
    ]
  ) assertEquals(inMethod(body), INSIDE, body);
  for (
    const fields of [
      "readonly all: Map<string, any> = new Map();",
      "all; constructor() { this.all = new Map(); }",
      "all!: any; clear() { this.all = new Set(); }",
      "all: any = {};",
      "all: any = new Set(); has(p: any) { return this.all.has(p); }",
    ]
  ) assertEquals(inMethod("this.all.set(p, new C());", fields), INSIDE, fields);
  for (
    const source of [
      "class X { put() { this.x = new C(); } x: any; } export { X };",
      "class X { put() { this.x = new C(); } x: any; } export { X as Y, X };",
      "export default class X { put() { this.x = new C(); } x: any; }",
      "export class X { put() { this.#x = new C(); } #x: any; }",
      "export class X { constructor() { this.x = new C(); } x: any; }",
      "export class X { put(): X | null { this.x = new C(); return null; } x: any; }",
      "export class X { put() { this.x = new C(); } x: any; } export class Y { of(p: any) { return p.x; } }",
      "export class X { put() { this.x = new C(); } x: any; } export const MAX = 3;",
      "export class X { put() { this.x = new C(); } x: any; get y() { return own(this.x); } } const own = (p: any) => p.y;",
      "export class X { put() { this.x = new C(); } x: any; } export interface Y { x: X } export type { Y as Z };",
    ]
  ) assertEquals(fateOf(source), INSIDE, source);
});

Deno.test("what others may have as well is not left to whoever has instances", () => {
  for (
    const body of [
      "this.all.set(p, new C()); p.on('x', () => this.all);",
      "this.all.set(p, new C()); setInterval(() => this.all.size, 1);",
      "this.all.set(p, new C()); p.add(this);",
      "this.all.set(p, new C()); const { all } = this;",
      "this.all.set(p, new C()); return this;",
      "this.all.set(p, new C(this));",
      "this[p] = new C();",
      "this.all.get(p).push(new C());",
      "this.find(p).x = new C();",
      "this.add(new C());",
      "this.value = new C();",
      "this.__proto__ = new C();",
      "const it = new C(); this.last = it; return () => it;",
      "const it = new C(); this.last = it; p.x = it;",
      "this.last = new C(); p.x = this.last;",
      "this.last = new C(); p.register(this.last);",
      "this.last = new C(); a(this.last);",
      "this.last = new C(); keep(this.last); function keep(it: any) { it.to.x = it; }",
      "const self = this; self.last = new C();",
      "(function (this: any) { this.last = new C(); }).call(p);",
      "this.last = new C(); globalThis.x = this.last;",
      "this.last = new C(); fn.kept = p;",
    ]
  ) {
    const found = inMethod(
      body,
      `${FIELDS} add(it: any) { it.go(); } find(p: any) { return p; } set value(it: any) { it.go(); }`,
      "const fn = () => {};",
    );
    assertEquals(found === INSIDE, false, body);
  }
});

Deno.test("a field that others may have is not the instance's own", () => {
  for (
    const [fields, more] of [
      ["all: any; constructor(all: any) { this.all = all; }"],
      ["constructor(readonly all: any) {}"],
      ["all: any;"],
      ["all: any = { of: make() };", "const make = () => new Map();"],
      ["all = make();", "const make = () => new Map();"],
      ["all = a;"],
      ["all: any = new Map(); use(p: any) { [this.all] = p; }"],
      ["all: any = new Map(); use(p: any) { for (this.all of p); }"],
      ["all: any = new Map(); use(p: any) { p.all = p.other; }"],
      ["all: any = new Map(); use(p: any) { p[p.key] = a; }"],
      ["get all() { return new Map(); }"],
      ["all(): any { return new Map(); }"],
    ] as const
  ) {
    const found = inMethod("this.all.set(p, new C());", fields, more);
    assertEquals(found === INSIDE, false, fields);
  }
});

Deno.test("a module with state, or that gives others more than classes, may hold what it makes", () => {
  const body = "put() { this.x = new C(); } x: any;";
  for (
    const source of [
      `class X { ${body} }`,
      `let own: any; const set = (p: any) => { own = p; }; export class X { ${body} }`,
      `const own = new Map(); export class X { ${body} }`,
      `const own = once(); function once() { let x: any; return (y: any) => x ??= y; } export class X { ${body} }`,
      `class Y { static own: any; } export class X { ${body} }`,
      `class Y { static { a(); } } export class X { ${body} }`,
      `export class X { ${body} } const one = new X();`,
      `export class X { ${body} } export const make = () => new X();`,
      `export class X { ${body} } function make() { return new X(); }`,
      `export class X { ${body} static of() { return new X(); } }`,
      `export class X { ${body} static y = 1; }`,
      `export class X { ${body} static {} }`,
      `export class X { ${body} same(p: any) { return p instanceof X; } }`,
      `export class X { ${body} } export class Y extends X {}`,
      `export class X { ${body} } X.prototype.put();`,
      `export class X { ${body} } export const all = { X };`,
      `class B {} export class X extends B { ${body} }`,
      `export class X extends Map { ${body} }`,
      `export let X = class { ${body} }; X = class extends X {} as any;`,
      `declare const d: any; @d export class X { ${body} }`,
      `declare const d: any; export class X { @d ${body} }`,
      `export class X { ${body} then = () => this.x; }`,
      `export class X { static put() { (this as any).x = new C(); } }`,
      `export class X { ${body} } export function of(p: any) { return p.x; }`,
      `export class X { ${body} } export function of({ x }: any) { return x; }`,
      `export class X { ${body} } export const of = (p: any) => p.x;`,
      `export class X { ${body} } export default (p: any) => p.x;`,
      `export class X { ${body} } export default { of: (p: any) => p.x };`,
      `export class X { ${body} } export const all = Object.freeze({ of: (p: any) => p.x });`,
      `export class X { ${body} } const of = (p: any) => p.x; export { of };`,
      `export class X { ${body} } class Y { of(p: any) { return p.x; } } export const y = new Y();`,
      `export class X { ${body} } export { of } from "./of.ts";`,
      `export class X { ${body} } export * from "./of.ts";`,
      `import { of } from "./of.ts"; export class X { ${body} } export { of };`,
    ]
  ) assertEquals(fateOf(source) === INSIDE, false, source);
  const make =
    `export const make = () => { class X { ${body} } return new X(); };`;
  assertEquals(fateOf(make), HELD);
});
