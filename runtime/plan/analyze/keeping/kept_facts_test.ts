import { assertEquals } from "@std/assert";
import { keptFactsOf } from "./kept_facts.ts";
import { acornParser } from "../parse_acorn.ts";

const parse = await acornParser();

/** What is done again, as `name detail@line`, and libraries. */
function facts(source: string): string[] {
  return keptFactsOf(parse(source)).flatMap(({ name, repeats, library }) => [
    ...repeats.map(({ detail, line }) => `${name} ${detail}@${line}`),
    ...(library === null ? [] : [`${name} of ${library}`]),
  ]);
}

Deno.test("calls on a value at the top level act again", () => {
  assertEquals(
    facts(`const jobs = [];
      jobs.push("default");
      const seen = new Set(), byName = new Map(), options = {};
      seen.add(1); byName.set("a", 1);
      options.limit = 2;
      options["limit"] = 3;
      delete options.limit;`),
    [
      "jobs push()@2",
      "seen add()@4",
      "byName set()@4",
      "options .limit =@5",
      "options .limit =@6",
      "options .limit =@7",
    ],
  );
});

Deno.test("so do calls in functions that the top level calls", () => {
  assertEquals(
    facts(`const jobs = [];
      let games;
      function fill() { jobs.push(1); }
      const main = async () => { games = new Map(); fill(); };
      await main();`),
    ["jobs push()@3", "games assignment@4"],
  );
});

Deno.test("locals count with their function, whoever calls it", () => {
  assertEquals(
    facts(`export async function main() {
        const games = new Games();
        await games.load();
        games.limit = 2;
        serve(() => games.play());
      }`),
    ["main.games load()@3", "main.games .limit =@4"],
  );
});

Deno.test("what only requests do is not done again", () => {
  assertEquals(
    facts(`const rooms = new Map();
      let hits = 0;
      export const join = (name) => { rooms.set(name, 1); hits++; };
      Deno.serve(() => { rooms.delete("a"); return new Response(String(++hits)); });`),
    [],
  );
});

Deno.test("looking at a value and handing it on is not done again", () => {
  assertEquals(
    facts(`const rooms = new Map([["a", 1]]);
      const list = [1];
      console.log(rooms.size, rooms.get("a"), list.find(String));
      serve(rooms); const other = { rooms };`),
    [],
  );
});

Deno.test("objects of libraries that the module configures are told", () => {
  assertEquals(
    facts(`import { Hono } from "npm:hono@4";
      import express from "express";
      import { Games } from "./games.ts";
      const app = new Hono();
      app.get("/", () => {});
      const server = express();
      server.use(1);
      const idle = new Hono();
      const games = new Games();
      games.get("all");`),
    [
      "app get()@5",
      "app of npm:hono@4",
      "server use()@7",
      "server of express",
      "games get()@10",
    ],
  );
});

Deno.test("statics and expressions have no calls of their own", () => {
  assertEquals(
    keptFactsOf(parse(
      `class C { static one = new Map(); } serve(new Users());`,
    )),
    [
      { name: "C.one", repeats: [], library: null },
      { name: "new Users", repeats: [], library: null },
    ],
  );
});

Deno.test("looking through a collection, or at some of it, is told, but not for what is only shown", () => {
  assertEquals(
    facts(`const rooms = new Map(), list = [];
      const index = new Set(rooms.keys());
      const copy = [...list], text = JSON.stringify(list);
      for (const it of list) console.log(it);
      console.log(rooms.get("a"), rooms.size, list.at(0));
      serve(() => [...rooms.values()]);`),
    [
      "rooms keys()@2",
      "list ...@3",
      "list JSON.stringify()@3",
      "list for of@4",
    ],
  );
});

/** What is derived from `rooms`, `list`, `state` or `hits` by one line. */
const derivedBy = (line: string) =>
  facts(`const rooms = new Map(), list = [];
let hits = 0;
const state = { count: 0, rooms: new Map(), join(id) { this.rooms.set(id, 1); } };
serve((it) => { rooms.set(it, 1); list.push(it); hits++; state.count++; });
${line}`);

const WRAPPER =
  `class Wrapper { constructor(of) { this.rooms = of; } count() { return this.rooms.size; } get size() { return this.rooms.size; } }`;

