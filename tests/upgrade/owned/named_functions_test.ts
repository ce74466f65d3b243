import { assertEquals, assertMatch } from "@std/assert";
import { Clients } from "../../support/net/clients.ts";
import { OrdinaryApp, RUNTIME } from "../../support/ordinary_app.ts";
import { canBeHad } from "../../support/packages.ts";

const PACKAGES = {
  Cron: "npm:croner@9.1.0",
  WebSocket: "npm:ws@8.18.3",
} as const;

/** What requests may hand on by a name to somebody who keeps it where nobody can look: what is declared, and what a request does. */
const NAMED: Readonly<Record<string, readonly [string, string]>> = {
  declared: ["function tell() { told(WORD); }", "hub.on(tell);"],
  arrow: ["const tell = () => told(WORD);", "hub.on(tell);"],
  block: ["const tell = () => { told(WORD); };", "hub.on(tell);"],
  expression: ["const tell = function () { told(WORD); };", "hub.on(tell);"],
  taken_apart: [
    "const tell = ({ size }: Set<unknown> = new Set([WORD])) => { told(WORD + size); };",
    "hub.on(tell);",
  ],
  in_object: ["const tell = () => told(WORD);", "hub.add({ tell });"],
  passed: [
    "function tell() { told(WORD); } const give = (to: Hub, it: () => void) => { to.on(it); };",
    "give(hub, tell);",
  ],
  local: ["function tell() { told(WORD); }", "const it = tell; hub.on(it);"],
  chosen: [
    "const tell = () => told(WORD);",
    "hub.on(Date.now() > 0 ? tell : () => {});",
  ],
  waits: [
    "async function tell() { await Promise.resolve(); told(WORD); }",
    "hub.on(tell);",
  ],
  method: [
    "class Teller { tell() { told(WORD); } start() { hub.on(this.tell); } }",
    "new Teller().start();",
  ],
  of_object: [
    "const teller = { tell() { told(WORD); } };",
    "hub.add(teller);",
  ],
  member: [
    "const teller = { tell: () => { told(WORD); } };",
    "hub.on(teller.tell);",
  ],
  timer_of_others: ["function tell() { told(WORD); }", "weak.set(key, tell);"],
};
const OF_PACKAGES: Readonly<Record<string, readonly [string, string]>> = {
  cron: [
    "function poll() { told(WORD); }",
    'new Cron("* * * * * *", { unref: true }, poll);',
  ],
  socket: [
    "function onMessage() { told(WORD); }",
    'new WebSocket(url).on("message", onMessage);',
  ],
};

const STAY = `
export const log: string[] = [];
export const told = (word: string) => { log.push(word); };
export class Hub {
  readonly #all = new Set<() => void>();
  readonly #objects = new Set<{ tell(): void }>();
  on(it: () => void) { this.#all.add(it); }
  off(it: () => void) { this.#all.delete(it); }
  add(it: { tell(): void }) { this.#objects.add(it); }
  tell() {
    for (const it of this.#all) it();
    for (const it of this.#objects) it.tell();
    weak.get(key)?.();
  }
}
export const hub = new Hub();
export const key = {};
export const weak = new WeakMap<object, () => void>();`;

const STAY_OF_PACKAGES = `
const server = Deno.serve({ port: 0, onListen() {} }, (request) => {
  const { response, socket } = Deno.upgradeWebSocket(request);
  const timer = setInterval(() => { if (socket.readyState === 1) socket.send("x"); }, 20);
  socket.onclose = () => clearInterval(timer);
  return response;
});
export const url = "ws://127.0.0.1:" + server.addr.port;`;

type Parts = readonly [string, string];

const work = (name: string, [declared, done]: Parts, word: string) => `
import { Hub, hub, key, told, weak } from "./stay.ts";
${
  name in OF_PACKAGES
    ? `
import { url } from "./stay_of_packages.ts";
import { Cron } from "${PACKAGES.Cron}";
import { WebSocket } from "${PACKAGES.WebSocket}";`
    : ""
}
${declared.replaceAll("WORD", JSON.stringify(`${name} ${word} `))}
export const start_${name} = () => { ${done} };`;

