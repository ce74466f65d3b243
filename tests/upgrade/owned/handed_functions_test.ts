import { assert, assertEquals, assertMatch } from "@std/assert";
import { Clients } from "../../support/net/clients.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";
import { canBeHad } from "../../support/packages.ts";

const PACKAGES = {
  Cron: "npm:croner@9.1.0",
  WebSocket: "npm:ws@8.18.3",
  LRUCache: "npm:lru-cache@11.2.2",
  Emittery: "npm:emittery@1.2.0",
} as const;

/** What requests may hand on to somebody who keeps it where nobody can look. */
const HANDED: Readonly<Record<string, string>> = {
  private_field: "hub.on(() => { told(WORD); });",
  object: "const hears = { tell() { told(WORD); } }; hub.add(hears);",
  bound: "hub.on((function () { told(WORD); }).bind(null));",
  made: "const make = () => () => { told(WORD); }; hub.on(make());",
  returned:
    "function made() { const tell = () => { told(WORD); }; return tell; } hub.on(made());",
  member: "const hears = { tell() { told(WORD); } }; hub.on(hears.tell);",
  taken_apart: "const [tell] = [() => { told(WORD); }]; hub.on(tell);",
  of_class:
    "class Teller { static tell() { told(WORD); } } hub.on(Teller.tell);",
  by_any_name:
    "class Make { static it() { return () => { told(WORD); }; } } hub.enlist(Make.it());",
  constructed:
    "class Make { static it() { return () => { told(WORD); }; } } const seat = new Seat(Make.it());",
  object_around:
    "const room = { tell() { told(WORD); } }; hub.on(() => { room.tell(); });",
  list_around:
    "const all = [[() => { told(WORD); }]]; hub.on(() => { for (const [it] of all) it(); });",
  class_around:
    "class Room { tell() { told(WORD); } } const room = new Room(); hub.on(() => { room.tell(); });",
  of_another:
    "class Make { static it() { return { tell() { told(WORD); } }; } } planned(Make.it());",
  timer_around:
    "const room = { tell() { told(WORD); } }; Deno.unrefTimer(setInterval(() => { room.tell(); }, 50));",
  listener_bound:
    'process.on("told", (function () { told(WORD); }).bind(null));',
  spread: "const all = [() => { told(WORD); }]; hub.on(...all);",
  weak_map: "weak.set(key, () => { told(WORD); });",
  proxy: "hub.add(new Proxy({ tell() { told(WORD); } }, {}));",
  from_async: "Array.fromAsync(source(), () => { told(WORD); });",
  lines:
    'readline.createInterface({ input: Readable.from(lines()) }).on("line", () => { told(WORD); });',
  timeout:
    'AbortSignal.timeout(60_000).addEventListener("abort", () => { told(WORD); });',
};
const OF_PACKAGES: Readonly<Record<string, string>> = {
  cron: 'new Cron("* * * * * *", { unref: true }, () => { told(WORD); });',
  socket: 'new WebSocket(url).on("message", () => { told(WORD); });',
  cache: 'cache.set("x", () => { told(WORD); });',
  emitter: 'emittery.on("x", () => { told(WORD); });',
};

const STAY = `
export const log: string[] = [];
export const told = (word: string) => { log.push(word); };
export class Hub {
  readonly #all = new Set<() => void>();
  readonly #objects = new Set<{ tell(): void }>();
  on(it: () => void) { this.#all.add(it); }
  enlist(it: () => void) { this.#all.add(it); }
  off(it: () => void) { this.#all.delete(it); }
  add(it: { tell(): void }) { this.#objects.add(it); }
  tell() {
    for (const it of this.#all) it();
    for (const it of this.#objects) it.tell();
  }
}
export const hub = new Hub();
export const planned = (room: { tell(): void }) => { hub.on(() => { room.tell(); }); };
export class Seat { constructor(it: () => void) { hub.on(it); } }
export const key = {};
export const weak = new WeakMap<object, () => void>();
export async function* source() { for (;;) yield await new Promise((done) => setTimeout(done, 20)); }
export async function* lines() { for await (const _ of source()) yield "x\\n"; }`;

