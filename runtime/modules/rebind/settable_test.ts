import { assert, assertEquals } from "@std/assert";
import { acornParser } from "../../plan/analyze/parse_acorn.ts";
import { Keeping } from "../keep/keeping.ts";
import { REBIND_KEY, settable } from "./settable.ts";

const names = async (text: string) =>
  settable(text, (await acornParser(false))(text), "file:///a.ts")?.names ?? [];

Deno.test("settable() finds what can be set, in every form of export", async () => {
  const cases: Record<string, string[]> = {
    "export function f() {}": ["f"],
    "export async function f() {}": ["f"],
    "export function* f() {}": ["f"],
    "export async function* f() {}": ["f"],
    "export class C {}": ["C"],
    "export const f = () => 1;": ["f"],
    "export const f = async function () {};": ["f"],
    "export const f = (() => 1);": ["f"],
    "export let f = () => 1;": ["f"],
    "export var f = () => 1;": ["f"],
    "export const C = class {};": ["C"],
    "export const f = () => 1, g = () => 2, h = 3;": ["f", "g"],
    "export default function f() {}": ["default"],
    "export default class C {}": ["default"],
    "function f() {} export { f };": ["f"],
    "export { f as g, f as default }; const f = () => 1;": ["g", "default"],
    'const f = () => 1; export { f as "a b" };': ["a b"],
    "export default () => 1;": ["default"],
    "export default async (x) => { await x; }": ["default"],
    "export default (() => 1)": ["default"],
    "export default ((async () => 1) ) ;": ["default"],
    "export default (function () {});": ["default"],
    "export default (() => 1)();": [],
    "export default (() => 1, () => 2);": [],
    "export default (() => 1 /* no */);": [],
    "export default /* no */ () => 1;": [],
    "export default function () {}": ["default"],
    "export default async function* () {}": ["default"],
    "export default function/* no */() {}": ["default"],
    "export default class {}": [],
    "export default make(() => 1);": [],
    "const f = () => 1; export default f;": [],
    "const f = () => 1; export { f }; export default f;": ["f"],
    "export const x = 1;": [],
    "export const f = make();": [],
    "export const { f } = { f: () => 1 };": [],
    'export { f } from "./b.ts";': [],
    'export * from "./b.ts";': [],
    'import { f } from "./b.ts"; export { f };': [],
    "#!/usr/bin/env deno\nexport function f() {}": [],
  };
  for (const [text, expected] of Object.entries(cases)) {
    assertEquals(await names(text), expected, text);
  }
});

Deno.test("a module that is settable is as it was, line by line and column by column, and can be set", async () => {
  const keeping = new Keeping();
  await keeping.startRebinding();
  const text =
    `import { log } from "data:text/javascript,export const log = [];";
export { call, log };
const call = () => [greet(), Room.kind(), plain(), $rebound()];
export function greet() { return "one"; }
export const plain = () => "const one";
export class Room { static kind() { return "one"; } }
const $rebound = () => \`
export const text = 1;\`;
export const where = () => new Error().stack.match(/:(\\d+:\\d+)/)[1];
`;
  const url = "data:text/javascript,1";
  const wrapped = keeping.wrap(text, url);
  assertEquals(wrapped.split("\n").length, text.split("\n").length + 1);
  const lines = text.split("\n");
  for (const [at, line] of wrapped.split("\n").entries()) {
    if (at === 0 || at >= lines.length - 1) continue;
    assertEquals(line.replace("let  ", "const"), lines[at], `line ${at + 1}`);
  }
  const taken: [string, (...args: unknown[]) => unknown][] = [];
  const shared = globalThis as { [REBIND_KEY]?: unknown };
  const before = shared[REBIND_KEY];
  shared[REBIND_KEY] = (
    from: string,
    set: (...args: unknown[]) => unknown,
  ) => taken.push([from, set]);
  const module = await import(
    `data:text/javascript,${encodeURIComponent(wrapped)}`
  );
  shared[REBIND_KEY] = before;
  assertEquals(module.where(), "9:28");
  const [[from, set]] = taken as [typeof taken[0]];
  assertEquals(from, url);
  assertEquals(module.call().slice(0, 3), ["one", "one", "const one"]);
  set("greet", true, () => "two");
  set("plain", true, () => "const two");
  set(
    "Room",
    true,
    class {
      static kind = () => "two";
    },
  );
  assertEquals(module.call().slice(0, 3), ["two", "two", "const two"]);
  assertEquals(module.greet(), "two");
  assertEquals(set("where"), module.where);
  // Texts of modules stay what they are.
  assertEquals(module.call()[3], "\nexport const text = 1;");
});

Deno.test("a default export without a name is called default, is there as early as before, and can be set", async () => {
  const keeping = new Keeping();
  await keeping.startRebinding();
  const shared = globalThis as { [REBIND_KEY]?: unknown };
  const before = shared[REBIND_KEY];
  for (
    const [text, early] of [
      ["export default function () { return 1; }", "function"],
      ["\n  export default async function* () { yield 1; };", "function"],
      ["export default () => 1;", "unreachable"],
      ["export default ((x)=>new Map(x));", "unreachable"],
      ["export default ( (function () { return (1); }) )\n", "unreachable"],
      ["export default (x) => {\n  return x; // }; export\n}\n", "unreachable"],
      [
        "export default async function () {}\nexport const f = () => 1;",
        "function",
      ],
    ] as const
  ) {
    let set: (name: string, isSet?: boolean, value?: unknown) => unknown =
      () => {};
    let seen = "";
    shared[REBIND_KEY] = (_url: string, it: typeof set) => {
      set = it;
      try {
        seen = typeof set("default");
      } catch {
        seen = "unreachable";
      }
    };
    const wrapped = keeping.wrap(text, `data:${text}`);
    const url = `data:text/javascript,${encodeURIComponent(wrapped)}`;
    const module = await import(url);
    assertEquals([module.default.name, seen], ["default", early], text);
    const shown = Function.prototype.toString.call(module.default);
    assert(text.includes(keeping.plain(shown)), keeping.plain(shown));
    const next = () => 2;
    set("default", true, next);
    assertEquals(module.default, next);
  }
  shared[REBIND_KEY] = before;
});