Deno.test("whatever the evaluation derives from a kept value is told, however it is written", () => {
  const lines: readonly (readonly [string, string])[] = [
    [`const first = rooms.get("lobby");`, "rooms get()"],
    [`const title = rooms.get("lobby")?.title ?? "none";`, "rooms get()"],
    [`const n = rooms.size;`, "rooms .size"],
    [`export const isEmpty = rooms.size === 0;`, "rooms .size"],
    [`const { size } = rooms;`, "rooms .size"],
    [`const { size: n = 0 } = rooms;`, "rooms .size"],
    [`const known = rooms.has("lobby") ? "yes" : "no";`, "rooms has()"],
    [`let busy = false; if (rooms.size > 3) busy = true;`, "rooms .size"],
    [`const it = list[0];`, "list []"],
    [`const it = list[list.length - 1];`, "list []"],
    [`const [first, ...others] = list;`, "list []"],
    [`let first; [first] = list;`, "list []"],
    [`const text = \`\${list.length} jobs\`;`, "list .length"],
    [`const it = list.at(-1);`, "list at()"],
    [`const it = list.find((x) => x.id === 1);`, "list find()"],
    [`start(list.length);`, "list .length"],
    [`new Server({ rooms: rooms.size });`, "rooms .size"],
    [`for (let at = 0; at < list.length; at++) start(at);`, "list .length"],
    [`for (const key in list) start(key);`, "list for in"],
    [`const alias = rooms; const n = alias.size;`, "rooms .size"],
    [`const count = () => rooms.size; const n = count();`, "rooms .size"],
    [
      `function count(of) { return of.size; } const n = count(rooms);`,
      "rooms .size",
    ],
    [
      `const all = () => rooms; const n = all().size;`,
      "rooms .size",
    ],
    [`const start = hits;`, "hits its value"],
    [`const stats = { hits };`, "hits its value"],
    [`const text = "hits: " + hits;`, "hits its value"],
    [`const n = state.count;`, "state .count"],
    [`const { count } = state;`, "state .count"],
    [`const { join, ...others } = state;`, "state ..."],
    [`const n = state.rooms.size;`, "state .rooms"],
    [`const copy = { ...state };`, "state ..."],
    [`const copy = structuredClone(state);`, "state structuredClone()"],
    [`const known = "lobby" in state;`, "state in"],
    // What wraps it, and what is made of that.
    [`const view = { rooms }; const n = view.rooms.size;`, "rooms .size"],
    [`const view = { rooms }; const all = [...view.rooms];`, "rooms ..."],
    [
      `const view = { rooms }; for (const it of view.rooms) start(it);`,
      "rooms for of",
    ],
    [
      `const view = { rooms }; const { rooms: { size } } = view;`,
      "rooms .size",
    ],
    [
      `const view = { deep: { list } }; const [first] = view.deep.list;`,
      "list []",
    ],
    [
      `const make = (of) => ({ count: () => of.size }); const n = make(rooms).count();`,
      "rooms .size",
    ],
    [
      `${WRAPPER} const w = new Wrapper(rooms); const n = w.rooms.size;`,
      "rooms .size",
    ],
    [`${WRAPPER} const n = new Wrapper(rooms).rooms.size;`, "rooms .size"],
    [`${WRAPPER} const n = new Wrapper(rooms).count();`, "rooms .size"],
    [`${WRAPPER} const n = new Wrapper(rooms).size;`, "rooms .size"],
    [
      `${WRAPPER} class Sub extends Wrapper {} const n = new Sub(rooms).count();`,
      "rooms .size",
    ],
    [
      `${WRAPPER} class Sub extends Wrapper { constructor(of) { super(of); } } const n = new Sub(rooms).rooms.size;`,
      "rooms .size",
    ],
    [`class Own { all = rooms; } const n = new Own().all.size;`, "rooms .size"],
    [
      `class Own { static all = rooms; } const n = Own.all.size;`,
      "rooms .size",
    ],
    [
      `class Own { #all; constructor(of) { this.#all = of; } n() { return [...this.#all]; } } new Own(list).n();`,
      "list ...",
    ],
    [
      `class Early { constructor(of) { this.n = of.size; } } const it = new Early(rooms);`,
      "rooms .size",
    ],
  ];
  for (const [line, expected] of lines) {
    const [first = ""] = derivedBy(line);
    assertEquals(first.slice(0, first.lastIndexOf("@")), expected, line);
  }
});

Deno.test("handing a kept value on, its methods, and what is only shown derive nothing", () => {
  for (
    const line of [
      `console.log(rooms.size, \`\${list.length} jobs\`, [hits], String(hits));`,
      `console.log("first", rooms.get("lobby")?.title ?? "none");`,
      `serve(rooms); app.use({ rooms, list, state });`,
      `const alias = rooms; serve(alias);`,
      `const { join } = state; app.get("/", join);`,
      `app.get("/", state.join);`,
      `const { rooms: inner } = state; serve(inner);`,
      `const inner = state.rooms;`,
      `serve(() => rooms.size + hits + list.length + state.count);`,
      `export const count = () => rooms.size;`,
      `class Api { get(id) { return rooms.get(id); } } serve(new Api());`,
      `export { hits, rooms }; rooms.size;`,
      `setInterval(() => console.log([...rooms]), 1000);`,
      `const view = { rooms }; serve(() => view.rooms.size);`,
      `${WRAPPER} const w = new Wrapper(rooms); serve(() => w.count() + w.rooms.size);`,
      `class Own { all = rooms; } serve(new Own());`,
    ]
  ) assertEquals(derivedBy(line), [], line);
});

Deno.test("what is done to a kept value under another name is done to it", () => {
  const lines: readonly (readonly [string, string])[] = [
    [`const queue = list; queue.push("default");`, "list push()"],
    [`function seed(to) { to.push(1); } seed(list);`, "list push()"],
    [`const all = () => rooms; all().set("lobby", 1);`, "rooms set()"],
    [`const { rooms: inner } = state; inner.set("a", 1);`, "state set()"],
    [`${WRAPPER} new Wrapper(rooms).rooms.set("a", 1);`, "rooms set()"],
    [
      `class Fill { constructor(of) { this.of = of; this.of.push(1); } } new Fill(list);`,
      "list push()",
    ],
    [
      `class Own { all = list; fill() { this.all.push(1); } } new Own().fill();`,
      "list push()",
    ],
  ];
  for (const [line, expected] of lines) {
    const [first = ""] = derivedBy(line);
    assertEquals(first.slice(0, first.lastIndexOf("@")), expected, line);
  }
});
