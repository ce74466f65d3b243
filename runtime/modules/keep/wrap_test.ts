import { assert, assertEquals, assertRejects } from "@std/assert";
import { wrapKept } from "./wrap.ts";
import { count, opened, parse, run } from "./wrap_fixture_test.ts";

Deno.test("a first evaluation makes everything, a second one takes it", async () => {
  const source = `
    export const rooms = new Map([["a", 1]]);
    export let hits = 0, last;
    export class Cache { static one = { made: true }; static #two = 2; static two() { return this.#two; } static bare; }
    export function main() { const games = [1]; return games; }
  `;
  const first = await run(source);
  assertEquals(first.access.put_, [
    "rooms",
    "hits",
    "last",
    "Cache.one",
    "Cache.#two",
    "Cache.bare",
  ]);
  const rooms = new Map([["kept", 1]]);
  const games = ["kept"];
  const second = await run(source, {
    rooms,
    hits: 7,
    last: "x",
    "Cache.one": 1,
    "Cache.#two": 22,
    "Cache.bare": 3,
    "main.games": games,
  });
  // deno-lint-ignore no-explicit-any -- whatever the module exports
  const exports = second.exports as any;
  assert(exports.rooms === rooms);
  assert(exports.main() === games);
  assertEquals(
    [exports.hits, exports.last, exports.Cache.one, exports.Cache.bare],
    [7, "x", 1, 3],
  );
  assertEquals(exports.Cache.two(), 22);
  assertEquals(second.access.put_, []);
});

Deno.test("an initializer awaits, yields and sees this and arguments as before", async () => {
  const { exports, access } = await run(`
    export const value = await Promise.resolve(1);
    export async function main() { const db = await new Promise((r) => setTimeout(r, 1, 2)); return db; }
    export function* steps() { const got = yield 1; return got; }
    export function legacy() { const all = [this.x, ...arguments]; return all; }
  `);
  // deno-lint-ignore no-explicit-any -- whatever the module exports
  const it = exports as any;
  assertEquals([it.value, await it.main()], [1, 2]);
  const steps = it.steps();
  steps.next();
  assertEquals(steps.next("given"), { value: "given", done: true });
  assertEquals(it.legacy.call({ x: 1 }, 2, 3), [1, 2, 3]);
  assertEquals(access.put_, ["value", "main.db", "steps.got", "legacy.all"]);
});

Deno.test("what can change is read and written where it is", async () => {
  const { exports, access } = await run(`
    export let hits = 0;
    export const inc = () => ++hits;
    export class C { static #n = 1; static add() { return ++this.#n; } }
    export function main() { let n = 5; return () => ++n; }
    export const fixed = [];
  `);
  // deno-lint-ignore no-explicit-any -- whatever the module exports
  const it = exports as any;
  it.inc();
  it.C.add();
  const add = it.main();
  add();
  const read = (name: string) => access.read.get(name)?.();
  assertEquals([read("hits"), read("C.#n"), read("main.n")], [1, 2, 6]);
  access.write.get("hits")!(10);
  access.write.get("C.#n")!(20);
  access.write.get("main.n")!(30);
  assertEquals([it.inc(), it.C.add(), add()], [11, 21, 31]);
  assertEquals([...access.read.keys()], ["hits", "C.#n", "main.n"]);
});

Deno.test("what was taken can be read and written as well", async () => {
  const { exports, access } = await run(
    `export let hits = 0; export const inc = () => ++hits;`,
    { hits: 5 },
  );
  assertEquals((exports.inc as () => number)(), 6);
  assertEquals(access.read.get("hits")!(), 6);
  access.write.get("hits")!(9);
  assertEquals(exports.hits, 9);
});

Deno.test("an initializer that throws leaves nothing behind", async () => {
  await assertRejects(
    () =>
      run("export let x = fail(); function fail() { throw new Error('bad'); }"),
    Error,
    "bad",
  );
  assertEquals(opened.get(`file:///app/${count}.ts`)!.put_, []);
});