function files(all: Readonly<Record<string, Parts>>, word: string) {
  const names = Object.keys(all);
  return {
    "main.ts": `
import { hub, log } from "./stay.ts";
${names.map((it) => `import { start_${it} } from "./${it}.ts";`).join("\n")}
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, async (request) => {
  const { pathname } = new URL(request.url);
  if (pathname === "/start") { ${
      names.map((it) => `start_${it}();`).join(" ")
    } }
  if (pathname === "/tell") { hub.tell(); await new Promise((done) => setTimeout(done, 5)); return new Response(log.splice(0).map((it) => it.trim()).sort().join(",")); }
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

const words = (all: object, word: string) =>
  Object.keys(all).map((it) =>
    `${it} ${word}${it === "taken_apart" ? " 1" : ""}`
  ).sort();

Deno.test("functions that requests have handed on by their names are the newest ones for whoever calls them", async () => {
  await using running = await OrdinaryApp.start(files(NAMED, "one"));
  await using clients = new Clients(running.url, 2);
  await running.ask("/start");
  const told = async () =>
    (await running.ask("/tell")).replace("200 ", "").split(",");
  assertEquals(await told(), words(NAMED, "one"));
  for (const word of ["two", "three"]) {
    const { state, failure } = await running.upgrade(files(NAMED, word));
    assertEquals(state, "applied", failure?.message);
    assertEquals(await told(), words(NAMED, word));
  }
  assertEquals(await clients.end(), []);
});

Deno.test({
  name:
    "a function that a request has handed to a package by its name is the newest one for the package",
  ignore: !await canBeHad(Object.values(PACKAGES)),
  fn: async () => {
    await using running = await OrdinaryApp.start(files(OF_PACKAGES, "one"));
    await using clients = new Clients(running.url, 2);
    await running.ask("/start");
    const told = async (word: string) => {
      const heard = new Set<string>();
      for (let at = 0; at < 200 && heard.size < 2; at++) {
        const said = (await running.ask("/tell")).replace("200 ", "");
        for (const it of said.split(",")) if (it.includes(word)) heard.add(it);
        await new Promise((resolve) => setTimeout(resolve, 20));
      }
      return [...heard].sort();
    };
    assertEquals(await told("one"), words(OF_PACKAGES, "one"));
    const { state, failure } = await running.upgrade(files(OF_PACKAGES, "two"));
    assertEquals(state, "applied", failure?.message);
    assertEquals(await told("two"), words(OF_PACKAGES, "two"));
    // What has begun before may still have been under way.
    await running.ask("/tell");
    await new Promise((resolve) => setTimeout(resolve, 100));
    assertMatch(await running.ask("/tell"), /^200 (?:(?:cron|socket) two,?)+$/);
    assertEquals(await clients.end(), []);
  },
});

const SERVE = (routes: string) => `
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, async (request) => {
  const { pathname } = new URL(request.url);
  ${routes}
  if (pathname === "/tell") { hub.tell(); return new Response(log.splice(0).join(",")); }
  return new Response("here");
});`;

/** One module hands on what another one has, by several ways. */
function linked(word: string) {
  return {
    "main.ts": `import { hub, log } from "./stay.ts";
import { start } from "./start.ts";
${SERVE('if (pathname === "/start") { start(); }')}`,
    "stay.ts": STAY,
    "start.ts": `import { hub } from "./stay.ts";
import { again as renamed, tell } from "./index.ts";
import * as all from "./handlers.ts";
import { teller } from "./handlers.ts";
export function start() { hub.on(tell); hub.on(renamed); hub.on(all.third); hub.add(teller); }`,
    "index.ts": `export * from "./handlers.ts";
export { second as again } from "./handlers.ts";`,
    "handlers.ts": `import { told } from "./stay.ts";
export function tell() { told("tell ${word}"); }
export const second = () => told("second ${word}");
export const third = () => { told("third ${word}"); };
export const teller = { tell: () => told("fourth ${word}") };`,
  };
}

Deno.test("functions that another module hands on by its import are the newest ones for whoever calls them", async () => {
  await using running = await OrdinaryApp.start(linked("one"));
  await using clients = new Clients(running.url, 2);
  await running.ask("/start");
  for (const word of ["one", "two", "three"]) {
    if (word !== "one") {
      const { state, failure } = await running.upgrade(linked(word));
      assertEquals(state, "applied", failure?.message);
    }
    assertEquals(
      await running.ask("/tell"),
      `200 tell ${word},second ${word},third ${word},fourth ${word}`,
    );
  }
  assertEquals(await clients.end(), []);
});

/** An app whose check may fail, and whose requests may go on across an upgrade. */
function waiting(word: string, check = true) {
  return {
    "main.ts": `import { health } from "@flyhot/runtime";
import { hub, log } from "./stay.ts";
import { hold, release, start } from "./work.ts";
health(() => { hub.tell(); return log.splice(0).join() === "${word}" && ${check}; });
${
      SERVE(`if (pathname === "/start") start();
  if (pathname === "/hold") return new Response(await hold());
  if (pathname === "/release") release();`)
    }`,
    "stay.ts": `${STAY}
export const gate = { open() {} };`,
    "work.ts": `import { gate, hub, told } from "./stay.ts";
export function tell() { told("${word}"); return "${word}"; }
export function start() { hub.on(tell); }
export const release = () => gate.open();
export async function hold() { await new Promise<void>((open) => { gate.open = open; }); return tell() + (() => tell())(); }`,
    "deno.json": `{ "imports": { "@flyhot/runtime": "${RUNTIME}" } }`,
  };
}

Deno.test("work that goes on calls the functions that it began with, a check those of its code, and a way back leads back", async () => {
  await using running = await OrdinaryApp.start(waiting("one"));
  await using clients = new Clients(running.url, 2);
  await running.ask("/start");
  assertEquals(await running.ask("/tell"), "200 one");
  const held = running.ask("/hold");
  held.catch(() => {});
  await running.ask("/here");
  const failed = await running.upgrade(waiting("two", false));
  assertEquals(failed.state, "rolled_back");
  assertEquals(await running.ask("/tell"), "200 one");
  const { state, failure } = await running.upgrade(waiting("three"));
  assertEquals(state, "applied", failure?.message);
  assertEquals(await running.ask("/tell"), "200 three");
  await running.ask("/release");
  assertEquals(await held, "200 oneone");
  assertEquals(await clients.end(), []);
});

/** An app that hands on functions which nobody can let lead on. */
function refused(
  word: string,
  parts: { readonly tell: string; readonly more?: string },
) {
  return {
    "main.ts": `import { hub, log } from "./stay.ts";
import { start, stop } from "./work.ts";
${
      SERVE(
        'if (pathname === "/start") start(); if (pathname === "/stop") stop();',
      )
    }`,
    "stay.ts": STAY,
    "work.ts": `import { hub, told } from "./stay.ts";
${parts.tell}
export const word = "${word}";
export function start() { hub.on(tell); }
export function stop() { ${parts.more ?? ""} }`,
  };
}

Deno.test("functions that are handed on by a name which the new code has not, or by which somebody looks for them, are refused", async () => {
  const tell = (word: string) => `function tell() { told("${word}"); }`;
  const off = "hub.off(tell);";
  await using running = await OrdinaryApp.start(
    refused("one", { tell: tell("one"), more: off }),
  );
  await using clients = new Clients(running.url, 2);
  await running.ask("/start");
  const looked = await running.upgrade(
    refused("two", { tell: tell("two"), more: off }),
  );
  assertEquals(looked.state, "failed");
  assertMatch(
    looked.failure!.message,
    /^Cannot replace work\.ts: it has handed a function to somebody .*\(tell: its text is not in the new code\)/,
  );
  const gone = await running.upgrade(
    refused("two", { tell: "const tell = { tell() {} }.tell;", more: off }),
  );
  assertEquals(gone.state, "failed");
  assertEquals(await running.ask("/tell"), "200 one");
  const same = await running.upgrade(
    refused("two", { tell: tell("one"), more: off }),
  );
  assertEquals(same.state, "applied", same.failure?.message);
  assertEquals(await running.ask("/tell"), "200 one");
  assertEquals(await clients.end(), []);
});

Deno.test("a function that is handed on by its name and is gone from the new code is refused by name", async () => {
  const tell = 'function tell() { told("one"); }';
  await using running = await OrdinaryApp.start(refused("one", { tell }));
  await using clients = new Clients(running.url, 2);
  await running.ask("/start");
  const gone = refused("two", { tell: 'function told_by() { told("two"); }' });
  const files = {
    ...gone,
    "work.ts": gone["work.ts"].replace("hub.on(tell)", "hub.on(told_by)"),
  };
  const { state, failure } = await running.upgrade(files);
  assertEquals(state, "failed");
  assertMatch(
    failure!.message,
    /^Cannot replace work\.ts: it has handed tell to somebody .* the new code has no function of this name/,
  );
  assertEquals(await running.ask("/tell"), "200 one");
  assertEquals(await clients.end(), []);
});
