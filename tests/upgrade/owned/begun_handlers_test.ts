import { assertEquals, assertMatch } from "@std/assert";
import { Clients } from "../../support/net/clients.ts";
import { OrdinaryApp, RUNTIME } from "../../support/ordinary_app.ts";
import { canBeHad } from "../../support/packages.ts";

const WS = "npm:ws@8.18.3";

/** What a module may begin while it is evaluated, and nobody ends. */
const BEGUN: Readonly<Record<string, string>> = {
  tcp: 'net.connect(port, "127.0.0.1").on("data", () => say(WORD));',
  lines:
    'readline.createInterface({ input: net.connect(port, "127.0.0.1") }).on("line", () => say(WORD));',
  response: 'nodeHttp.get(http, (it) => { it.on("data", () => say(WORD)); });',
  udp:
    'const it = dgram.createSocket("udp4"); it.on("message", () => say(WORD)); it.bind(0, "127.0.0.1");',
  reading:
    "(async () => { for await (const _ of (await fetch(http)).body!) say(WORD); })();",
  socket:
    '(async () => { const it = await Deno.connect({ port, hostname: "127.0.0.1" }); for await (const _ of it.readable) say(WORD); })();',
  piped:
    "(async () => { await (await fetch(http)).body!.pipeTo(new WritableStream({ write() { say(WORD); } })); })();",
  watcher: "fs.watch(folder, () => say(WORD));",
  channel: 'new BroadcastChannel("c").onmessage = () => say(WORD);',
  child: 'spawn("cat").stdout.on("data", () => say(WORD));',
  hidden: "connect(port).on(() => say(WORD));",
  command:
    '(async () => { const it = new Deno.Command("cat", { stdin: "piped", stdout: "piped" }).spawn(); for await (const _ of it.stdout) say(WORD); })();',
};
const OF_PACKAGES: Readonly<Record<string, string>> = {
  ws: 'new WebSocket(ws).on("message", () => say(WORD));',
};

const STAY = `
import net from "node:net";
/** As packages do: nobody sees who listens. */
export function connect(port: number) {
  const listeners = [() => {}];
  net.connect(port, "127.0.0.1").on("data", () => listeners.forEach((it) => it()));
  return { on: (listener: () => void) => listeners.push(listener) };
}
const server = Deno.serve({ port: 0, onListen() {} }, (request) => {
  if (request.headers.has("upgrade")) return Deno.upgradeWebSocket(request).response;
  let timer = 0;
  return new Response(new ReadableStream({
    start(it) { timer = setInterval(() => it.enqueue(new Uint8Array(1)), 20); },
    cancel() { clearInterval(timer); },
  }));
});
const tcp = net.createServer((it) => {
  it.on("error", () => {});
  const timer = setInterval(() => it.write("."), 20);
  it.on("close", () => clearInterval(timer));
});
await new Promise<void>((done) => tcp.listen(0, "127.0.0.1", () => done()));
export const ws = "ws://127.0.0.1:" + server.addr.port;
export const http = "http://127.0.0.1:" + server.addr.port;
export const port = (tcp.address() as { port: number }).port;
export const folder = Deno.makeTempDirSync();
export const log: string[] = [];
export const say = (word: string) => { log.push(word); };`;

const module = (name: string, code: string, word: string) => `
import net from "node:net";
import dgram from "node:dgram";
import nodeHttp from "node:http";
import readline from "node:readline";
import fs from "node:fs";
import { spawn } from "node:child_process";
import { connect, folder, http, port, say, ws } from "./stay.ts";
${name in OF_PACKAGES ? `import { WebSocket } from "${WS}";` : ""}
function begin() { ${code.replaceAll("WORD", JSON.stringify(word))} }
begin();`;

function files(
  all: Readonly<Record<string, string>>,
  word: string,
  flyhot: object = {},
): Record<string, string> {
  return {
    "main.ts": `${
      Object.keys(all).map((it) => `import "./${it}.ts";`).join("\n")
    }
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, () => new Response("here"));`,
    "stay.ts": STAY,
    ...Object.fromEntries(
      Object.entries(all).map(([name, code]) => [
        `${name}.ts`,
        module(name, code, word),
      ]),
    ),
    "deno.json": JSON.stringify({
      flyhot: {
        shared: ["connect", "folder", "port", "say"].map((it) =>
          `stay.ts#${it}`
        ),
        startsAnew: ["stay.ts#connect.listeners"],
        ...flyhot,
      },
    }),
  };
}

async function refuses(all: Readonly<Record<string, string>>): Promise<void> {
  await using running = await OrdinaryApp.start(files(all, "one"));
  await using clients = new Clients(running.url, 2);
  const { state, failure } = await running.upgrade(files(all, "two"));
  assertEquals(state, "failed", failure?.message);
  const whys = new Map(
    failure?.refusals?.map(({ path, why }) => [path, why]) ?? [],
  );
  for (const name of Object.keys(all)) {
    assertMatch(
      `${name} ${whys.get(`${name}.ts`)}`,
      new RegExp(`^${name} has begun .* while it was evaluated`),
    );
  }
  assertEquals(whys.size, Object.keys(all).length);
  assertEquals(await clients.end(), []);
}

Deno.test("what a module has begun while it was evaluated, and nobody ends, is refused by name before the new code runs", async () => {
  await refuses(BEGUN);
});

Deno.test({
  name:
    "what a package has opened for a module while it was evaluated is refused by name",
  ignore: !await canBeHad([WS]),
  fn: async () => await refuses(OF_PACKAGES),
});

