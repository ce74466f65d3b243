import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { OrdinaryApp } from "../../support/ordinary_app.ts";
import { Clients } from "../../support/net/clients.ts";

const SERVE =
  `port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {}`;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Everything that repeats, in the ways that it is written. */
const repeating = (version: string) => `
import { setInterval as every, setTimeout as sleep } from "node:timers/promises";
import timers from "node:timers";
const say = (what: string) => console.log(what + " ${version}");
(async () => { for await (const _ of every(20)) say("async interval"); })();
(async function again(): Promise<void> { await sleep(20); say("recursion"); return again(); })();
const turn = async () => { try { say("finally"); } finally { setTimeout(turn, 20); } };
void turn();
class Heart { #beat = 0; start() { timers.setTimeout(() => { this.#beat++; say("class"); this.start(); }, 20); return this; } static { new Heart().start(); } }
function* steps() { while (true) yield new Promise((done) => setTimeout(done, 20)); }
(async () => { for (const step of steps()) { await step; say("generator"); } })();
new Promise<void>((done) => setTimeout(done, 20)).then(function next(): Promise<void> { say("then"); return new Promise<void>((done) => setTimeout(done, 20)).then(next); });
Deno.serve({ ${SERVE} }, () => new Response("${version}"));`;

const KINDS = [
  "async interval",
  "class",
  "finally",
  "generator",
  "recursion",
  "then",
];

Deno.test("whatever repeats ends with its module, in each way that it is written, under load (P69)", async () => {
  await using app = await OrdinaryApp.start({ "main.ts": repeating("v1") });
  await using clients = new Clients(app.url, 2);
  for (const version of ["v2", "v3"]) {
    const { state, failure } = await app.upgrade({
      "main.ts": repeating(version),
    });
    assertEquals(state, "applied", failure?.message);
    const from = app.log.length;
    await pause(400);
    const lines = new Set(
      app.log.slice(from).filter((line) => !line.startsWith("flyhot")),
    );
    assertEquals(
      [...lines].sort(),
      KINDS.map((kind) => `${kind} ${version}`),
    );
  }
  assertEquals(await clients.end(), []);
});

Deno.test("a loop that waits for something else than timers refuses its end, by file and line, and goes on by consent", async () => {
  const main = (version: string) =>
    `import { queue } from "./queue.ts";
async function work() {
  while (true) {
    const job = await queue.pop();
    console.log(job + " ${version}");
  }
}
work();
Deno.serve({ ${SERVE} }, (request) => { queue.push(new URL(request.url).pathname); return new Response("${version}"); });`;
  const queue = `
const waiting: ((job: string) => void)[] = [];
export const queue = {
  pop: () => new Promise<string>((done) => waiting.push(done)),
  push: (job: string) => waiting.shift()?.(job),
};`;
  const settings = (consent: string[]) =>
    JSON.stringify({
      flyhot: {
        startsAnew: ["queue.ts#waiting"],
        shared: ["queue.ts#queue"],
        consent,
      },
    });
  await using app = await OrdinaryApp.start({
    "main.ts": main("v1"),
    "queue.ts": queue,
    "deno.json": settings([]),
  });
  await app.ask("/one");
  const refused = await app.upgrade({ "main.ts": main("v2") });
  assertEquals(refused.state, "failed");
  assertStringIncludes(
    refused.failure!.message,
    "main.ts:3 an endless loop that awaits: goes on beside that of the new code",
  );
  await app.ask("/two");
  await app.app.logged("/two v1");
  const { state, failure } = await app.upgrade({
    "main.ts": main("v2"),
    "deno.json": settings(["repeats:main.ts#loop"]),
  });
  assertEquals(state, "applied", failure?.message);
});

Deno.test("a loop that waits by a function of another module ends where that sets a timer, whatever it is called", async () => {
  const ticking = (version: string, rest: string) => `
import { ${rest} } from "./rests.ts";
export const version = "${version}";
(async () => { while (true) { console.log("${rest} ${version}"); await ${
    rest.split(" as ").at(-1)
  }(20); } })();`;
  await using app = await OrdinaryApp.start({
    "main.ts":
      `import { version as one } from "./good.ts"; import { version as two } from "./bad.ts"; import { version as three } from "./seldom.ts";
Deno.serve({ ${SERVE} }, () => new Response(one + two + three));`,
    "good.ts": ticking("v1", "nap as sometimes"),
    "bad.ts": ticking("v1", "sleep"),
    "seldom.ts":
      `import { sleep, nap } from "./rests.ts"; export const version = "v1"; (async () => { while (true) { try { await sleep(1); } catch { await nap(20); } } })();`,
    "rests.ts":
      `export * from "./clock.ts"; export { until as sleep } from "./bus.ts";`,
    "clock.ts":
      `const inner = (ms: number) => new Promise<void>((done) => setTimeout(done, ms)); export async function nap(ms: number) { await inner(ms); }`,
    "bus.ts":
      `export const bus = new EventTarget(); export const until = (_timeout: number) => new Promise((done) => bus.addEventListener("tick", done, { once: true }));`,
    "deno.json": `{ "flyhot": { "shared": ["bus.ts#bus"] } }`,
  });
  await using clients = new Clients(app.url, 2);
  const good = await app.upgrade({
    "good.ts": ticking("v2", "nap as sometimes"),
  });
  assertEquals(good.state, "applied", good.failure?.message);
  const from = app.log.length;
  await pause(200);
  assertEquals(
    [...new Set(app.log.slice(from))].filter((it) => !it.startsWith("flyhot")),
    ["nap as sometimes v2"],
  );
  const bad = await app.upgrade({ "bad.ts": ticking("v2", "sleep") });
  assertEquals(bad.state, "failed");
  assertStringIncludes(
    bad.failure!.message,
    "bad.ts:4 an endless loop that awaits: goes on beside that of the new code, because sleep(), for which it waits, sets no timer",
  );
  const seldom = await app.upgrade({
    "bad.ts": ticking("v1", "sleep"),
    "seldom.ts":
      `import { sleep, nap } from "./rests.ts"; export const version = "v2"; (async () => { while (true) { try { await sleep(1); } catch { await nap(20); } } })();`,
  });
  assertEquals(seldom.state, "failed");
  assertStringIncludes(seldom.failure!.message, "seldom.ts:1 an endless loop");
  assertEquals(await clients.end(), []);
});

