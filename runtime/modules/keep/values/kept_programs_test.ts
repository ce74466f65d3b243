import { assertEquals } from "@std/assert";
import { acornParser } from "../../../plan/analyze/parse_acorn.ts";
import { KeptValues } from "./kept_values.ts";
import { KEPT_KEY, type OpenKept, wrapKept } from "../wrap.ts";

const parse = await acornParser();
let programs = 0;

/** One program of two releases: wrapped, evaluated and handed over as an upgrade does it. */
class Program {
  readonly kept = new KeptValues();
  readonly #name = `program${++programs}.ts`;
  #attempt = 0;

  // deno-lint-ignore no-explicit-any -- whatever the program exports
  async start(source: string): Promise<any> {
    return await this.#evaluate(source);
  }

  /** Evaluates the next release and swaps. */
  async upgrade(
    source: string,
    names: readonly string[],
    { settles = true } = {},
    // deno-lint-ignore no-explicit-any -- whatever the program exports
  ): Promise<any> {
    this.kept.stage(
      ++this.#attempt,
      names.map((name) => `${this.#name}#${name}`),
    );
    let exports;
    try {
      exports = await this.#evaluate(source);
    } catch (error) {
      this.kept.drop();
      throw error;
    }
    const outcome = this.kept.seal();
    this.kept.swap();
    if (settles) this.kept.settle();
    return {
      ...exports,
      outcome: {
        taken: outcome.taken.map((it) => it.slice(it.indexOf("#") + 1)),
        twice: outcome.twice.map((it) => it.slice(it.indexOf("#") + 1)),
      },
    };
  }

