import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Clients } from "../../support/net/clients.ts";
import { OrdinaryApp, RUNTIME } from "../../support/ordinary_app.ts";

const SERVE =
  `port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {}`;
const settings = (flyhot: object) =>
  JSON.stringify({ imports: { "@flyhot/runtime": RUNTIME }, flyhot });
const DRAIN = { runtime: { drainMs: 200 } };

/** Streams that never end, sockets, and both while it loads and while its health is checked. */
const app = (version: string) => `
import { health } from "@flyhot/runtime";
health(async () => (await fetch("http://127.0.0.1:" + Deno.env.get("PORT") + "/healthz")).ok);
console.log("loading ${version}");
${version === "v1" ? "" : "await new Promise((done) => setTimeout(done, 300));"}
const sleep = (ms: number) => new Promise((done) => setTimeout(done, ms));
const encoder = new TextEncoder();
const stream = (type: string, frame: (text: string) => string) => {
  let timer: number;
  const body = new ReadableStream({
    start(it) { timer = setInterval(() => it.enqueue(encoder.encode(frame("${version}"))), 10); },
    cancel() { clearInterval(timer); },
  });
  return new Response(body, { headers: { "content-type": type } });
};
async function* lines() { while (true) { await sleep(10); yield encoder.encode("${version}\\n"); } }
const greet = (request: Request) => {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onopen = () => socket.send("hello ${version}");
  socket.onmessage = ({ data }) => socket.send(data + " ${version}");
  return response;
};
Deno.serve({ ${SERVE} }, async (request) => {
  const { pathname } = new URL(request.url);
  switch (pathname) {
    case "/events": return stream("text/event-stream", (text) => "data: " + text + "\\n\\n");
    case "/stream": return stream("text/plain", (text) => text + "\\n");
    case "/lines": return new Response(ReadableStream.from(lines()));
    case "/ws": return greet(request);
    case "/late": {
      console.log("late ${version}");
      while (await (await fetch(new URL("/", request.url))).text() === "${version}") await sleep(10);
      return greet(request);
    }
    case "/healthz": console.log("checking ${version}"); await sleep(300); return new Response("fine");
    default: return new Response("${version}");
  }
});`;

/** Reads a stream to its end, and what came last. */
async function open(url: string) {
  const { body } = await fetch(url);
  const reader = body!.pipeThrough(new TextDecoderStream()).getReader();
  return {
    async next() {
      const { value, done } = await reader.read();
      return done ? "end" : value.match(/v\d/)![0];
    },
    cancel: () => reader.cancel(),
  };
}

/** A client of a socket, and what became of it. */
function connect(url: string) {
  const socket = new WebSocket(url.replace("http", "ws"));
  const heard: string[] = [];
  const greeted = Promise.withResolvers<string>();
  const closed = Promise.withResolvers<number>();
  socket.onmessage = ({ data }) => {
    heard.push(data);
    greeted.resolve(data);
  };
  socket.onclose = ({ code }) => {
    greeted.resolve(`closed ${code}`);
    closed.resolve(code);
  };
  return { socket, heard, greeted: greeted.promise, closed: closed.promise };
}

Deno.test("open streams count as undrained, in the result and in info(), and go on to their end in the code that they began in", async () => {
  await using running = await OrdinaryApp.start({
    "main.ts": app("v1"),
    "deno.json": settings({ runtime: { drainMs: 50 } }),
  });
  const paths = ["/events", "/stream", "/lines"];
  const old = await Promise.all(paths.map((path) => open(running.url + path)));
  await using clients = new Clients(running.url, 2);
  const all = async (streams: readonly { next(): Promise<string> }[]) =>
    await Promise.all(streams.map((it) => it.next()));
  assertEquals((await running.app.info()).undrained, 0);
  const second = await running.upgrade({ "main.ts": app("v2") });
  assertEquals(second.state, "applied", second.failure?.message);
  assertEquals(second.undrained, 3);
  assertEquals((await running.app.info()).undrained, 3);
  assertStringIncludes(
    running.log.join("\n"),
    "3 requests go on in the old code",
  );
  for (let at = 0; at < 20; at++) {
    assertEquals(await all(old), ["v1", "v1", "v1"]);
  }
  const later = await open(`${running.url}/events`);
  assertEquals(await later.next(), "v2");
  const third = await running.upgrade({ "main.ts": app("v3") });
  assertEquals(third.state, "applied", third.failure?.message);
  assertEquals(third.undrained, 4);
  assertEquals([...await all(old), await later.next()], [
    "v1",
    "v1",
    "v1",
    "v2",
  ]);
  for (const it of [...old, later]) await it.cancel();
  while ((await running.app.info()).undrained !== 0) {
    await new Promise((done) => setTimeout(done, 10));
  }
  assertEquals(await clients.end(), []);
});

Deno.test("a socket that opens while an upgrade is under way never stays with old code, unless the app says so", async () => {
  await using running = await OrdinaryApp.start({
    "main.ts": app("v1"),
    "deno.json": settings(DRAIN),
  });
  await using clients = new Clients(running.url, 2);
  const step = async (from: string, to: string, changes = {}) => {
    const late = connect(`${running.url}/late`);
    await running.app.logged(`late ${from}`);
    const at = running.log.length;
    const upgrading = running.upgrade({ "main.ts": app(to), ...changes });
    await running.app.logged(`loading ${to}`, { from: at });
    const loading = connect(`${running.url}/ws`);
    await running.app.logged(`checking ${to}`, { from: at });
    const checking = connect(`${running.url}/ws`);
    const opened = [await loading.greeted, await checking.greeted];
    const { state, failure } = await upgrading;
    assertEquals(state, "applied", failure?.message);
    assertEquals(opened, [`hello ${from}`, `hello ${from}`]);
    return { loading, checking, late };
  };
  const first = await step("v1", "v2");
  assertEquals(
    await Promise.all(Object.values(first).map((it) => it.closed)),
    [1012, 1012, 1012],
  );
  assertStringIncludes(running.log.join("\n"), "connect again");
  const replay = await step("v2", "v3", {
    "deno.json": settings({ sockets: "replay", ...DRAIN }),
  });
  assertEquals(await replay.late.closed, 1012);
  for (const { socket, heard } of [replay.loading, replay.checking]) {
    while (!heard.includes("hello v3")) {
      await new Promise((done) => setTimeout(done, 10));
    }
    socket.close();
  }
  const kept = await step("v3", "v4", {
    "deno.json": settings({ sockets: "keep", ...DRAIN }),
  });
  for (const { socket, greeted, heard } of Object.values(kept)) {
    assertEquals(await greeted, "hello v3");
    socket.send("still");
    while (!heard.includes("still v3")) {
      await new Promise((done) => setTimeout(done, 10));
    }
  }
  assertEquals((await running.app.info()).openSockets, { "main.ts": 3 });
  for (const { socket } of Object.values(kept)) socket.close();
  const fresh = connect(`${running.url}/ws`);
  assertEquals(await fresh.greeted, "hello v4");
  fresh.socket.close();
  await Promise.all(
    [...Object.values(kept), replay.loading, replay.checking, fresh].map((it) =>
      it.closed
    ),
  );
  assert(clients.total > 0);
  assertEquals(await clients.end(), []);
});
