import { assert, assertEquals, assertMatch } from "@std/assert";
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

const deno = (version: string, wait = "") => `
Deno.serve({ port: ${PORT}, hostname: "127.0.0.1", onListen() {} }, async (request) => {
  if (request.headers.get("upgrade") !== "websocket") return new Response("${version}");
  ${wait}
  const name = new URL(request.url).searchParams.get("name") + request.headers.get("sec-websocket-version");
  const { socket, response } = Deno.upgradeWebSocket(request);
  let count = 0;
  socket.onopen = () => socket.send("hello " + name + " ${version}");
  socket.addEventListener("message", ({ data }) => socket.send(data + " ${version} " + ++count));
  return response;
});`;

for (
  const [name, main] of [["Deno.upgradeWebSocket", deno], ["ws 8", ws]] as const
) {
  const ignore = main === ws && !isWsThere;
  const skipped = ignore ? " (skipped: not to be had)" : "";

  Deno.test({
    name:
      `open sockets of ${name} refuse an upgrade that does not say what becomes of them${skipped}`,
    ignore,
    async fn() {
      await using app = await OrdinaryApp.start({ "main.ts": main("v1") });
      await using client = new Client(app.url);
      await client.hears("hello null13 v1");
      const { state, failure } = await app.upgrade({ "main.ts": main("v2") });
      assertEquals(state, "failed");
      assertMatch(
        failure!.message,
        /main\.ts:\d+: makes the handlers of 1 open socket, which would go on with the old code; add to "flyhot" in deno\.json: "sockets": "reconnect"/,
      );
      client.send("still");
      await client.hears("still v1 1");
      // Where nobody is connected there is nothing to say.
      await client[Symbol.asyncDispose]();
      await pause(100);
      await upgraded(app, { "main.ts": main("v3") });
      assertEquals(await app.ask(), "200 v3");
    },
  });

  Deno.test({
    name:
      `open sockets of ${name} are kept with their old code where that is said${skipped}`,
    ignore,
    async fn() {
      await using app = await OrdinaryApp.start({
        "main.ts": main("v1"),
        "deno.json": settings("keep"),
      });
      await using client = new Client(app.url);
      await client.hears("hello null13 v1");
      let count = 0;
      for (const version of VERSIONS) {
        await upgraded(app, { "main.ts": main(version) });
        assertEquals(await app.ask(), `200 ${version}`);
        client.send("m");
        await client.hears(`m v1 ${++count}`);
        await using late = new Client(app.url);
        await late.hears(`hello null13 ${version}`);
      }
      assertEquals(client.closes, []);
    },
  });

  Deno.test({
    name:
      `clients of open sockets of ${name} connect again where that is said${skipped}`,
    ignore,
    async fn() {
      await using app = await OrdinaryApp.start({
        "main.ts": main("v1"),
        "deno.json": settings("reconnect"),
      });
      await using clients = new AsyncDisposableStack();
      const all = [1, 2, 3].map(() => clients.use(new Client(app.url, true)));
      for (const client of all) await client.hears("hello null13 v1");
      for (const version of VERSIONS) {
        await upgraded(app, { "main.ts": main(version) });
        for (const client of all) {
          await client.hears(`hello null13 ${version}`);
          client.send("m");
          await client.hears(`m ${version} 1`);
        }
      }
      for (const { closes } of all) {
        assertEquals(closes, VERSIONS.map(() => 1012));
      }
    },
  });
}

for (
  const wait of ["", "await new Promise((resolve) => setTimeout(resolve, 50));"]
) {
  Deno.test(`open sockets of Deno.upgradeWebSocket are greeted by the new code where that is said, and no message is lost${wait ? " while it waits" : ""}`, async () => {
    await using app = await OrdinaryApp.start({
      "main.ts": deno("v1", wait),
      "deno.json": settings("replay"),
    });
    await using client = new Client(app.url + "/?name=ann");
    await client.hears("hello ann13 v1");
    let isSending = true;
    let sent = 0;
    const sending = (async () => {
      while (isSending) {
        client.send(`m${sent++}`);
        await pause(5);
      }
    })();
    for (const version of VERSIONS) {
      await upgraded(app, { "main.ts": deno(version, wait) });
      await pause(150);
      assert(client.heard.at(-1)!.includes(version), client.heard.at(-1));
    }
    isSending = false;
    await sending;
    await pause(100);
    assertEquals(client.closes, []);
    const answers = client.heard.filter((text) => text.startsWith("m"));
    assertEquals(
      answers.map((text) => text.split(" ")[0]),
      Array.from({ length: sent }, (_, at) => `m${at}`),
    );
    const greetings = client.heard.filter((text) => text.startsWith("hello"));
    assertEquals(
      greetings,
      ["v1", ...VERSIONS].map((it) => `hello ann13 ${it}`),
    );
  });
}
