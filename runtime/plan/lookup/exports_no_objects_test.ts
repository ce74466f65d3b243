import { assertEquals } from "@std/assert";
import { of } from "../analyze/analyze_fixture_test.ts";
import { exportsNoObjects } from "./exports_no_objects.ts";

Deno.test("exportsNoObjects(): only where the text shows that nothing else than functions, numbers and texts can be exported", () => {
  const only = (source: string) => exportsNoObjects(of(source));
  for (
    const source of [
      ``,
      `const rooms = new Map();`,
      `export function a() {} export const b = async () => {}; export default function* () {}`,
      `export const { a } = { a() {} };`,
      `const a = () => 1; export { a, a as b };`,
      `export type T = 1; export interface I {}`,
      `export const a = 1, b = "b", c = \`\${make()}\`, d = -1n, e = !make(), f = make() + 1;`,
      `export const a: number = 1; export default "b";`,
      `const a = 1 as const; export { a };`,
      `export let a = 1;`,
    ]
  ) assertEquals(only(source), true, source);
  for (
    const source of [
      `export class C {}`,
      `export const o = { C: class {} };`,
      `export let f = () => 1; export const set = () => { f = class {}; };`,
      `export { f } from "./x.ts";`,
      `export * from "./x.ts";`,
      `export * as all from "./x.ts";`,
      `import { C } from "./x.ts"; export { C };`,
      `export const made = make();`,
      `export let a = 1; export const set = () => { a = make(); };`,
      `export let a = 1; export const set = (it) => { ({ a } = it); };`,
      `export let a = 1; export const set = (it) => { for (a of it) ; };`,
      `export let a;`,
      `export const [a = 1] = make();`,
      `export const { a = 1 } = make();`,
      `export const a = 1 && make();`,
      `export const a = b; const b = make();`,
      `export const a = tag\`b\`;`,
      `export const a = /b/;`,
      `export default /b/;`,
      `export const a = (1, make());`,
      `export const a = b = make(); let b;`,
      // A familiar name, and whatever it is that has such a method.
      `export const room = server.join("a");`,
      `export const meta = import.meta;`,
      `export const { limits } = { limits: { max: 1 } };`,
      `export enum E { A }`,
      `export default { fetch() {} };`,
      `export const f = Math.random() > 1 ? () => 1 : class {};`,
    ]
  ) assertEquals(only(source), false, source);
  assertEquals(exportsNoObjects(undefined), false);
  assertEquals(exportsNoObjects({ commonjs: true }), false);
});