const STAY_OF_PACKAGES = `
import { LRUCache } from "${PACKAGES.LRUCache}";
import Emittery from "${PACKAGES.Emittery}";
export const cache = new LRUCache<string, () => void>({ max: 3 });
export const emittery = new Emittery();
const server = Deno.serve({ port: 0, onListen() {} }, (request) => Deno.upgradeWebSocket(request).response);
export const url = "ws://127.0.0.1:" + server.addr.port;`;

const work = (name: string, code: string, word: string) => `
import process from "node:process";
import readline from "node:readline";
import { Readable } from "node:stream";
import { hub, key, lines, planned, Seat, source, told, weak } from "./stay.ts";
${
  name in OF_PACKAGES
    ? `
import { cache, emittery, url } from "./stay_of_packages.ts";
import { Cron } from "${PACKAGES.Cron}";
import { WebSocket } from "${PACKAGES.WebSocket}";`
    : ""
}
export const start_${name} = () => { ${
  code.replaceAll("WORD", JSON.stringify(word))
} };`;

function files(all: Readonly<Record<string, string>>, word: string) {
  const names = Object.keys(all);
  return {
    "main.ts": `
${names.map((it) => `import { start_${it} } from "./${it}.ts";`).join("\n")}
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, (request) => {
  if (request.url.endsWith("/start")) { ${
      names.map((it) => `start_${it}();`).join(" ")
    } }
  return new Response("here");
});`,
    "stay.ts": STAY,
    "stay_of_packages.ts": STAY_OF_PACKAGES,
    ...Object.fromEntries(
      names.map((it) => [`${it}.ts`, work(it, all[it]!, word)]),
    ),
    "deno.json": `{ "flyhot": { "sockets": "keep" } }`,
  };
}

async function refuses(all: Readonly<Record<string, string>>): Promise<void> {
  await using running = await OrdinaryApp.start(files(all, "one"));
  await using clients = new Clients(running.url, 2);
  assertEquals(await running.ask("/start"), "200 here");
  const { state, failure } = await running.upgrade(files(all, "two"));
  assertEquals(state, "failed", failure?.message);
  const whys = new Map(
    failure!.refusals!.map(({ path, why }) => [path.replace(/\.ts$/, ""), why]),
  );
  for (const name of Object.keys(all)) {
    assertMatch(
      `${name} ${whys.get(name)}`,
      new RegExp(
        `^${name} has (?:handed a function to somebody|made what a function of stay.ts goes on with, which somebody still holds|set an interval|given the process a function) for a request`,
      ),
    );
  }
  assertEquals(whys.size, Object.keys(all).length);
  assertEquals(await clients.end(), []);
}

Deno.test("a function that a request has handed to somebody who still holds it is refused by name", async () => {
  await refuses(HANDED);
});

Deno.test({
  name: "a function that a request has handed to a package is refused by name",
  ignore: !await canBeHad(Object.values(PACKAGES)),
  fn: async () => await refuses(OF_PACKAGES),
});

Deno.test("functions that are handed on and not held hold no upgrade back, and what holds them may be consented to", async () => {
  const app = (word: string, consent: readonly string[] = []) => ({
    "main.ts": `import { answer } from "./answer.ts";
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, (request) => answer(request));`,
    "stay.ts": STAY,
    "answer.ts": `import { hub } from "./stay.ts";
const using = async <T>(act: (it: string) => Promise<T>) => await act("${word}");
export async function answer(request: Request): Promise<Response> {
  const tell = request.url.endsWith("/stay") ? (() => { const room = { tell: () => "${word}" }; return () => room.tell(); })() : () => "${word}";
  hub.on(tell);
  const all = await using(async (it) => { await new Promise((done) => setTimeout(done, 2)); return it + tell(); });
  if (!request.url.endsWith("/stay")) hub.off(tell);
  return new Response(all);
}`,
    "deno.json": JSON.stringify({ flyhot: { consent } }),
  });
  await using running = await OrdinaryApp.start(app("one"));
  await using clients = new Clients(running.url, 4);
  assertEquals(await running.ask("/"), "200 oneone");
  const { state, failure } = await running.upgrade(app("two"));
  assertEquals(state, "applied", failure?.message);
  assertEquals(await running.ask("/stay"), "200 twotwo");
  const refused = await running.upgrade(app("three"));
  assertEquals(
    refused.failure?.refusals?.map(({ path, consent }) => [path, consent]),
    [["answer.ts", "timers:answer.ts"]],
  );
  const consented = await running.upgrade(app("three", ["timers:answer.ts"]));
  assertEquals(consented.state, "applied", consented.failure?.message);
  assertEquals(await running.ask("/"), "200 threethree");
  assertEquals(await clients.end(), []);
});

