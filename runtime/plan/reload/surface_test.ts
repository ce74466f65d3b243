import { assertEquals } from "@std/assert";
import { parse } from "npm:acorn@8.19.0";
import type { Node } from "../analyze/code/nodes.ts";
import { analyzeTree } from "../analyze/analyze.ts";

function locals(source: string): string[] {
  const program = parse(source, {
    ecmaVersion: "latest",
    sourceType: "module",
    locations: true,
  }) as unknown as Node;
  return (analyzeTree(program, source).kept ?? []).filter(({ early }) => early)
    .map(({ name, state, line }) => `${name} ${state?.detail} ${line}`);
}

Deno.test("locals of functions that run while the module is evaluated are state if code that runs later changes them", () => {
  assertEquals(
    locals(`
import { Games, start } from "./games.ts";
async function main() {
  const games = new Games();
  let open = 0;
  const rooms = new Map();
  const limits = new Map();
  const fixed = 1;
  limits.set("a", 1);
  Deno.serve(() => { open += 1; rooms.set(open, games); return limits.get("a") + fixed; });
  start(await new Games());
}
await main();
`),
    [
      "main.games new Games() 4",
      "main.open assignment at line 10",
      "main.rooms set() at line 10 6",
      "main.new Games new Games() 11",
    ].map((it) => it === "main.open assignment at line 10" ? `${it} 5` : it),
  );
});

Deno.test("locals of functions that nobody calls then are not, nor platform objects and library instances", () => {
  assertEquals(
    locals(`
import { Hono } from "npm:hono";
import { Games } from "./games.ts";
export function handler() { const seen = new Set(); return () => seen.add(1); }
function main() {
  const app = new Hono();
  const url = new URL("http://a");
  const once = new Map();
  once.set(1, 2);
  return [app, url, once];
}
main();
class Later { run() { const games = new Games(); return () => games; } }
export default Later;
`),
    [],
  );
});