Deno.test("what is over, what its module ends itself and what may be lost hold no upgrade back", async () => {
  const { channel } = BEGUN;
  const all = {
    over:
      'const it = dgram.createSocket("udp4"); it.on("message", () => say(WORD)); it.close();',
    ends:
      `const it = dgram.createSocket("udp4"); it.on("message", () => say(WORD)); hot(import.meta).dispose(() => it.close());`,
    consented: channel!,
    // What comes leads to nobody.
    deaf: "connect(port);",
  };
  const app = (word: string) => {
    const made = files(all, word, { consent: ["timers:consented.ts"] });
    return {
      ...made,
      "ends.ts": `import { hot } from "${RUNTIME}";${made["ends.ts"]}`,
    };
  };
  await using running = await OrdinaryApp.start(app("one"));
  await using clients = new Clients(running.url, 2);
  const { state, failure } = await running.upgrade(app("two"));
  assertEquals(state, "applied", failure?.message);
  assertEquals(await clients.end(), []);
});

const ACCEPTS = (word: string, more = "") => `
const listener = Deno.listen({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1" });
async function answer(connection: Deno.Conn) {
  await connection.readable
    .pipeThrough(new TransformStream({ transform: (_, to) => to.enqueue(new TextEncoder().encode("${word} ")) }))
    .pipeTo(connection.writable);
}
async function accept() { for await (const it of listener) answer(it).catch(() => {}); }
accept();
const upstream = "127.0.0.1";
async function read() {
  const from = Deno.listen({ port: 0, hostname: upstream });
  const it = await Deno.connect({ port: (from.addr as Deno.NetAddr).port, hostname: upstream });
  ${more}
}
read();
`;

Deno.test("an app that accepts connections itself reads what it accepts, and is refused for what it has opened", async () => {
  const more: Readonly<Record<string, string>> = {
    none: `it.close(); console.log("closed");`,
    reads: "for await (const _ of it.readable) console.log(_);",
    pipes: "await it.readable.pipeTo(new WritableStream());",
  };
  for (const [name, code] of Object.entries(more)) {
    await using running = await OrdinaryApp.start({
      "main.ts": ACCEPTS("one", code),
      "deno.json": JSON.stringify({ flyhot: { sockets: "keep" } }),
    });
    const port = Number(new URL(running.url).port);
    const open = await Deno.connect({ port, hostname: "127.0.0.1" });
    const ask = async (connection: Deno.Conn) => {
      await connection.write(new Uint8Array(1));
      const answer = new Uint8Array(20);
      const size = await connection.read(answer);
      return new TextDecoder().decode(answer.subarray(0, size ?? 0));
    };
    assertEquals(await ask(open), "one ");
    // What is being opened counts as open.
    const isOver = () =>
      name !== "none" || running.log.some((it) => it.includes("closed"));
    while (!isOver()) await new Promise((resolve) => setTimeout(resolve, 5));
    const upgrading = running.upgrade({ "main.ts": ACCEPTS("two", code) });
    // Somebody comes meanwhile.
    const [{ state, failure }] = await Promise.all([upgrading, ask(open)]);
    const isRefused = name !== "none";
    assertEquals(
      `${name} ${state}`,
      `${name} ${isRefused ? "failed" : "applied"}`,
      failure?.message,
    );
    const fresh = await Deno.connect({ port, hostname: "127.0.0.1" });
    assertEquals(await ask(fresh), isRefused ? "one " : "two ");
    fresh.close();
    open.close();
  }
});

Deno.test("what the evaluation of a release has opened is ended when the release is taken out again", async () => {
  const opens: Readonly<Record<string, string>> = {
    tcp: BEGUN.tcp!,
    response: BEGUN.response!,
    channel: BEGUN.channel!,
    socket: BEGUN.socket!,
    // It would open the next one as soon as it is closed.
    events:
      'const open = () => { const it = new EventSource(http + "/events"); it.onmessage = () => say(WORD); it.onerror = open; }; open();',
  };
  const start = files(opens, "none");
  for (const name of Object.keys(opens)) {
    start[`${name}.ts`] = "export {};";
  }
  start["stay.ts"] = `${STAY}
const channel = new BroadcastChannel("c");
setInterval(() => channel.postMessage("it"), 20);
export const count = (word: string) => log.filter((it) => it === word).length;`;
  start["main.ts"] = start["main.ts"]!.replace(
    '() => new Response("here")',
    '(request) => new Response(`${request.url.endsWith("two") ? count("two") : "here"}`)',
  ) +
    'import { count } from "./stay.ts";';
  await using running = await OrdinaryApp.start(start);
  await using clients = new Clients(running.url, 2);
  const { state, failure } = await running.upgrade({
    ...files(opens, "two"),
    "stay.ts": start["stay.ts"]!,
    "main.ts": `${start["main.ts"]}
import { health } from "${RUNTIME}";
health(async () => { await new Promise((done) => setTimeout(done, 300)); throw new Error("not well"); });`,
  });
  assertEquals(state, "rolled_back", failure?.message);
  assertMatch(failure!.message, /not well/);
  const heard = async () => Number((await running.ask("/two")).slice(4));
  // What was on its way arrives.
  await new Promise((done) => setTimeout(done, 200));
  const before = await heard();
  assertEquals(before > 0, true);
  await new Promise((done) => setTimeout(done, 300));
  assertEquals(await heard(), before);
  assertEquals(await clients.end(), []);
});
