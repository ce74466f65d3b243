import { assertEquals } from "@std/assert";
import { DrivenApp } from "../../support/driven_app.ts";

/** An app module that serves with the package while it is called, and answers what a request got. */
const FRAMEWORKS: Record<string, { imports: string[]; app: string }> = {
  "express 4": {
    imports: ["express@4.22.1"],
    app: `
import express from "npm:express@4.22.1";
const app = express();
app.get("/", (_: unknown, response: any) => response.json({ said: word }));
export const ask = () => asking(http.createServer(app));`,
  },
  "express 5": {
    imports: ["express@5.2.1"],
    app: `
import express from "npm:express@5.2.1";
const app = express();
app.get("/", (_: unknown, response: any) => response.json({ said: word }));
export const ask = () => asking(http.createServer(app));`,
  },
  "fastify 5": {
    imports: ["fastify@5.6.2"],
    app: `
import fastify from "npm:fastify@5.6.2";
export const ask = async () => {
  const app = fastify();
  app.get("/", () => ({ said: word }));
  const answer = await app.inject("/");
  await app.close();
  return answer.json().said;
};`,
  },
  "koa 3": {
    imports: ["koa@3.1.1"],
    app: `
import Koa from "npm:koa@3.1.1";
const app = new Koa();
app.use((context: any) => context.body = { said: word });
export const ask = () => asking(http.createServer(app.callback()));`,
  },
  "ws 8": {
    imports: ["ws@8.18.3"],
    app: `
import { WebSocketServer } from "npm:ws@8.18.3";
export const ask = async () => {
  const server = new WebSocketServer({ port: 0 });
  server.on("connection", (socket: any) => socket.send(word));
  await new Promise((resolve) => server.on("listening", resolve));
  const socket = new WebSocket("ws://127.0.0.1:" + server.address().port);
  const said = await new Promise((resolve) => socket.onmessage = ({ data }) => resolve(data));
  socket.close();
  await new Promise((resolve) => socket.onclose = resolve);
  await new Promise((resolve) => server.close(resolve));
  return said;
};`,
  },
  "socket.io 4": {
    imports: ["socket.io@4.8.1"],
    app: `
import { Server } from "npm:socket.io@4.8.1";
export const ask = async () => {
  const server = http.createServer();
  new Server(server);
  const port = await listening(server);
  const answer = await (await fetch("http://127.0.0.1:" + port + "/socket.io/?EIO=4&transport=polling")).text();
  server.closeAllConnections();
  server.close();
  return answer.includes('"sid"') ? word : answer;
};`,
  },
};

const COMMON = `
import http from "node:http";
import { word } from "./word.ts";
const listening = (server: any): Promise<number> =>
  new Promise((resolve) => server.listen(0, "127.0.0.1", () => resolve(server.address().port)));
const asking = async (server: any) => {
  const port = await listening(server);
  const { said } = await (await fetch("http://127.0.0.1:" + port + "/")).json();
  server.closeAllConnections();
  await new Promise((resolve) => server.close(resolve));
  return said;
};
`;

/** Packages come from the npm registry; where it cannot be reached the test says so. */
async function canBeHad(packages: readonly string[]): Promise<boolean> {
  const { success } = await new Deno.Command(Deno.execPath(), {
    args: [
      "cache",
      "--no-lock",
      "--no-check",
      ...packages.map((name) => `npm:${name}`),
    ],
    stdout: "null",
    stderr: "null",
  }).output();
  return success;
}

for (const [name, { imports, app }] of Object.entries(FRAMEWORKS)) {
  const ignore = !await canBeHad(imports);
  const skipped = ignore ? " (skipped: not to be had)" : "";
  Deno.test({
    name:
      `${name} starts while imports are watched, and again in an upgrade${skipped}`,
    ignore,
    async fn() {
      await using running = await DrivenApp.start({
        "app.ts": COMMON + app,
        "word.ts": `export const word = "one";`,
      });
      assertEquals(await running.call("ask"), "one");
      const { state } = await running.upgrade({
        "word.ts": `export const word = "two";`,
      });
      assertEquals(state, "applied");
      assertEquals(await running.call("ask"), "two");
    },
  });
}
