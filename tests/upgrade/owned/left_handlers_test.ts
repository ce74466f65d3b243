import { assertEquals, assertMatch } from "@std/assert";
import { Clients } from "../../support/net/clients.ts";
import { OrdinaryApp, RUNTIME } from "../../support/ordinary_app.ts";

/** What requests may begin that the platform calls later: it calls `told(WORD)`; and what the refusal says. */
const STARTS: Readonly<Record<string, readonly [code: string, what: string]>> =
  {
    broadcast: [
      `new BroadcastChannel("broadcast").onmessage = () => { told(WORD); };`,
      "a BroadcastChannel",
    ],
    channel: [
      `const { port1, port2 } = new MessageChannel(); port1.addEventListener("message", () => { told(WORD); }); port1.start(); port2.postMessage(0);`,
      "a MessagePort",
    ],
    worker: [
      `new Worker("data:text/javascript,setInterval(() => postMessage(0), 20)", { type: "module" }).onmessage = () => { told(WORD); };`,
      "a Worker",
    ],
    thread: [
      `new Thread("setInterval(() => require('node:worker_threads').parentPort.postMessage(0), 20)", { eval: true }).on("message", () => { told(WORD); });`,
      "a Worker",
    ],
    on_process: [
      `process.on("told" as never, () => { told(WORD); });`,
      "the process",
    ],
    signal: [
      `Deno.addSignalListener("SIGUSR2", () => { told(WORD); });`,
      "the signal SIGUSR2",
    ],
    global: [
      `addEventListener("told", () => { told(WORD); });`,
      "the global object",
    ],
    client: [
      `new WebSocket(SOCKETS).onmessage = () => { told(WORD); };`,
      "a WebSocket",
    ],
    serve: [
      `Deno.serve({ port: 0, onListen() {} }, () => new Response(told(WORD)));`,
      "a server",
    ],
    "node_serve": [
      `http.createServer((_, response) => { told(WORD); response.end(); }).listen(0);`,
      "a server",
    ],
    "file_watch": [`fs.watch(".", () => { told(WORD); });`, "a watcher"],
    "file_stats": [
      `fs.watchFile("main.ts", { interval: 20 }, () => { told(WORD); });`,
      "a watcher",
    ],
    pipe: [
      `source().pipeTo(new WritableStream({ write() { told(WORD); } }));`,
      "a stream that is piped",
    ],
    through: [
      `source().pipeThrough(new TransformStream({ transform() { told(WORD); } })).pipeTo(new WritableStream());`,
      "a stream that is piped",
    ],
    "node_pipe": [
      `Readable.fromWeb(source() as never).pipe(new Writable({ objectMode: true, write(_chunk, _encoding, done) { told(WORD); done(); } }));`,
      "a stream",
    ],
    "node_data": [
      `Readable.fromWeb(source() as never).on("data", () => { told(WORD); });`,
      "a stream",
    ],
    child: [
      `childProcess.spawn("sleep", ["60"]).on("exit", () => { told(WORD); });`,
      "a child process",
    ],
  };
const NAMES = Object.keys(STARTS);
const SOCKETS =
  `"ws://127.0.0.1:" + (globalThis as unknown as { sockets: number }).sockets`;

const STAY = `
export const log: string[] = [];
export const told = (word: string) => { log.push(word); return word; };
export const source = () => new ReadableStream<string>({ start(it) { setInterval(() => it.enqueue("x"), 20); } });
const server = Deno.serve({ port: 0, onListen() {} }, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request);
  return socket.onopen = () => { setInterval(() => socket.readyState === 1 && socket.send("x"), 20); }, response;
});
Object.assign(globalThis, { sockets: server.addr.port });`;
const MAIN = `
${NAMES.map((name) => `import { ${name} } from "./${name}.ts";`).join("\n")}
const all = { ${NAMES} };
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, async (request) => {
  const name = new URL(request.url).pathname.slice(1);
  if (name === "all") for (const start of Object.values(all)) start();
  else all[name as keyof typeof all]?.();
  await new Promise((done) => setTimeout(done, 5));
  return new Response("here");
});`;

const work = (name: string, code: string, word: string) => `
import process from "node:process";
import fs from "node:fs";
import http from "node:http";
import childProcess from "node:child_process";
import { Readable, Writable } from "node:stream";
import { Worker as Thread } from "node:worker_threads";
import { source, told } from "./stay.ts";
export const ${name} = () => { ${
  code.replaceAll("WORD", JSON.stringify(`${word} ${name}`)).replaceAll(
    "SOCKETS",
    SOCKETS,
  )
} };`;