Deno.test("what work that began before the swap leaves behind after it leads back", async () => {
  const app = (word: string) => ({
    "main.ts": `import { work } from "./work.ts";
import { go } from "./stay.ts";
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, async (request) => {
  if (request.url.endsWith("/go")) go.resolve();
  if (!request.url.endsWith("/late")) return new Response("${word}");
  await go.promise;
  return new Response(work());
});`,
    "stay.ts": `${STAY}
export const go = Promise.withResolvers<void>();`,
    "work.ts": `import { hub } from "./stay.ts";
export const work = () => {
  hub.on(() => console.log("${word}"));
  return "${word} late";
};`,
  });
  await using running = await OrdinaryApp.start(app("one"), {
    env: { FLYHOT_PROBATION_MS: "1500" },
  });
  await using clients = new Clients(running.url, 2);
  const late = running.ask("/late");
  const upgrade = running.upgrade(app("two"));
  while (await running.ask("/") !== "200 two") {
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  assertEquals(await running.ask("/go"), "200 two");
  assertEquals(await late, "200 one late");
  const { state, failure } = await upgrade;
  assertEquals(state, "rolled_back", failure?.message);
  assertMatch(
    failure!.message,
    /^Cannot replace work\.ts: it has handed a function to somebody/,
  );
  assertEquals(await running.ask("/"), "200 one");
  assertEquals(await clients.end(), []);
});

Deno.test("a generator that a request has begun is refused where somebody holds it, and only there", async () => {
  const app = (word: string) => ({
    "main.ts": `import { answer } from "./answer.ts";
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, (request) => answer(request));`,
    "stay.ts":
      `export class Shelf { #held: Iterator<string>[] = []; add(it: Iterator<string>) { this.#held.push(it); } clear() { this.#held = []; } }
export const shelf = new Shelf();`,
    "answer.ts": `import { shelf } from "./stay.ts";
function* words() { let count = 0; while (true) yield "${word}" + count++; }
export function answer(request: Request): Response {
  const it = words();
  if (request.url.endsWith("/stay")) shelf.add(it);
  if (request.url.endsWith("/clear")) shelf.clear();
  return new Response(it.next().value);
}`,
  });
  await using running = await OrdinaryApp.start(app("one"));
  await using clients = new Clients(running.url, 2);
  assertEquals(await running.ask("/"), "200 one0");
  const dropped = await running.upgrade(app("two"));
  assertEquals(dropped.state, "applied", dropped.failure?.message);
  assertEquals(await running.ask("/stay"), "200 two0");
  const held = await running.upgrade(app("three"));
  assertEquals(held.state, "failed");
  assertMatch(
    held.failure!.message,
    /^Cannot replace answer\.ts:2: it is in a loop on behalf of a request that is over/,
  );
  await running.ask("/clear");
  const again = await running.upgrade(app("three"));
  assertEquals(again.state, "applied", again.failure?.message);
  assertEquals(await running.ask("/"), "200 three0");
  assertEquals(await clients.end(), []);
});

Deno.test("a function in a field of an instance that a request has handed to somebody who still holds it is refused by name", async () => {
  const app = (word: string) => ({
    "main.ts": `import { hub } from "./stay.ts";
import { start } from "./work.ts";
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, (request) => {
  if (request.url.endsWith("/start")) start();
  return new Response("here");
});`,
    "stay.ts": STAY,
    "work.ts": `import { hub, told } from "./stay.ts";
class Teller { tell = () => { told("${word}"); }; start() { hub.on(this.tell); } }
export const start = () => { new Teller().start(); };`,
  });
  await using running = await OrdinaryApp.start(app("one"));
  await using clients = new Clients(running.url, 2);
  await running.ask("/start");
  const { state, failure } = await running.upgrade(app("two"));
  assertEquals(state, "failed");
  assertMatch(
    failure!.message,
    /^Cannot replace work\.ts: it has handed a function to somebody/,
  );
  assertEquals(await clients.end(), []);
});

Deno.test("a bound method that somebody holds leads on to the new one", async () => {
  const app = (word: string, text: string) => ({
    "main.ts": `import { Room } from "./room.ts";
import { hub, log } from "./stay.ts";
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, (request) => {
  if (request.url.endsWith("/start")) new Room();
  log.length = 0;
  hub.tell();
  return new Response(log.join());
});`,
    "stay.ts": STAY,
    "room.ts": `import { hub, told } from "./stay.ts";
export class Room {
  constructor() {
    hub.on(this.tell.bind(this));
    Deno.unrefTimer(setInterval(this.tell.bind(this), 60_000));
    process.on("told", this.tell.bind(this));
  }
  tell() { ${text} }
  word() { return "${word}"; }
}`,
    "deno.json": JSON.stringify({
      flyhot: { keep: ["stay.ts#hub", "stay.ts#log"] },
    }),
  });
  await using running = await OrdinaryApp.start(
    app("one", "told(this.word());"),
  );
  await using clients = new Clients(running.url, 2);
  assertEquals(await running.ask("/start"), "200 one");
  const { state, failure } = await running.upgrade(
    app("two", "told(this.word());"),
  );
  assertEquals(state, "applied", failure?.message);
  assertEquals(await running.ask(), "200 two");
  const changed = await running.upgrade(
    app("three", "told(this.word() + 3);"),
  );
  assertEquals(changed.state, "applied", changed.failure?.message);
  assertEquals(await running.ask(), "200 three3");
  assertEquals(await clients.end(), []);
});

Deno.test("a timer that a request has set runs no function that a replaced module has made for it", async () => {
  const app = (word: string) => ({
    "main.ts": `import { make } from "./make.ts";
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, (request) => {
  if (request.url.endsWith("/start")) Deno.unrefTimer(setInterval(make(), 60_000));
  return new Response("here");
});`,
    "make.ts": `export const make = () => () => { console.log("${word}"); };`,
  });
  await using running = await OrdinaryApp.start(app("one"));
  await using clients = new Clients(running.url, 2);
  await running.ask("/start");
  const { failure } = await running.upgrade(app("two"));
  assertMatch(
    String(failure?.message),
    /^Cannot replace make\.ts: it has set an interval for a request that is over/,
  );
  assertEquals(await clients.end(), []);
});

Deno.test("what requests hand on while new code is on probation is its own", async () => {
  const app = (word: string) => ({
    "main.ts": `import { make } from "./room.ts";
import { hub } from "./stay.ts";
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, () => {
  const room = make();
  if (room.tell() !== "one") {
    hub.on(() => room.tell());
    Deno.unrefTimer(setInterval(() => room.tell(), 60_000));
  }
  return new Response(room.tell());
});`,
    "stay.ts": STAY,
    "room.ts": `const word = () => "${word}";
export const make = () => ({ tell() { return word(); } });`,
    "deno.json": JSON.stringify({
      flyhot: { keep: ["stay.ts#hub"] },
    }),
  });
  await using running = await OrdinaryApp.start(app("one"), {
    env: { FLYHOT_PROBATION_MS: "500" },
  });
  let isOver = false, asked = 0;
  const upgrading = running.upgrade(app("two"));
  const end = () => isOver = true;
  upgrading.then(end, end);
  while (!isOver) {
    if (await running.ask() === "200 two") asked++;
    await new Promise((done) => setTimeout(done, 5));
  }
  const { state, failure } = await upgrading;
  assertEquals(state, "applied", failure?.message);
  assert(asked > 5, String(asked));
  assertEquals(await running.ask(), "200 two");
});
