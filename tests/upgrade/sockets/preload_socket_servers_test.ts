import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { canBeHad } from "../../support/packages.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";
import {
  Client,
  isWsThere,
  pause,
  PORT,
  settings,
  upgraded,
  VERSIONS,
  ws,
} from "./preload_clients.ts";
import { freePort } from "../../support/net/free_port.ts";

const io = (version: string) => `
import { createServer } from "node:http";
import { Server } from "npm:socket.io@4.8.1";
const server = createServer((_request, response) => response.end("${version}"));
const io = new Server(server);
io.of("/chat").on("connection", (socket: any) => {
  socket.join("${version}");
  socket.emit("hello", "${version}");
  socket.on("m", (text: string, answer: any) => answer(text + " ${version} " + io.engine.clientsCount + " " + io.of("/chat").sockets.size + " " + (io.of("/chat").adapter.rooms.get("${version}")?.size ?? 0)));
});
server.listen(${PORT}, "127.0.0.1");`;

const isIoThere = await canBeHad([
  "npm:socket.io@4.8.1",
  "npm:socket.io-client@4.8.1",
]);

Deno.test({
  name: `open sockets of ws are greeted by the new code, clients and all${
    isWsThere ? "" : " (skipped: not to be had)"
  }`,
  ignore: !isWsThere,
  async fn() {
    // Beside the server that ws is told, one that upgrades by itself and tells "connection".
    const main = (version: string) =>
      ws(version).replace(
        "new WebSocketServer({ server })",
        "const all = new WebSocketServer({ noServer: true });\nserver.on('upgrade', (request: any, socket: any, head: any) => all.handleUpgrade(request, socket, head, (it: any) => all.emit('connection', it, request)));\nall",
      ).replace("++count)", "++count + ' ' + all.clients.size)");
    await using app = await OrdinaryApp.start({
      "main.ts": main("v1"),
      "deno.json": settings("replay"),
    });
    await using client = new Client(app.url);
    await client.hears("hello null13 v1");
    await using other = new Client(app.url);
    await other.hears("hello null13 v1");
    let isSending = true;
    let sent = 0;
    const sending = (async () => {
      while (isSending) {
        client.send(`m${sent++}`);
        await pause(5);
      }
    })();
    for (const version of VERSIONS) {
      await upgraded(app, { "main.ts": main(version) });
      await pause(100);
      assert(client.heard.at(-1)!.includes(version), client.heard.at(-1));
    }
    isSending = false;
    await sending;
    await pause(100);
    assertEquals([client.closes, other.closes], [[], []]);
    const answers = client.heard.filter((text) => text.startsWith("m"));
    assertEquals(
      answers.map((text) => text.split(" ")[0]),
      Array.from({ length: sent }, (_, at) => `m${at}`),
    );
    assert(answers.every((text) => text.endsWith(" 2")), answers.join());
    assertEquals(
      other.heard,
      ["v1", ...VERSIONS].map((it) => `hello null13 ${it}`),
    );
    await other[Symbol.asyncDispose]();
    // The server hears of its end a little later.
    let count = answers.filter((text) => text.includes("v6")).length;
    for (let tries = 0; tries < 50; tries++) {
      client.send("left");
      count++;
      await pause(20);
      if (client.heard.at(-1)!.endsWith(" 1")) break;
    }
    await client.hears(`left v6 ${count} 1`);
    assertEquals(
      app.log.filter((line) => line.includes("MaxListeners")),
      [],
    );
  },
});

Deno.test({
  name:
    `open sockets of ws stay with the kept value that serves them, which meets them by its new methods${
      isWsThere ? "" : " (skipped: not to be had)"
    }`,
  ignore: !isWsThere,
  async fn() {
    const game = (version: string) => `
import { createServer } from "node:http";
import { WebSocketServer } from "npm:ws@8.18.3";
export class Game {
  names = new Map<any, number>();
  constructor() {
    const server = createServer((_request, response) => response.end("here"));
    const all = new WebSocketServer({ server });
    all.on("connection", (socket: any) => this.greet(socket));
    server.listen(${PORT}, "127.0.0.1");
  }
  greet(socket: any) {
    this.names.set(socket, this.names.size + 1);
    socket.send("hello ${version} " + this.names.get(socket));
    socket.on("message", (text: any) => this.hear(socket, String(text)));
  }
  hear(socket: any, text: string) {
    socket.send(text + " ${version} " + this.names.get(socket));
  }
}`;
    await using app = await OrdinaryApp.start({
      "main.ts": `import { Game } from "./game.ts"; new Game();`,
      "game.ts": game("v1"),
      "deno.json": JSON.stringify({
        flyhot: { keep: ["main.ts#new Game"], sockets: "replay" },
      }),
    });
    await using client = new Client(app.url);
    await client.hears("hello v1 1");
    let isSending = true;
    let sent = 0;
    const sending = (async () => {
      while (isSending) {
        client.send(`m${sent++}`);
        await pause(5);
      }
    })();
    for (const version of ["v2", "v3"]) {
      await upgraded(app, { "game.ts": game(version) });
      client.send(`now${version}`);
      const wanted = `now${version} ${version} 1`;
      for (let tries = 0; tries < 300; tries++) {
        if (client.heard.includes(wanted)) break;
        await pause(10);
      }
      assert(client.heard.includes(wanted), client.heard.at(-1));
    }
    isSending = false;
    await sending;
    await using other = new Client(app.url);
    await other.hears("hello v3 2");
    assertEquals(client.closes, []);
    const greetings = client.heard.filter((it) => it.startsWith("hello"));
    assertEquals(greetings, ["hello v1 1"]);
    const answers = client.heard.filter((it) => /^m\d/.test(it));
    assertEquals(
      answers.map((it) => it.split(" ")[0]),
      Array.from({ length: sent }, (_, at) => `m${at}`),
    );
  },
});

