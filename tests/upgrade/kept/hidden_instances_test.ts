import { assertEquals, assertMatch } from "@std/assert";
import { Clients } from "../../support/net/clients.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";

/** Where an instance may be held that stays: `put` and `get` of a class. */
const PLACES: Readonly<Record<string, string>> = {
  private: "#it; put(it) { this.#it = it; } get() { return this.#it; }",
  private_map:
    '#all = new Map(); put(it) { this.#all.set("it", it); } get() { return this.#all.get("it"); }',
  private_of_class:
    "static #it; put(it) { this.constructor.of.it = it; } get() { return this.constructor.of.it; } static of = { get it() { return Place.#it; }, set it(to) { Place.#it = to; } };",
  identity:
    "put(it) { byIdentity.set(this, it); } get() { return byIdentity.get(this); }",
  closure:
    "got; put(it) { this.got = () => it; } get() { return this.got?.(); }",
  bound:
    "got; put(it) { this.got = self.bind(it); } get() { return this.got?.(); }",
  promise:
    "it; put(it) { this.it = Promise.resolve(it); } get() { return this.it; }",
  generator:
    "it; put(it) { this.it = repeat(it); } get() { return this.it?.next().value; }",
  proxy:
    "it; put(it) { this.it = new Proxy(it, {}); } get() { return this.it; }",
  reason:
    "it = new AbortController(); put(it) { this.it.abort(it); } get() { return this.it.signal.reason; }",
  package:
    'all = new Shelf(); put(it) { this.all.set("it", it); } get() { return this.all.get("it"); }',
};

/** As a package has it: none of the app's modules. */
const SHELF =
  "class Shelf { #all = new Map(); set(key, it) { this.#all.set(key, it); } get(key) { return this.#all.get(key); } }";

const app = (room: string) => ({
  "main.ts": `import { Room } from "./room.ts";
import { places } from "./places.js";
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, async (request) => {
  const { pathname } = new URL(request.url);
  const all = Object.entries(places);
  if (pathname === "/") return new Response("here");
  if (pathname === "/all") for (const [, place] of all) place.put(new Room());
  else if (pathname !== "/told") places[pathname.slice(1)].put(new Room());
  const told = [];
  for (const [name, place] of all) told.push(name + " " + (await place.get())?.tell());
  return new Response(told.join(", "));
});`,
  "room.ts": room,
  "places.js": `const Shelf = new Function(${
    JSON.stringify(`return ${SHELF}`)
  })();
const byIdentity = new WeakMap();
function self() { return this; }
function* repeat(it) { while (true) yield it; }
export const places = {
${
    Object.entries(PLACES).map(([name, code]) =>
      `${name}: new (class Place { ${code} })(),`
    ).join("\n")
  }
};`,
  "deno.json": JSON.stringify({
    flyhot: { keep: ["places.js#places"] },
  }),
});

const HELD = (word: string) => `export class Room { tell = () => "${word}"; }`;
const MADE = (word: string) =>
  `export class Room { word; constructor() { this.word = "${word}"; } tell() { return this.word; } }`;

Deno.test("instances follow their class wherever they are held: private fields, closures, maps by identity, what packages hide", async () => {
  await using running = await OrdinaryApp.start(app(HELD("one")));
  await using clients = new Clients(running.url, 2);
  const all = (word: string) =>
    `200 ${Object.keys(PLACES).map((name) => `${name} ${word}`).join(", ")}`;
  assertEquals(await running.ask("/all"), all("one"));
  const { state, failure } = await running.upgrade(app(HELD("two")));
  assertEquals(state, "applied", failure?.message);
  assertEquals(await running.ask("/told"), all("two"));
  assertEquals(await clients.end(), []);
});

