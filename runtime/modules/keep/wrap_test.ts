import { assert, assertEquals, assertRejects } from "@std/assert";
import { SourceMap } from "node:module";
import { acornParser } from "../../plan/analyze/parse_acorn.ts";
import { keepableOf } from "../../plan/analyze/keeping/keepable.ts";
import { KEPT_KEY, type KeptAccess, wrapKept } from "./wrap.ts";

const parse = await acornParser();

/** Notes what is put, and gives back what it is told to. */
class Access implements KeptAccess {
  readonly put_: string[] = [];
  readonly got: string[] = [];
  readonly read = new Map<string, () => unknown>();
  readonly write = new Map<string, (value: unknown) => void>();
  constructor(readonly take: ReadonlyMap<string, unknown> = new Map()) {}
  has(name: string) {
    return this.take.has(name);
  }
  get(name: string, read?: () => unknown, write?: (value: unknown) => void) {
    this.got.push(name);
    this.#note(name, read, write);
    return this.take.get(name);
  }
  put(
    name: string,
    value: unknown,
    read?: () => unknown,
    write?: (value: unknown) => void,
  ) {
    this.put_.push(name);
    this.#note(name, read, write);
    return value;
  }
  made(_name: string, value: unknown) {
    return value;
  }
  #note(
    name: string,
    read?: () => unknown,
    write?: (value: unknown) => void,
  ) {
    if (read) this.read.set(name, read);
    if (write) this.write.set(name, write);
  }
}

const opened = new Map<string, Access>();
let count = 0;

/** Wraps a module, evaluates it and uses it. */
async function run(
  source: string,
  take: Record<string, unknown> = {},
  // deno-lint-ignore no-explicit-any -- whatever the module exports
  use: (exports: any) => void | Promise<void> = () => {},
): Promise<{ exports: Record<string, unknown>; access: Access; text: string }> {
  const access = new Access(new Map(Object.entries(take)));
  const url = `file:///app/${++count}.ts`;
  const { source: text } = wrapKept(source, parse(source), url, () => true);
  opened.set(url, access);
  const space = globalThis as unknown as Record<symbol, unknown>;
  space[KEPT_KEY] = (url: string) => opened.get(url);
  try {
    const exports = await import(
      `data:text/javascript,${encodeURIComponent(text)}`
    );
    await use(exports);
    return { exports, access, text };
  } finally {
    delete space[KEPT_KEY];
  }
}

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

Deno.test("a hashbang stays first, and every line where it was", () => {
  const source =
    `#!/usr/bin/env -S deno run -A\nlet hits = 0;\nfunction main() {\n  const x = [\n    1,\n  ];\n}\nmain();\n`;
  const { source: text } = wrapKept(
    source,
    parse(source),
    "file:///x",
    () => true,
  );
  const before = source.split("\n");
  const after = text.split("\n");
  assertEquals(after[0], before[0]);
  for (const line of [2, 4, 6, 7]) assertEquals(after[line], before[line]);
  assert(after[1]!.startsWith("let hits = ("));
  assert(after[5]!.startsWith("  ]"));
  parse(text);
});

Deno.test("an inline source map is moved along", () => {
  const code = `export let a = 1, b = fail();\nconst c = [2], d = e;\nplain();`;
  // Each word maps to a place of its own: line 7 and on, column ten times as large.
  const map = {
    version: 3,
    sources: ["x.ts"],
    names: [],
    // Line 1: columns 0, 11, 15, 18, 22; line 2: columns 0, 6, 10, 16, 20; line 3: column 0.
    mappings: "AAAA,WAAW,IAAI,GAAG,IAAI;AACA,MAAM,IAAI,MAAM,IAAI;AACA",
  };
  const source = `${code}\n//# sourceMappingURL=data:application/json;base64,${
    btoa(JSON.stringify(map))
  }`;
  const before = new SourceMap(map as never);
  const { source: text } = wrapKept(
    source,
    parse(source),
    "file:///x",
    () => true,
  );
  const encoded = /base64,(\S+)\s*$/.exec(text)![1]!;
  const after = new SourceMap(JSON.parse(atob(encoded)));
  const lines = text.split("\n");
  for (
    const [line, word] of [
      [0, "export"],
      [0, "fail()"],
      [1, "const"],
      [1, "[2]"],
      [1, "e"],
      [2, "plain"],
    ] as const
  ) {
    const from = code.split("\n")[line]!;
    const was = word === "e" ? from.lastIndexOf("e") : from.indexOf(word);
    const is = word === "e"
      ? lines[line]!.indexOf("(e)") + 1
      : lines[line]!.indexOf(word);
    const place = (it: SourceMap, column: number) => {
      const entry = it.findEntry(line, column);
      return "originalLine" in entry
        ? [entry.originalLine, entry.originalColumn]
        : null;
    };
    assertEquals(place(after, is), place(before, was), `${line} ${word}`);
  }
  assertEquals(lines.length, source.split("\n").length + 1);
});

Deno.test("weak collections and symbols are kept by themselves", () => {
  const found = keepableOf(parse(`
    const priv = new WeakMap(), seen = new WeakSet(), key = Symbol("k");
    class C { static [Symbol.iterator] = 1; static key = Symbol("c"); }
    const shared = Symbol.for("x"), list = new Map();
    let changing = new WeakMap();
    function main() { const local = new WeakMap(); }
  `)).found;
  assertEquals(
    [...found.values()].filter((it) => it.byItself).map((it) => it.name),
    ["priv", "seen", "key", "C.key"],
  );
});

Deno.test("only what is wanted is wrapped", () => {
  const source = `const a = [], b = [];\nfunction main() { const c = []; }`;
  const { source: text, names } = wrapKept(
    source,
    parse(source),
    "file:///x",
    ({ kind }) => kind === "local",
  );
  assertEquals([...names.keys()], ["main.c"]);
  assert(text.startsWith("const a = [], b = [];\n"));
  const none = wrapKept(source, parse(source), "file:///x", () => false);
  assertEquals(none.source, source);
});

Deno.test("values of using declarations end with their block", () => {
  assertEquals(
    refused(`function f() { using x = open(); }`),
    ["f.x is disposed of by its block"],
  );
});