Deno.test("expressions without a variable are named by what they make", async () => {
  const source = `
    class Users { list = []; add(x) { this.list.push(x); return this; } }
    export const seen = [];
    const log = (x) => seen.push(x)
    const one = 1
    new Users().add("first")
    function main(store = new Users()) { log(store); if (one) new Set(); return store }
    export const store = main()
    export default { users: new Map };
  `;
  const first = await run(source);
  assertEquals(first.access.put_, [
    "seen",
    "new Users",
    "main.new Users",
    "main.new Set",
    "store",
    "new Map",
  ]);
  const kept = { list: ["kept"] };
  const second = await run(source, { "main.new Users": kept });
  assert(second.exports.store === kept);
});

Deno.test("one initializer in another", async () => {
  const source = `
    export const app = [new Set([1]), new Map()];
    export const nested = (() => { return [new WeakSet()]; })();
    const make = (x) => x;
    export const both = make(new Date(0));
  `;
  const users = new Set(["kept"]);
  const { exports } = await run(source, { "new Set": users });
  assert((exports.app as unknown[])[0] === users);
  assert((exports.app as unknown[])[1] instanceof Map);
  assertEquals(exports.both, new Date(0));
});

Deno.test("odd ways to write are wrapped right", async () => {
  const { exports, access } = await run(`
    export let a = (1, 2), b = /* before */ 3 /* after */, c = ( // note
      4
    ); export let d = b ? 5 : 6
    export let e = d
    ;[1].forEach(() => {})
    export let f = async () => {}, g = ((x) => x), h = \`t\${a}\`
    export const i = a ?? b, j = a = 9, k = !b, l = a?.toFixed?.()
    let $kept = "theirs"; export { $kept as m }
    export let own$kept_ = "theirs too";
  `);
  assertEquals(
    ["a", "b", "c", "d", "e", "h", "i", "j", "k", "l", "m", "own$kept_"].map((
      it,
    ) => exports[it]),
    [9, 3, 4, 5, 5, "t2", 2, 9, false, "9", "theirs", "theirs too"],
  );
  assertEquals((exports.f as () => void).name, "f");
  assertEquals((exports.g as () => void).name, "g");
  assert(access.put_.includes("own$kept_"));
});

Deno.test("a circle of imports may call a function before the module's first statement", async () => {
  const text = wrapKept(
    `early(); function early() { const x = [1]; return x; }`,
    parse(`early(); function early() { const x = [1]; return x; }`),
    "file:///x",
    () => true,
  ).source;
  await import(`data:text/javascript,${encodeURIComponent(text)}`);
  assert(text.startsWith("early(); "));
});

Deno.test("without anybody to ask, a module runs as it is", async () => {
  const source = `export let x = [1]; export function f() { let y; return y; }`;
  const { source: text } = wrapKept(
    source,
    parse(source),
    "file:///x",
    () => true,
  );
  const it = await import(`data:text/javascript,${encodeURIComponent(text)}`);
  assertEquals([it.x, it.f()], [[1], undefined]);
});

Deno.test("anonymous default exports keep their name", async () => {
  const arrow = await run(
    `export default () => { const x = []; return x; };`,
    {},
    (it) => it.default(),
  );
  const named = await run(
    `export default function () { const x = []; return x; }`,
    {},
    (it) => it.default(),
  );
  const made = await run(`export default class { static x = 1; }`);
  const name = (it: { exports: Record<string, unknown> }) =>
    (it.exports.default as { name: string }).name;
  assertEquals([name(arrow), name(named), name(made)], [
    "default",
    "default",
    "default",
  ]);
  assertEquals(made.access.put_, ["default.x"]);
  assertEquals(arrow.access.put_, ["default.x"]);
  assertEquals(named.access.put_, ["default.x"]);
});
