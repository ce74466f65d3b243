import { assert, assertEquals } from "@std/assert";
import { parse as parseBabel } from "@babel/parser";
import { keptFactsOf } from "../../../../runtime/plan/analyze/keeping/kept_facts.ts";
import { keepableOf } from "../../../../runtime/plan/analyze/keeping/keepable.ts";
import type { Node } from "../../../../runtime/plan/analyze/code/nodes.ts";
import { acornParser } from "../../../../runtime/plan/analyze/parse_acorn.ts";
import { textFactsOf } from "../../../../runtime/plan/analyze/keeping/text_facts.ts";

const acorn = await acornParser();

function babel(source: string): Node {
  return parseBabel(source, {
    sourceType: "module",
    plugins: ["estree", "typescript"],
    createImportExpressions: true,
  }).program as unknown as Node;
}

function facts(program: Node) {
  const { found, refused } = keepableOf(program);
  const texts = textFactsOf(program);
  return {
    found: [...found.values()].map((it) => [it.name, it.kind, it.byItself]),
    refused: [...refused.values()].map(({ name }) => name),
    texts: [[...texts.kept], [...texts.exports], texts.stars],
    kept: keptFactsOf(program).map(({ name, repeats, library }) => [
      name,
      repeats.map(({ detail }) => detail),
      library,
    ]),
  };
}

/** What somebody writes, and what Deno evaluates. */
const PAIRS: readonly (readonly [typescript: string, javascript: string])[] = [
  [
    `export const rooms: Map<string, Room> = new Map<string, Room>();`,
    `export const rooms = new Map();`,
  ],
  [`let hits: number = 0, last!: string;`, `let hits = 0, last;`],
  [
    `const games = new Games() as unknown as Store; games!.load();`,
    `const games = new Games(); games.load();`,
  ],
  [
    `class Cache { private static one?: Db; static #two: number[] = []; declare static three: Db; }`,
    `class Cache { static one; static #two = []; }`,
  ],
  [
    `async function main(port: number = 1): Promise<void> { const db: Db = await open(port); serve(new Users<string>()); } main(2 as number);`,
    `async function main(port = 1) { const db = await open(port); serve(new Users()); } main(2);`,
  ],
  [
    `const start = (async (): Promise<void> => { const users = (await open())!; users.add(1); }) satisfies Start;`,
    `const start = (async () => { const users = (await open()); users.add(1); });`,
  ],
  [
    `import { limit } from "./limits.ts"; const cfg = { limit } satisfies Config; export * from "./x.ts";`,
    `import { limit } from "./limits.ts"; const cfg = { limit }; export * from "./x.ts";`,
  ],
  [
    `import { Hono } from "npm:hono"; const app = new Hono<Env>(); app.get("/", (c: Context) => c.text("x"));`,
    `import { Hono } from "npm:hono"; const app = new Hono(); app.get("/", (c) => c.text("x"));`,
  ],
  [
    `const key: unique symbol = Symbol("k"), weak = new WeakMap<object, number>(); interface X { y: 1 } declare const z: X;`,
    `const key = Symbol("k"), weak = new WeakMap();`,
  ],
];

for (const [typescript, javascript] of PAIRS) {
  Deno.test(`what can be kept is the same with types and without: ${javascript}`, () => {
    const written = facts(babel(typescript));
    assert(written.found.length > 0);
    assertEquals(written, facts(acorn(javascript)));
    assertEquals(facts(babel(javascript)), facts(acorn(javascript)));
  });
}