/** Responses that go on: one of Deno's, one of Node's. */
const streaming = (version: string) => `
import http from "node:http";
const encoder = new TextEncoder();
const events = () => {
  let timer: number;
  return new ReadableStream({
    start(it) { timer = setInterval(() => it.enqueue(encoder.encode("data: ${version}\\n\\n")), 10); },
    cancel() { clearInterval(timer); },
  });
};
const type = "text/event-stream";
Deno.serve({ ${SERVE} }, (request) => request.url.endsWith("/events") ? new Response(events(), { headers: { "content-type": type } }) : new Response("${version}"));
http.createServer((_request, response) => {
  response.writeHead(200, { "content-type": type });
  const timer = setInterval(() => response.write("data: ${version}\\n\\n"), 10);
  response.on("close", () => clearInterval(timer));
}).listen(Number(Deno.env.get("OTHER")), "127.0.0.1");`;

Deno.test("an open event stream goes on in the code that it began in, and new ones in the new code", async () => {
  const other = (() => {
    using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
    return `${listener.addr.port}`;
  })();
  await using app = await OrdinaryApp.start({
    "main.ts": streaming("v1"),
    "deno.json": `{ "flyhot": { "runtime": { "drainMs": 50 } } }`,
  }, { env: { OTHER: other } });
  const urls = [`${app.url}/events`, `http://127.0.0.1:${other}/`];
  const open = async (url: string) => {
    const { body } = await fetch(url);
    return body!.pipeThrough(new TextDecoderStream()).getReader();
  };
  const old = await Promise.all(urls.map(open));
  const next = async (reader: ReadableStreamDefaultReader<string>) =>
    (await reader.read()).value?.match(/v\d/)?.[0];
  try {
    assertEquals(await Promise.all(old.map(next)), ["v1", "v1"]);
    const { state, failure } = await app.upgrade({
      "main.ts": streaming("v2"),
    });
    assertEquals(state, "applied", failure?.message);
    const fresh = await Promise.all(urls.map(open));
    assertEquals(await Promise.all(fresh.map(next)), ["v2", "v2"]);
    for (const reader of fresh) await reader.cancel();
    for (let at = 0; at < 30; at++) {
      assertEquals(await Promise.all(old.map(next)), ["v1", "v1"]);
    }
    assert(await app.ask() === "200 v2");
  } finally {
    for (const reader of old) await reader.cancel();
  }
});

/** Listeners that lead to their own event: some by a timer, one by the disk. */
const events = (version: string) => `
import { EventEmitter } from "node:events";
import { stat } from "node:fs/promises";
const nap = () => new Promise((done) => setTimeout(done, 20));
const say = (what: string) => console.log(what + " ${version}");
const target = new EventTarget();
target.addEventListener("tick", async () => { await stat("."); await nap(); say("target"); target.dispatchEvent(new Event("tick")); });
target.dispatchEvent(new Event("tick"));
const emitter = new EventEmitter();
emitter.on("tick", () => setTimeout(() => { say("emitter"); emitter.emit("tick"); }, 20));
emitter.emit("tick");
const { port1, port2 } = new MessageChannel();
port1.onmessage = async () => { await nap(); say("port"); port2.postMessage(0); };
port2.postMessage(0);
Deno.serve({ ${SERVE} }, () => new Response("${version}"));`;

Deno.test("listeners that lead to their own event end with their timers, or refuse their end by file and line", async () => {
  const disk = (version: string) => `
import { EventEmitter } from "node:events";
import { stat } from "node:fs/promises";
export const version = "${version}";
const emitter = new EventEmitter();
emitter.on("tick", async () => { await stat("."); emitter.emit("tick"); });
emitter.emit("tick");`;
  await using app = await OrdinaryApp.start({
    "main.ts": `import { version } from "./disk.ts"; void version;` +
      events("v1"),
    "disk.ts": disk("v1"),
  });
  await using clients = new Clients(app.url, 2);
  const { state, failure } = await app.upgrade({ "main.ts": events("v2") });
  assertEquals(state, "failed");
  assertStringIncludes(
    failure!.message,
    "disk.ts:6 a listener that leads to its event again: goes on beside that of the new code",
  );
  const next = await app.upgrade({
    "main.ts": `import { version } from "./disk.ts"; void version;` +
      events("v2"),
  });
  assertEquals(next.state, "applied", next.failure?.message);
  const from = app.log.length;
  await pause(200);
  const lines = new Set(
    app.log.slice(from).filter((line) => !line.startsWith("flyhot")),
  );
  assertEquals([...lines].sort(), ["emitter v2", "port v2", "target v2"]);
  assertEquals(await clients.end(), []);
});
