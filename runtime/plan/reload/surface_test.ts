import { assertEquals } from "@std/assert";
import { parse } from "npm:acorn@8.19.0";
import type { Node } from "../analyze/code/nodes.ts";
import { analyzeTree } from "../analyze/analyze.ts";
import { packed } from "../../../tests/support/planned_app.ts";
import { moduleStates, repeatedStates } from "./surface.ts";

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

Deno.test("what functions of other modules make that are called while a module is evaluated is state", () => {
  const server = `
function store() { const all = new Map(); return { set: (k) => all.set(k, 1) }; }
export function start() {
  const hits = new Map();
  const inner = store();
  Deno.serve(() => { hits.set(1, 1); inner.set(1); return new Response(); });
}
export function handler() { const seen = new Set(); return () => seen.add(1); }
`;
  const manifest = packed({
    "main.ts":
      `import * as all from "./mod.ts"; async function main() { await all.run(); } await main();`,
    "mod.ts":
      `import { start, handler } from "./server.ts"; export const run = () => start(); export { handler };`,
    "server.ts": server,
  });
  const names = (treeOf?: (path: string) => Node | null) =>
    moduleStates(manifest, "main.ts", treeOf).map(({ path, name, line }) =>
      `${path}:${line} ${name}`
    );
  assertEquals(names(), ["server.ts:4 start.hits"]);
  const tree = parse(server, {
    ecmaVersion: "latest",
    sourceType: "module",
    locations: true,
  }) as unknown as Node;
  assertEquals(names((path) => path === "server.ts" ? tree : null), [
    "server.ts:2 store.all",
    "server.ts:4 start.hits",
  ]);
});

Deno.test("state that other modules fill while they are evaluated is told with the first of them", () => {
  const manifest = packed({
    "main.ts":
      `import "./a.ts"; import { plugins } from "./registry.ts"; f(); function f() { return plugins.size; }`,
    "a.ts": `import { register } from "./registry.ts";\nregister("a");`,
    "registry.ts":
      `const all = new Map(); const own = new Map(); own.set(1, 2); export { all as plugins }; export const register = (name) => all.set(name, own);`,
  });
  assertEquals([...repeatedStates(manifest, "main.ts")], [
    ["registry.ts#all", { by: "a.ts", line: 2 }],
  ]);
});
