/** Which scripts run as they are written once their types are blanked out, checked against Deno itself.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { stripTypeScriptTypes } from "node:module";
import { parse } from "@babel/parser";
import { analyzeTree } from "./analyze.ts";
import type { Node } from "./code/nodes.ts";

function isErasable(source: string, { jsx = false } = {}): boolean {
  const { program } = parse(source, {
    sourceType: "module",
    plugins: [
      "typescript",
      "estree",
      "decorators",
      "decoratorAutoAccessors",
      ...jsx ? ["jsx" as const] : [],
    ],
  });
  return analyzeTree(program as unknown as Node, source, {
    typescript: true,
    jsx,
  }).erasable === true;
}

const YES = {
  "annotations":
    "export const a: number = 1;\nexport function f<T>(x: T): T {\n  return x as T;\n}",
  "types":
    "type A = 1;\nexport interface B {}\nexport type { A };\ndeclare const c: A;",
  "an import of a type":
    'import type { A } from "./a.ts";\nexport const b: A | null = null;',
  "an import of both":
    'import { b, type A } from "./a.ts";\nexport const c: A = b;',
  "an import for its effect": 'import "./a.ts";',
  "an import that is exported": 'import { a } from "./a.ts";\nexport { a };',
  "a re-export": 'export { a, type B } from "./a.ts";\nexport * from "./b.ts";',
  "a class":
    "export abstract class A<T>\n  extends B<T> {\n  declare x: number;\n  #y?: T;\n  abstract z(): void;\n  m(this: A<T>): void {}\n}\nclass B<T> {}",
  "an abstract class": "abstract class A<T> {\n  abstract z(): T;\n}",
  "an exported local":
    "class A {}\nconst b = 1;\nexport { A, b };\nexport default A;",
  "an overload":
    "function f(a: number): void;\nfunction f(a: unknown): void {}\nexport default f;",
  "assertions":
    "export const a = b! as unknown satisfies unknown;\nfunction b() {}",
  "a local class on a line of others":
    "export const make = () => { class A {} return new A(); };",
};
const NO = {
  "an enum": "export enum A { B }",
  "a constant enum": "const enum A { B }\nexport const c = A.B;",
  "a namespace":
    "namespace A {\n  export const b = 1;\n}\nexport const c = A.b;",
  "a parameter property":
    "export class A {\n  constructor(private b: number) {}\n}",
  "a decorator": "@dec class A {}\nfunction dec(_: unknown, __: unknown) {}",
  "a decorated member":
    "class A {\n  @dec b() {}\n}\nfunction dec(_: unknown, __: unknown) {}",
  "an accessor": "class A {\n  accessor b = 1;\n}",
  "an assertion in front": "export const a = <number> b;\nconst b = 1;",
  "an import that nothing uses": 'import { A } from "./a.ts";',
  "an import that only types use":
    'import { A } from "./a.ts";\nexport const b: A | null = null;',
  "one of several": 'import { A, b } from "./a.ts";\nexport const c: A = b;',
  "types by their own words":
    'import { type A } from "./a.ts";\nexport const b: A | null = null;',
  "an import of nothing": 'import {} from "./a.ts";',
  "an export of types by their own words": 'export { type A } from "./a.ts";',
  "a type exported without a word": "interface A {}\nexport { A };",
  "a type as the default": "interface A {}\nexport default A;",
  "an import by assignment": 'import a = require("a");\nexport const b = a;',
  "two classes on a line": "class A {} class B {}",
};

for (const [name, source] of Object.entries(YES)) {
  Deno.test(`runs with blanks: ${name}`, () => {
    assert(isErasable(source));
    // It is JavaScript then.
    parse(stripTypeScriptTypes(source), { sourceType: "module" });
  });
}

for (const [name, source] of Object.entries(NO)) {
  Deno.test(`needs more than blanks: ${name}`, () => {
    assertEquals(isErasable(source), false);
  });
}

Deno.test("JSX needs more than blanks", () => {
  assertEquals(isErasable("export const a = <p>b</p>;", { jsx: true }), false);
});
