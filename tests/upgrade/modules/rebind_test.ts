import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Clients } from "../../support/net/clients.ts";
import type { Files } from "../../support/driven_app.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";

const PORT = `port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1"`;

const config = (more: Record<string, unknown> = {}) =>
  JSON.stringify({
    flyhot: {
      rebind: true,
      runtime: { probationMs: 200, drainMs: 300 },
      ...more,
    },
  });

/** Handlers that were made when it was evaluated, and that sockets, timers and promises have got since. */
const MAIN = `
import { greet, Room, default as plain, renamed, later } from "./m.ts";
import * as all from "./m.ts";
import { through } from "./barrel.ts";
setInterval(() => console.log("tick " + greet()), 20);
addEventListener("ask", (event) => (event as CustomEvent).detail(greet()));
const at = (act: () => unknown) => {
  try { act(); } catch (error) { return /(\\w+\\.ts)(?:\\?[^:]*)?:(\\d+:\\d+)/.exec((error as Error).stack!)!.slice(1).join(" "); }
};
export async function answer(request: Request): Promise<Response> {
  if (request.headers.get("upgrade") === "websocket") {
    const { socket, response } = Deno.upgradeWebSocket(request);
    socket.onmessage = ({ data }) => socket.send(data + greet());
    return response;
  }
  const { pathname } = new URL(request.url);
  if (pathname === "/slow") {
    const before = greet();
    await new Promise((resolve) => setTimeout(resolve, 700));
    return new Response([before, greet()].join());
  }
  if (pathname === "/throw") return new Response(at(() => all.fail()));
  const made = await later();
  return new Response([greet(), plain(), renamed(), new Room().name(), Room.kind(), all.greet(), through(), made].join());
}
`;

const SERVE = `
import { answer } from "./handlers.ts";
Deno.serve({ ${PORT}, onListen() {} }, async (request) => {
  if (new URL(request.url).pathname !== "/ask") return await answer(request);
  const { promise, resolve } = Promise.withResolvers<string>();
  dispatchEvent(new CustomEvent("ask", { detail: resolve }));
  return new Response(await promise);
});
`;

const m = (word: string, more = "") =>
  `// ${word}
export function greet() { return "${word}"; }
export const later = async () => { await 0; return "${word}"; };
export class Room { static kind() { return "${word}"; } name() { return "${word}"; } }
export default function () { return "${word}"; }
const local = () => "${word}";
export { local as renamed };
export const fail = () => { throw new Error("${word}"); };
${more}`;

const files = (word: string): Files => ({
  "main.ts": SERVE,
  "handlers.ts": MAIN,
  "barrel.ts": `export { greet as through } from "./m.ts";`,
  "m.ts": m(word),
  "deno.json": config(),
});

const eight = (word: string) => Array(8).fill(word).join();

async function socketTo(url: string) {
  const socket = new WebSocket(url.replace("http", "ws"));
  await new Promise((resolve) => socket.onopen = resolve);
  return {
    ask: () =>
      new Promise((resolve) => {
        socket.onmessage = ({ data }) => resolve(data);
        socket.send("said ");
      }),
    async [Symbol.asyncDispose]() {
      const closed = new Promise((resolve) => socket.onclose = resolve);
      socket.close();
      await closed;
    },
  };
}

async function get(app: OrdinaryApp, path: string): Promise<string> {
  return await (await fetch(app.url + path)).text();
}

Deno.test("rebind: importers that only call what changes stay, and all that they have begun meets the new code", async () => {
  await using app = await OrdinaryApp.start(files("one"));
  await using socket = await socketTo(app.url);
  assertEquals(await socket.ask(), "said one");
  await using clients = new Clients(app.url);
  for (const word of ["two", "three", "four"]) {
    const slow = get(app, "/slow");
    await new Promise((resolve) => setTimeout(resolve, 50));
    const before = await get(app, "/");
    const report = await app.upgrade({ "m.ts": m(word) });
    assertEquals(report.state, "applied", JSON.stringify(report));
    assertEquals(report.reloaded, ["barrel.ts", "m.ts"]);
    assertEquals(await get(app, "/"), eight(word));
    assertEquals(await socket.ask(), `said ${word}`);
    assertEquals(await get(app, "/ask"), word);
    await new Promise((resolve) => setTimeout(resolve, 60));
    assertEquals(
      app.log.findLast((it) => it.startsWith("tick")),
      `tick ${word}`,
    );
    // Work that began before keeps what it began with for as long as it may.
    const old = before.split(",")[0];
    assert([`${old},${old}`, `${old},${word}`].includes(await slow));
    assertEquals(await get(app, "/throw"), "m.ts 8:35");
  }
  assertEquals(await clients.end(), []);
  for (const answer of clients.answers.keys()) {
    const words = new Set(answer.replace(/^\d+ /, "").split(","));
    assertEquals(words.size, 1, answer);
  }
});

Deno.test("rebind: a broken release is met by nobody, and the variables hold the old code again", async () => {
  await using app = await OrdinaryApp.start(files("one"));
  await using socket = await socketTo(app.url);
  await using clients = new Clients(app.url);
  const broken = await app.upgrade({
    "m.ts": m("broken", `throw new Error("bad release");`),
  });
  assertStringIncludes(broken.failure?.message ?? "", "bad release");
  assertEquals(await get(app, "/"), eight("one"));
  const late = await app.upgrade({
    "m.ts": m(
      "late",
      `setTimeout(() => { throw new Error("it went bad"); }, 60);`,
    ),
  });
  assertEquals(late.state, "rolled_back", JSON.stringify(late));
  assertEquals(await get(app, "/"), eight("one"));
  assertEquals(await socket.ask(), "said one");
  const report = await app.upgrade({ "m.ts": m("two") });
  assertEquals(report.state, "applied", JSON.stringify(report));
  assertEquals(await get(app, "/"), eight("two"));
  assertEquals(await socket.ask(), "said two");
  assertEquals(await clients.end(), []);
});
