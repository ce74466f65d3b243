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

Deno.test("looking through all of a collection is told, looking at one element is not", () => {
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