Deno.test("an instance that cannot follow its class is refused wherever it is held, by the place", async () => {
  const told: string[] = [];
  for (const name of ["private_map", "package"]) {
    await using running = await OrdinaryApp.start(app(MADE("one")));
    await using clients = new Clients(running.url, 2);
    await running.ask(`/${name}`);
    const { state, failure } = await running.upgrade(app(MADE("two")));
    assertEquals(`${name} ${state}`, `${name} failed`);
    assertMatch(
      failure!.message,
      /: holds Room: Room\.word has another initializer/,
    );
    told.push(/Cannot keep (.*?): holds/.exec(failure!.message)![1]!);
    assertMatch(await running.ask("/told"), new RegExp(`${name} one`));
    assertEquals(await clients.end(), []);
  }
  assertEquals(told, [
    'places.js:5 places.private_map.#all.get("it")',
    "places.js:5 places.package.all",
  ]);
});

Deno.test("what private fields lead to is judged as ever where something else leads there too", async () => {
  const both = (word: string) => ({
    "main.ts": `import { give } from "./give.ts";
import { both } from "./both.ts";
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, (request) => {
  if (request.url.endsWith("/give")) give();
  return new Response(both.tell());
});`,
    "give.ts":
      `import { both } from "./both.ts"; export const give = () => { const it: { tell?: () => string } = {}; it.tell = () => "${word}"; both.take(it); };`,
    "both.ts": `export class Both {
  all: { tell?: () => string }[] = [];
  #first: { tell?: () => string } | null = null;
  take(it: { tell?: () => string }) { this.#first = it; this.all.push(it); }
  tell() { return this.#first?.tell?.() ?? "none"; }
}
export const both = new Both();`,
  });
  await using running = await OrdinaryApp.start(both("one"));
  await using clients = new Clients(running.url, 2);
  assertEquals(await running.ask("/give"), "200 one");
  const { state, failure } = await running.upgrade(both("two"));
  assertEquals(state, "failed");
  assertMatch(
    failure!.message,
    /^Cannot keep both\.ts:7 both\.all\[0\]\.tell: holds/,
  );
  assertEquals(await running.ask("/"), "200 one");
  assertEquals(await clients.end(), []);
});

Deno.test("instances follow classes that no module exports, wherever in a line these begin", async () => {
  const rooms: Readonly<Record<string, string>> = {
    first: "class Room { tell() { return WORD; } }\n",
    behind: "let n = 0; class Room { tell() { return WORD; } }",
    inside: "const Room = (class { tell() { return WORD; } });",
    made: "import { named } from './named.ts';\nconst Room = named(WORD);",
  };
  const files = (word: string) => ({
    "main.ts": `${
      Object.keys(rooms).map((it) =>
        `import { room as ${it} } from "./${it}.ts";`
      ).join("\n")
    }
const places = { ${Object.keys(rooms).join(", ")} };
const held: Record<string, Promise<{ tell(): string }>> = {};
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, async () => {
  const told = [];
  for (const [name, room] of Object.entries(places)) {
    held[name] ??= Promise.resolve(room());
    told.push(name + " " + (await held[name]).tell());
  }
  return new Response(told.join());
});`,
    "named.ts":
      "export const named = (word: string) => class { tell() { return word; } };",
    ...Object.fromEntries(
      Object.entries(rooms).map(([name, text]) => [
        `${name}.ts`,
        `${
          text.replace("WORD", `"${word}"`)
        }\nexport const room = () => new Room();`,
      ]),
    ),
    "deno.json": JSON.stringify({ flyhot: { keep: ["main.ts#held"] } }),
  });
  await using running = await OrdinaryApp.start(files("one"), {
    flags: ["--no-check"],
  });
  await using clients = new Clients(running.url, 2);
  const told = (word: string) =>
    `200 ${Object.keys(rooms).map((it) => `${it} ${word}`).join()}`;
  assertEquals(await running.ask("/"), told("one"));
  const { state, failure } = await running.upgrade(files("two"));
  assertEquals(state, "applied", failure?.message);
  assertEquals(await running.ask("/"), told("two"));
  assertEquals(await clients.end(), []);
});