  stateOf(name: string) {
    return this.kept.stateOf(this.#name, name);
  }

  async #evaluate(source: string) {
    const attempt = this.#attempt;
    const url = `${this.#name}?${attempt}`;
    const text = wrapKept(source, parse(source), url, () => true).source;
    const space = globalThis as unknown as Record<symbol, OpenKept>;
    const before = space[KEPT_KEY];
    space[KEPT_KEY] = (given) =>
      given === url ? this.kept.open(this.#name, attempt) : before!(given);
    return await import(`data:text/javascript,${encodeURIComponent(text)}`);
  }
}

Deno.test("counter", async () => {
  const source = (word: string) =>
    `let hits = 0; export const ask = () => "${word} " + ++hits;`;
  const program = new Program();
  const one = await program.start(source("one"));
  one.ask();
  assertEquals(one.ask(), "one 2");
  const two = await program.upgrade(source("two"), ["hits"]);
  assertEquals([two.ask(), two.ask()], ["two 3", "two 4"]);
  const three = await program.upgrade(source("three"), ["hits"]);
  assertEquals(three.ask(), "three 5");
});

Deno.test("kept_called_twice", async () => {
  const source = (word: string) =>
    `function makeRoom() { const players = []; return players; }
    const rooms = [makeRoom(), makeRoom()]; rooms[0].push("ann");
    export const ask = () => "${word} " + JSON.stringify(rooms);`;
  const program = new Program();
  await program.start(source("one"));
  assertEquals(program.stateOf("makeRoom.players"), "twice");
  const two = await program.upgrade(source("two"), ["makeRoom.players"]);
  assertEquals(two.ask(), `two [["ann"],[]]`);
  assertEquals(two.outcome, { taken: [], twice: ["makeRoom.players"] });
});

Deno.test("async_main", async () => {
  const source = (word: string) =>
    `const open = async () => { await new Promise((r) => setTimeout(r, 2)); return { n: 0 }; };
    export let ask;
    async function main() { const db = await open(); ask = () => "${word} " + ++db.n; }
    await main();`;
  const program = new Program();
  const one = await program.start(source("one"));
  assertEquals([one.ask(), one.ask()], ["one 1", "one 2"]);
  const two = await program.upgrade(source("two"), ["main.db"]);
  assertEquals(two.ask(), "two 3");
  assertEquals(two.outcome, { taken: ["main.db"], twice: [] });
});

Deno.test("bad_eval_after_state", async () => {
  const program = new Program();
  const one = await program.start(
    `const list = []; let n = 1; export const ask = () => list.join() + n;`,
  );
  let failure = "";
  try {
    await program.upgrade(
      `const list = []; let n = 0; n = 50; throw new Error("bad release");`,
      ["list", "n"],
    );
  } catch (error) {
    failure = (error as Error).message;
  }
  assertEquals([failure, one.ask()], ["bad release", "1"]);
  const two = await program.upgrade(
    `const list = []; let n = 0; export const ask = () => "two" + list + n;`,
    ["list", "n"],
  );
  assertEquals(two.ask(), "two1");
});

Deno.test("symbol_key and private_weakmap, kept by themselves", async () => {
  const source = (word: string) =>
    `const K = Symbol("k"); const priv = new WeakMap();
    const c = { [K]: 0 }; if (!priv.has(c)) priv.set(c, { n: 0 });
    export const ask = () => "${word} " + ++c[K] + ++priv.get(c).n;`;
  const program = new Program();
  const one = await program.start(source("one"));
  assertEquals(one.ask(), "one 11");
  const two = await program.upgrade(source("two"), ["c", "K", "priv"]);
  assertEquals(two.ask(), "two 22");
});

Deno.test("a static that is made when it is first asked for", async () => {
  const source = (word: string) =>
    `class Db { n = 0; }
    class Store { static #one; static get() { return this.#one ??= new Db(); } }
    export const ask = () => "${word} " + ++Store.get().n;`;
  const program = new Program();
  const one = await program.start(source("one"));
  assertEquals([one.ask(), one.ask()], ["one 1", "one 2"]);
  const two = await program.upgrade(source("two"), ["Store.#one"]);
  assertEquals(two.ask(), "two 3");
});

Deno.test("main is an arrow, and its state has no name", async () => {
  const source = (word: string) =>
    `class Users { n = 0; }
    const handler = (users) => () => "${word} " + ++users.n;
    export const main = () => handler(new Users());
    export const ask = main();`;
  const program = new Program();
  const one = await program.start(source("one"));
  assertEquals([one.ask(), one.ask()], ["one 1", "one 2"]);
  const two = await program.upgrade(source("two"), ["main.new Users"]);
  assertEquals(two.ask(), "two 3");
  two.main();
  assertEquals(program.stateOf("main.new Users"), "twice");
});

Deno.test("a variable that a function sets later", async () => {
  const source = (word: string) =>
    `let session; export const login = (name) => { session = { name }; };
    export const ask = () => "${word} " + session?.name;`;
  const program = new Program();
  const one = await program.start(source("one"));
  one.login("ann");
  const two = await program.upgrade(source("two"), ["session"]);
  assertEquals(two.ask(), "two ann");
});

Deno.test("an undo gives the old code what the new one counted", async () => {
  const source = (word: string) =>
    `let hits = 0; export const ask = () => "${word} " + ++hits;`;
  const program = new Program();
  const one = await program.start(source("one"));
  one.ask();
  const two = await program.upgrade(source("two"), ["hits"], {
    settles: false,
  });
  assertEquals(two.ask(), "two 2");
  program.kept.undo();
  assertEquals(one.ask(), "one 3");
  const three = await program.upgrade(source("three"), ["hits"]);
  assertEquals(three.ask(), "three 4");
});

Deno.test("a name that is added with an upgrade counts for it", async () => {
  const program = new Program();
  const one = await program.start(
    `const a = [1], b = [1]; export const add = () => (a.push(2), b.push(2));`,
  );
  one.add();
  const two = await program.upgrade(
    `const a = [1], b = [1]; export const ask = () => [a, b].join(" ");`,
    ["b"],
  );
  assertEquals(two.ask(), "1 1,2");
});
