import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { denoJson, DrivenApp } from "../../support/driven_app.ts";
import { SERVING_SHELL } from "../../support/served_app.ts";
import { chat, Client, pause, start, versions } from "./chat_sockets.ts";

Deno.test("a declaration that is gone while sockets are open is refused, or closes them with 1012 by consent; renamed it keeps them", async () => {
  await using it = await start(chat("v1"));
  const { app, clients } = it;
  const renamed = await app.upgrade({
    "app.ts": chat("v2").replace(`"chat", {`, `"talk", { renamedFrom: "chat",`),
  });
  assertEquals(renamed.state, "applied", JSON.stringify(renamed));
  await pause(50);
  const without = `
export const port = () => (globalThis as { port?: number }).port;
export const handle = () => new Response("no sockets");`;
  const refused = await app.upgrade({ "app.ts": without });
  assert(refused.state === "failed", JSON.stringify(refused));
  assertStringIncludes(refused.message, "5 open sockets");
  assertStringIncludes(refused.message, "holder:talk");
  assertEquals(await versions(clients), ["v1 v2"]);
  const dropped = await app.upgrade({ "app.ts": without }, ["holder:talk"]);
  assertEquals(dropped.state, "applied", JSON.stringify(dropped));
  for (const { closed } of clients) {
    assertEquals((await closed.promise).code, 1012);
  }
});

Deno.test("data with a new key under the same version is refused, and a family does not become sockets unnoticed", async () => {
  await using it = await start(chat("v1"));
  const { app, clients } = it;
  const result = await app.upgrade({
    "app.ts": chat("v2", { data: "({ count: 0, more: 1 })" }),
  });
  assert(result.state === "failed", JSON.stringify(result));
  assertStringIncludes(result.message, "more is new");
  const family = await app.upgrade({
    "app.ts": `
import { family } from "@flyhot/runtime";
export const chat = family("chat", { state: () => ({ count: 0 }) });
export const handle = () => new Response("family");`,
  });
  assert(family.state === "failed", JSON.stringify(family));
  assertStringIncludes(family.message, "sockets()");
  assertEquals(await versions(clients), ["v1"]);
});

const KEEPS_SOCKETS = denoJson({ sockets: "keep" });

Deno.test("open sockets whose handlers stay with their code are counted by module; those of sockets() are not", async () => {
  const rooms = (version: string) => `
const later = () => new Promise((r) => setTimeout(r, 5));
export const open = async (request: Request) => {
  await later();
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onmessage = ({ data }) => socket.send("# " + data + " ${version}");
  return response;
};`;
  const app = (version: string) => `
import { sockets } from "@flyhot/runtime";
import { open } from "./rooms.ts";
const chat = sockets("chat", { data: () => null, message(socket, text) { socket.send("# " + text + " ${version}"); } });
export const port = () => (globalThis as { port?: number }).port;
export const size = () => chat.size;
export const handle = (request: Request): Response | Promise<Response> =>
  request.url.endsWith("/rooms") ? open(request) : chat.upgrade(request);`;
  await using driven = await DrivenApp.start({
    "settings.ts": SERVING_SHELL(""),
    "app.ts": app("v1"),
    "rooms.ts": rooms("v1"),
  });
  const url = `http://127.0.0.1:${await driven.call("port")}`;
  const stuck = [new Client(`${url}/rooms`), new Client(`${url}/rooms`)];
  const free = new Client(url);
  const clients = [...stuck, free];
  await Promise.all(clients.map(({ opened }) => opened));
  for (const client of clients) client.begin();
  await pause(50);
  assertEquals((await driven.info()).openSockets, { "rooms.ts": 2 });
  const refused = await driven.upgrade({
    "app.ts": app("v2"),
    "rooms.ts": rooms("v2"),
  });
  assert(refused.state === "failed", JSON.stringify(refused));
  assertStringIncludes(
    refused.message,
    "rooms.ts:5: makes the handlers of 2 open sockets, which would go on with the old code",
  );
  const result = await driven.upgrade({
    "app.ts": app("v2"),
    "rooms.ts": rooms("v2"),
    "deno.json": KEEPS_SOCKETS,
  });
  assertEquals(result.state, "applied", JSON.stringify(result));
  assertStringIncludes(
    driven.log,
    "2 open sockets whose handlers are made by rooms.ts",
  );
  assertEquals(await versions(stuck), ["v1"]);
  assertEquals(await versions([free]), ["v1 v2"]);
  assertEquals((await driven.info()).openSockets, { "rooms.ts": 2 });
  for (const client of clients) await client[Symbol.asyncDispose]();
  await pause(50);
  assertEquals((await driven.info()).openSockets, {});
  assertEquals(await driven.call("size"), 0);
});
