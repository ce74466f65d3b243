import { assertEquals } from "@std/assert";
import { touchesOf } from "../../protocol/manifest/module_analysis.ts";
import { kinds, of } from "./analyze_fixture_test.ts";

Deno.test("exports: what each of them is", () => {
  assertEquals(
    kinds(
      `import { Game } from "./game.ts"; import { holder, live } from "@flyhot/runtime";
export function f() {} export async function* g() {} export class C {} export const arrow = () => 1;
export const n = 1, s = "s", t = \`t\${n}\`, neg = -n, u = undefined;
export const frozen = Object.freeze({ a: 1 }); export const m = new Map(); export const w = new WeakMap();
export const set = new Set([1]); export const list = [1, 2]; export const bytes = new Uint8Array(3);
export const o = { a: 1 }; export const typed = { a: 1 } as const satisfies object;
export const game = new Game(); export const own = new C(); export const date = new Date();
export const c = holder("c", {}); export const l = await live(() => import("./app.ts"));
export const unknown = make(); export { Game, Game as Renamed }; export { x as y } from "./x.ts"; export * as all from "./y.ts";
export const { p, q: [r] } = { p: 1, q: [new Map()] }; export const { z } = make();
export let counter = 0; export let later; export enum E { A } export namespace N { export const a = 1 }
export const env = Deno.env.get("X") ?? "y"; export const { a: alias } = Deno.args;
export default function () {}`,
    ),
    {
      f: "function",
      g: "function",
      C: "class",
      arrow: "function",
      n: "primitive",
      s: "primitive",
      t: "primitive",
      neg: "primitive",
      u: "primitive",
      frozen: "frozen",
      m: "map",
      w: "map",
      set: "set",
      list: "array",
      bytes: "array",
      o: "object",
      typed: "object",
      game: "instance",
      own: "instance",
      date: "instance",
      c: "runtime",
      l: "runtime",
      unknown: "unknown",
      Game: "re-export",
      Renamed: "re-export",
      y: "re-export",
      all: "re-export",
      p: "primitive",
      r: "unknown",
      z: "unknown",
      counter: "primitive",
      later: "primitive",
      E: "frozen",
      N: "object",
      env: "primitive",
      alias: "unknown",
      default: "function",
    },
  );
});

Deno.test("exports: defaults of every form", () => {
  const kindOf = (source: string) => kinds(source).default;
  assertEquals(kindOf(`export default class {}`), "class");
  assertEquals(kindOf(`export default class A {}`), "class");
  assertEquals(kindOf(`export default () => 1`), "function");
  assertEquals(kindOf(`export default { fetch() {} }`), "object");
  assertEquals(kindOf(`export default 1 as number`), "primitive");
  assertEquals(kindOf(`const m = new Map(); export default m;`), "map");
  assertEquals(kindOf(`const m = new Map(); export { m as default };`), "map");
  assertEquals(kindOf(`export { default } from "./x.ts"`), "re-export");
  assertEquals(kindOf(`export default interface A {}`), undefined);
});

Deno.test("exports: what is assigned elsewhere is told, types are not exports", () => {
  const it = of(
    `export let mode = "a"; export const set = (m: string) => { mode = m; };
export interface I {} export type T = 1; export declare const d: number; export abstract class X { abstract a(): void }`,
  );
  assertEquals(Object.keys(it.exports ?? {}), ["mode", "set", "X"]);
  assertEquals(it.exports?.mode?.reassigned, true);
});

Deno.test("exports: what calling a function does, through what it calls", () => {
  const it = of(
    `import { log } from "../../base/log.ts"; const rooms = new Map(); const LIMIT = 3; const names = ["a"];
const inner = (x) => { rooms.set(x, 1); log.push(x); };
export const add = (x) => inner(x);
export const read = () => rooms.get("a") ? rooms.size + LIMIT : names.map(String).length;
export const leak = () => rooms;
export const get = (k) => rooms.get(k);
export const each = (f) => names.forEach((n) => f(n));
export const later = (f) => setTimeout(() => f(), 10);
export const api = { add, deep: { drop(x) { rooms.delete(x); } } };`,
  );
  const effects = (name: string) => it.exports?.[name]?.effects;
  assertEquals(effects("add")?.state, ["rooms"]);
  assertEquals(touchesOf(it, effects("add")).map(({ name }) => name), ["log"]);
  assertEquals(effects("read"), { reads: ["names", "rooms"] });
  assertEquals(effects("leak"), { state: ["rooms"] });
  assertEquals(effects("get"), { state: ["rooms"], reads: ["rooms"] });
  assertEquals(effects("each"), { callsBack: true, reads: ["names"] });
  assertEquals(effects("later"), undefined);
  assertEquals(it.exports?.api?.fields?.add?.effects?.state, ["rooms"]);
  assertEquals(
    it.exports?.api?.fields?.deep?.fields?.drop?.effects?.state,
    ["rooms"],
  );
});
