import { assertEquals } from "@std/assert";
import { touchesOf } from "../../../protocol/manifest/module_analysis.ts";
import { of } from "../analyze_fixture_test.ts";

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
