import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { OrdinaryApp } from "../../support/ordinary_app.ts";
import { freePort } from "../../support/net/free_port.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Everything by which somebody from outside reaches code; the check is slow, and says no if it is not well. */
const main = (version: string, isWell: boolean) => `
import http from "node:http";
import net from "node:net";
import process from "node:process";
import { bus } from "./bus.ts";
import { word } from "./word.ts";
const env = (name: string) => Number(Deno.env.get(name));
const say = () => "${version} " + word();
Deno.serve({ port: env("PORT"), hostname: "127.0.0.1", onListen() {} }, (request) => {
  if (request.url.endsWith("/stream")) {
    let left = 4;
    return new Response(new ReadableStream({ async pull(it) {
      await new Promise((done) => setTimeout(done, 10));
      if (left-- === 0) it.close();
      else it.enqueue(new TextEncoder().encode(say() + ","));
    } }));
  }
  if (request.url.endsWith("/bus")) {
    const asked = new CustomEvent("ask", { detail: [] as string[] });
    bus.dispatchEvent(asked);
    return new Response(asked.detail.join());
  }
  return new Response(say());
});
http.createServer(async (request, response) => {
  if (request.url === "/healthz") {
    await new Promise((done) => setTimeout(done, 500));
    response.statusCode = ${isWell ? 200 : 500};
  }
  response.end(say());
}).listen(env("NODE_PORT"), "127.0.0.1");
net.createServer((socket) => { socket.on("error", () => {}); socket.end(say()); }).listen(env("TCP_PORT"), "127.0.0.1");
net.createServer((socket) => { socket.on("error", () => {}); socket.end(say()); }).listen(Deno.env.get("UNIX_PATH")!);
const listener = Deno.listen({ port: env("DENO_PORT"), hostname: "127.0.0.1" });
(async () => { for await (const it of listener) { await it.write(new TextEncoder().encode(say())); it.close(); } })();
Deno.serve({ path: Deno.env.get("DENO_PATH")!, onListen() {} }, () => new Response(say()));
Deno.addSignalListener("SIGUSR1", () => console.log("signal", say()));
process.on("SIGUSR2", () => console.log("node signal", say()));
if ("${version}" !== "v1") {
  bus.addEventListener("ask", (event) => (event as CustomEvent).detail.push(say()));
  bus.addEventListener("ask", { handleEvent: (event) => (event as CustomEvent).detail.push(say()) }, { capture: true });
}`;

Deno.test("whichever way callers come in, none meets a release while its check runs, nor after it failed (P40)", async () => {
  const folder = await Deno.makeTempDir();
  const ports = {
    NODE_PORT: freePort(),
    TCP_PORT: freePort(),
    DENO_PORT: freePort(),
  };
  const paths = { UNIX_PATH: `${folder}/node`, DENO_PATH: `${folder}/deno` };
  await using app = await OrdinaryApp.start({
    "main.ts": main("v1", true),
    "bus.ts": `export const bus = new EventTarget();`,
    "word.ts": `export const word = () => "one";`,
    "fly.toml":
      `app = "ways"\n[http_service]\ninternal_port = ${ports.NODE_PORT}\n[[http_service.checks]]\npath = "/healthz"\n`,
    "deno.json": `{ "flyhot": { "shared": ["bus.ts#bus"] } }`,
  }, {
    env: {
      ...paths,
      ...Object.fromEntries(
        Object.entries(ports).map(([name, port]) => [name, `${port}`]),
      ),
    },
  });
  const read = async (opening: Promise<Deno.Conn>) => {
    using connection = await opening;
    return await new Response(connection.readable).text();
  };
  const tcp = (port: number) =>
    read(Deno.connect({ port, hostname: "127.0.0.1" }));
  using client = Deno.createHttpClient({
    proxy: { transport: "unix", path: paths.DENO_PATH },
  });
  const ways: Record<string, () => Promise<string>> = {
    serve: () => app.ask(),
    stream: async () =>
      [...new Set((await app.ask("/stream")).slice(4, -1).split(","))].join(),
    node: async () =>
      await (await fetch(`http://127.0.0.1:${ports.NODE_PORT}/`)).text(),
    net: () => tcp(ports.TCP_PORT),
    listen: () => tcp(ports.DENO_PORT),
    unix: () =>
      read(Deno.connect({ transport: "unix", path: paths.UNIX_PATH })),
    bus: () => app.ask("/bus"),
    "serve on a path": async () =>
      await (await fetch("http://localhost/", { client })).text(),
  };
  const said = new Map<string, Set<string>>();
  let asking = true;
  const clients = Object.entries(ways).map(async ([name, ask]) => {
    while (asking) {
      const text = (await ask().catch(String)).replace("200 ", "");
      said.set(name, (said.get(name) ?? new Set()).add(text));
      await pause(5);
    }
  });
  const signals = (async () => {
    const pid = Number(app.app.pid);
    while (asking) {
      await pause(100);
      Deno.kill(pid, "SIGUSR1");
      Deno.kill(pid, "SIGUSR2");
    }
  })();
  try {
    const refused = await app.upgrade({
      "main.ts": main("v2", false),
      "word.ts": `export const word = () => "two";`,
    });
    assertEquals(refused.state, "rolled_back", refused.failure?.message);
    assertStringIncludes(refused.failure!.message, "it answered 500");
    for (const name of Object.keys(ways)) {
      // Listeners of code on trial hear its own check alone.
      const answer = name === "bus" ? "" : "v1 one";
      assertEquals([...said.get(name) ?? []], [answer], name);
    }
    assertEquals(await app.ask("/bus"), "200 ", "nothing is left of it");
    const good = await app.upgrade({
      "main.ts": main("v3", true),
      "word.ts": `export const word = () => "three";`,
    });
    assertEquals(good.state, "applied", good.failure?.message);
    await pause(100);
    said.clear();
    while (said.size < clients.length) await pause(10);
    for (const [name, texts] of said) {
      const answer = name === "bus" ? "v3 three,v3 three" : "v3 three";
      assertEquals([...texts], [answer], name);
    }
  } finally {
    asking = false;
    await Promise.all([...clients, signals]);
    await Deno.remove(folder, { recursive: true });
  }
  const heard = app.log.filter((line) => line.includes("signal"));
  assert(heard.includes("signal v1 one") && heard.includes("signal v3 three"));
  assert(heard.includes("node signal v1 one"));
  assertEquals(heard.filter((line) => line.includes("v2")), []);
});