Deno.test({
  name: `open sockets of socket.io are greeted by the new code, rooms and all${
    isIoThere ? "" : " (skipped: not to be had)"
  }`,
  ignore: !isIoThere,
  async fn() {
    const { io: connect } = await import("npm:socket.io-client@4.8.1");
    await using app = await OrdinaryApp.start({
      "main.ts": io("v1"),
      "deno.json": settings("replay"),
    });
    const clients = [["websocket"], ["polling"]].map((transports) =>
      connect(`${app.url}/chat`, { transports, forceNew: true })
    );
    try {
      const greetings = clients.map(() => [] as string[]);
      const lost: string[] = [];
      for (const [at, client] of clients.entries()) {
        client.on("hello", (text: string) => greetings[at]!.push(text));
        client.on("disconnect", (why: string) => lost.push(why));
      }
      const ask = async (at: number, text: string): Promise<string> =>
        await clients[at]!.timeout(5000).emitWithAck("m", text);
      await ask(1, "a");
      assertEquals(await ask(0, "a"), "a v1 2 2 2");
      assertEquals(await ask(1, "b"), "b v1 2 2 2");
      let isAsking = true;
      const failed: unknown[] = [];
      const asking = clients.map(async (_, at) => {
        while (isAsking) {
          await ask(at, "x").catch((error: unknown) => failed.push(error));
        }
      });
      for (const version of VERSIONS) {
        await upgraded(app, { "main.ts": io(version) });
        assertEquals(await ask(0, "c"), `c ${version} 2 2 2`);
        assertEquals(await ask(1, "d"), `d ${version} 2 2 2`);
      }
      isAsking = false;
      await Promise.all(asking);
      assertEquals([failed, lost], [[], []]);
      assertEquals(greetings, [["v1", ...VERSIONS], ["v1", ...VERSIONS]]);
    } finally {
      for (const client of clients) client.disconnect();
      await pause(50);
    }
  },
});

const callback = (version: string) => `
import http from "node:http";
import net from "node:net";
import { WebSocketServer } from "npm:ws@8.18.3";
const server = http.createServer((_request, response) => response.end("${version}"));
const all = new WebSocketServer({ noServer: true });
server.on("upgrade", (request, socket, head) => all.handleUpgrade(request, socket, head, (it: any) => {
  it.send("hello null13 ${version}");
  it.on("message", (data: any) => it.send(data + " ${version}"));
}));
server.listen(${PORT}, "127.0.0.1");
net.createServer((socket) => socket.on("data", (data) => socket.write(data + " ${version}"))).listen(Number(Deno.env.get("RAW")), "127.0.0.1");
(async () => {
  for await (const connection of Deno.listen({ port: Number(Deno.env.get("OTHER")), hostname: "127.0.0.1" })) {
    connection.readable.pipeThrough(new TransformStream({ transform: (data, it) => it.enqueue(new TextEncoder().encode(new TextDecoder().decode(data) + " ${version}")) })).pipeTo(connection.writable).catch(() => {});
  }
})();`;

Deno.test({
  name:
    `connections that cannot be greeted again refuse that, and a raw one is an open socket like any other${
      isWsThere ? "" : " (skipped: not to be had)"
    }`,
  ignore: !isWsThere,
  async fn() {
    const [raw, other] = [String(freePort()), String(freePort())];
    await using app = await OrdinaryApp.start({
      "main.ts": callback("v1"),
      "deno.json": settings("replay"),
    }, { env: { RAW: raw, OTHER: other } });
    const client = new Client(app.url);
    await client.hears("hello null13 v1");
    const say = async (connection: Deno.Conn, text: string) => {
      await connection.write(new TextEncoder().encode(text));
      const bytes = new Uint8Array(100);
      const count = await connection.read(bytes);
      return new TextDecoder().decode(bytes.subarray(0, count ?? 0));
    };
    const refused = async () => {
      const { state, failure } = await app.upgrade({
        "main.ts": callback("v2"),
      });
      assertEquals(state, "failed");
      assertStringIncludes(
        failure!.message,
        "1 open socket that cannot be greeted again",
      );
    };
    await refused();
    client.send("still");
    await client.hears("still v1");
    await client[Symbol.asyncDispose]();
    for (const port of [raw, other]) {
      using connection = await Deno.connect({
        port: Number(port),
        hostname: "127.0.0.1",
      });
      assertEquals(await say(connection, "one"), "one v1");
      // Until then it may be one question, and be over soon.
      await pause(1100);
      await refused();
      assertEquals(await say(connection, "two"), "two v1");
    }
    await pause(50);
    await upgraded(app, { "main.ts": callback("v2") });
    using later = await Deno.connect({
      port: Number(other),
      hostname: "127.0.0.1",
    });
    assertEquals(await say(later, "three"), "three v2");
    // Asked to connect again.
    await upgraded(app, {
      "main.ts": callback("v3"),
      "deno.json": settings("reconnect"),
    });
    assertEquals(await later.read(new Uint8Array(1)).catch(() => null), null);
  },
});
