import { assertEquals } from "@std/assert";
import { of } from "../analyze/analyze_fixture_test.ts";
import { exportsOnlyFunctions } from "./only_functions.ts";

Deno.test("exportsOnlyFunctions(): only where the text shows that nothing else can be exported", () => {
  const only = (source: string) => exportsOnlyFunctions(of(source));
  for (
    const source of [
      ``,
      `const rooms = new Map();`,
      `export function a() {} export const b = async () => {}; export default function* () {}`,
      `export const { a } = { a() {} };`,
      `const a = () => 1; export { a, a as b };`,
      `export type T = 1; export interface I {}`,
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
      // A familiar name, and whatever it is that has such a method.
      `export const room = server.join("a");`,
      `export const meta = import.meta;`,
      `export const { limits } = { limits: { max: 1 } };`,
      `export enum E { A }`,
      `export default { fetch() {} };`,
      `export const f = Math.random() > 1 ? () => 1 : class {};`,
    ]
  ) assertEquals(only(source), false, source);
  assertEquals(exportsOnlyFunctions(undefined), false);
  assertEquals(exportsOnlyFunctions({ commonjs: true }), false);
});
