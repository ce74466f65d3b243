import { assertEquals } from "@std/assert";
import { acornParser } from "../parse_acorn.ts";
import { keepableOf } from "./keepable.ts";

const parse = await acornParser();
const names = (source: string) => [...keepableOf(parse(source)).found.keys()];
const refused = (source: string) =>
  [...keepableOf(parse(source)).refused.values()]
    .map(({ name, why }) => `${name} ${why}`);

Deno.test("every kind of place is found by its name", () => {
  assertEquals(
    names(`
      export const rooms = new Map();
      let hits = 0, last;
      var old = [];
      export class Cache { static one = new Db(); static #two; static three() {} four = new Map(); }
      const Made = class { static five = []; };
      export async function main() { const games = new Games(); let n; }
      const start = async () => { const users = await open(); };
      const begin = function inner() { var x = {}; };
      export default async function () { const y = []; }
      serve(new Users(), { store: new Store.Memory() });
    `),
    [
      "rooms",
      "hits",
      "last",
      "old",
      "Cache.one",
      "Cache.#two",
      "Made.five",
      "main.games",
      "main.n",
      "start.users",
      "begin.x",
      "default.y",
      "new Users",
    ],
  );
});

Deno.test("functions, classes and constants of the language are not candidates", () => {
  assertEquals(
    names(`
      const f = () => 1, g = function () {}, H = class {}, port = 8080, text = \`x\`;
      export default { fetch: () => { const inAnonymous = []; } };
      import x from "data:,";
      app.get("/", (c) => { const request = new Map(); });
      ({ method() { const a = []; } });
      class C { method() { const b = []; } static { const c = []; } }
    `),
    [],
  );
});

Deno.test("what cannot be kept says why", () => {
  assertEquals(
    refused(`
      const { a, b: { c = 1 } } = make();
      const [d, ...e] = [];
      for (const x of [1]) { const f = []; }
      if (true) { const g = []; }
      function twice() { { const h = []; } { const h = []; } }
      function news() { return [new User(), new User()]; }
    `),
    [
      "a is taken out of another value: give that value a name",
      "c is taken out of another value: give that value a name",
      "d is taken out of another value: give that value a name",
      "e is taken out of another value: give that value a name",
      "f is made in a loop",
      "g is declared in a block",
      "twice.h is there twice (line 6 and 6)",
      "news.new User is there twice (line 7 and 7)",
    ],
  );
});

Deno.test("two functions of one name in two places are not mixed up", () => {
  const source = `
    function a() { function inner() { const x = []; } }
    function b() { function inner() { const x = []; } }
    if (true) { function c() { const y = []; } } else { function c() { const y = []; } }`;
  assertEquals(names(source), ["a.inner.x", "b.inner.x"]);
  assertEquals(refused(source), ["c.y is there twice (line 4 and 4)"]);
});

Deno.test("values of using declarations end with their block", () => {
  assertEquals(
    refused(`function f() { using x = open(); }`),
    ["f.x is disposed of by its block"],
  );
});