const files = (word: string) => ({
  "main.ts": MAIN,
  "stay.ts": STAY,
  ...Object.fromEntries(
    NAMES.map((name) => [`${name}.ts`, work(name, STARTS[name]![0], word)]),
  ),
  "deno.json": `{ "flyhot": { "sockets": "keep" } }`,
});

Deno.test("what a request has given the platform to call later is refused by name", async () => {
  await using running = await OrdinaryApp.start(files("one"));
  await using clients = new Clients(running.url, 2);
  assertEquals(await running.ask("/all"), "200 here");
  const { state, failure } = await running.upgrade(files("two"));
  assertEquals(state, "failed", failure?.message);
  const whys = new Map(
    failure!.refusals!.map(({ path, why }) => [path.replace(/\.ts$/, ""), why]),
  );
  for (const name of NAMES) {
    const [, what] = STARTS[name]!;
    assertMatch(
      `${name} ${whys.get(name)}`,
      new RegExp(`${name} has (?:given|begun) ${what}.* for a request that is`),
    );
  }
  assertEquals(whys.size, NAMES.length);
  assertEquals(await clients.end(), []);
});

Deno.test("what evaluations have given the platform is theirs, and what requests end themselves is over", async () => {
  const quiet = (word: string) => ({
    "main.ts": `
import process from "node:process";
import { Readable } from "node:stream";
import { answer } from "./work.ts";
process.on("told" as never, () => { answer("${word}"); });
addEventListener("told", () => { answer("${word}"); });
new BroadcastChannel("mine").close();
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, async (request) => {
  const body = new Response("some text").body!;
  const ended = (it: string) => { if (it === "") answer("${word}"); };
  const node = Readable.fromWeb(body.pipeThrough(new TransformStream()) as never).on("data", (it) => ended(String(it)));
  await new Promise((done) => node.once("end", done));
  const { port1, port2 } = new MessageChannel();
  const told = new Promise((done) => { port1.onmessage = () => { done(answer("${word}")); port1.close(); }; });
  port2.postMessage(0);
  await told;
  const stop = () => { answer("${word}"); };
  process.once("SIGTERM", stop).off("SIGTERM", stop);
  Deno.addSignalListener("SIGUSR2", stop);
  Deno.removeSignalListener("SIGUSR2", stop);
  await request.body?.pipeTo(new WritableStream({ write() { answer("${word}"); } }));
  return new Response(answer("${word}"));
});`,
    "work.ts": `export const answer = (word: string) => word;`,
  });
  await using running = await OrdinaryApp.start(quiet("one"));
  await using clients = new Clients(running.url, 3);
  assertEquals(await running.ask("/"), "200 one");
  const { state, failure } = await running.upgrade(quiet("two"));
  assertEquals(state, "applied", failure?.message);
  assertEquals(await running.ask("/"), "200 two");
  assertEquals(await clients.end(), []);
});

Deno.test("what a service has given the platform ends with the service", async () => {
  const app = (word: string) => ({
    "main.ts": `
import process from "node:process";
import { service } from "@flyhot/runtime";
const heard: string[] = [];
const hears = () => { heard.push("${word}"); };
service("hears", {
  start: () => {
    process.on("told" as never, hears);
    addEventListener("told", hears);
    Deno.addSignalListener("SIGUSR2", hears);
    const channel = new BroadcastChannel("told");
    channel.onmessage = hears;
    return channel;
  },
  stop: (channel) => {
    process.off("told", hears);
    removeEventListener("told", hears);
    Deno.removeSignalListener("SIGUSR2", hears);
    channel.close();
  },
});
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, async (request) => {
  if (!request.url.endsWith("/tell")) return new Response("${word}");
  heard.length = 0;
  process.emit("told" as never);
  dispatchEvent(new Event("told"));
  Deno.kill(Deno.pid, "SIGUSR2");
  const channel = new BroadcastChannel("told");
  channel.postMessage("");
  await new Promise((done) => setTimeout(done, 100));
  channel.close();
  return new Response(heard.join());
});`,
    "deno.json": JSON.stringify({
      imports: { "@flyhot/runtime": RUNTIME },
      flyhot: { startsAnew: ["main.ts#heard"] },
    }),
  });
  await using running = await OrdinaryApp.start(app("one"));
  await using clients = new Clients(running.url, 2);
  assertEquals(await running.ask("/tell"), "200 one,one,one,one");
  const { state, failure } = await running.upgrade(app("two"));
  assertEquals(state, "applied", failure?.message);
  assertEquals(await running.ask("/tell"), "200 two,two,two,two");
  assertEquals(await clients.end(), []);
});
