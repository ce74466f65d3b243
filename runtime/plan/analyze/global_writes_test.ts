import { assertEquals } from "@std/assert";
import { parse } from "npm:acorn@8.19.0";
import type { Node } from "./code/nodes.ts";
import { analyzeTree } from "./analyze.ts";

function writes(source: string): string[] {
  const program = parse(source, {
    ecmaVersion: "latest",
    sourceType: "module",
    locations: true,
  }) as unknown as Node;
  return (analyzeTree(program, source).globals ?? []).map((
    { name, line, again },
  ) => `${name} ${line}${again ? " again" : ""}`);
}

Deno.test("what evaluation sets on globals is told by name, however it is written", () => {
  assertEquals(
    writes(`
globalThis.word = 1;
self.other = () => {};
globalThis["third"] = 3;
Array.prototype.last = function () {};
Object.assign(globalThis, { fourth: 4, ...rest });
Object.defineProperty(String.prototype, "shout", { value: () => {} });
Deno.env.set("MODE", "dark");
globalThis.app.title = "x";
const key = "k";
globalThis[key] = 5;
(() => { globalThis.inside = 1; })();
delete globalThis.gone;
`),
    [
      "word 2",
      "other 3",
      "third 4",
      "Array.prototype.last 5",
      "fourth 6",
      "[] 6",
      "String.prototype.shout 7",
      "Deno.env.MODE 8",
      "app.title 9",
      "inside 12",
      "gone 13",
    ],
  );
});

Deno.test("what is made of what was there is told as such", () => {
  assertEquals(
    writes(`
const log = console.log;
console.log = (...words) => log("v1", ...words);
globalThis.fetch = wrap(globalThis.fetch);
globalThis.count += 1;
if (!("last" in Array.prototype)) Array.prototype.last = () => {};
if (!Array.prototype.first) Array.prototype.first = () => {};
`),
    [
      "console.log 3 again",
      "fetch 4 again",
      "count 5 again",
      "Array.prototype.last 6 again",
      "Array.prototype.first 7 again",
    ],
  );
});

Deno.test("what later code sets, what is kept if it is there, and handlers are not", () => {
  assertEquals(
    writes(`
export function later() { globalThis.word = 1; console.log = () => {}; }
globalThis.db ??= new Map();
globalThis.onerror = () => {};
const local = { word: 1 };
local.word = 2;
console.log("hello");
const { prototype } = Array;
Deno.env.get("MODE");
globalThis.addEventListener("x", () => {});
`),
    [],
  );
});
