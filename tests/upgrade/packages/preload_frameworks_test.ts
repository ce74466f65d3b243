import { assert, assertEquals } from "@std/assert";
import http from "node:http";
import { Clients } from "../../support/net/clients.ts";
import { canBeHad } from "../../support/packages.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";

const PORT = `Number(Deno.env.get("PORT"))`;

/** Ordinary apps that serve with a package, each from its main module. */
const APPS: Readonly<
  Record<string, { packages: readonly string[]; main: string }>
> = {
  "express 5": {
    packages: ["npm:express@5.2.1"],
    main: `
import express from "npm:express@5.2.1";
import { word } from "./word.ts";
const app = express();
app.get("/", (_request: unknown, response: any) => response.send(word));
app.listen(${PORT}, "127.0.0.1", () => console.log("listening"));`,
  },
  "express 4": {
    packages: ["npm:express@4.22.1"],
    main: `
import express from "npm:express@4.22.1";
import { word } from "./word.ts";
const app = express();
app.get("/", (_request: unknown, response: any) => response.send(word));
app.listen(${PORT}, "127.0.0.1");`,
  },
  "fastify 5, awaited": {
    packages: ["npm:fastify@5.6.2"],
    main: `
import fastify from "npm:fastify@5.6.2";
import { word } from "./word.ts";
const app = fastify();
app.get("/", () => word);
await app.listen({ port: ${PORT}, host: "127.0.0.1" });`,
  },
  "koa 3": {
    packages: ["npm:koa@3.1.1"],
    main: `
import Koa from "npm:koa@3.1.1";
import { word } from "./word.ts";
const app = new Koa();
app.use((context: any) => context.body = word);
app.listen(${PORT}, "127.0.0.1");`,
  },
  "Hono on Deno.serve": {
    packages: ["npm:hono@4.13.19"],
    main: `
import { Hono } from "npm:hono@4.13.19";
import { word } from "./word.ts";
const app = new Hono();
app.get("/", (context) => context.text(word));
Deno.serve({ port: ${PORT}, hostname: "127.0.0.1" }, app.fetch);`,
  },
  "Hono on @hono/node-server": {
    packages: ["npm:hono@4.13.19", "npm:@hono/node-server@1.19.7"],
    main: `
import { Hono } from "npm:hono@4.13.19";
import { serve } from "npm:@hono/node-server@1.19.7";
import { word } from "./word.ts";
const app = new Hono();
app.get("/", (context) => context.text(word));
serve({ fetch: app.fetch, port: ${PORT}, hostname: "127.0.0.1" });`,
  },
  "ws 8": {
    packages: ["npm:ws@8.18.3"],
    main: `
import { createServer } from "node:http";
import { WebSocketServer } from "npm:ws@8.18.3";
import { word } from "./word.ts";
const server = createServer((_request, response) => response.end(word));
const sockets = new WebSocketServer({ server });
sockets.on("connection", (socket: any) => { socket.on("message", () => socket.send(word)); });
server.listen(${PORT}, "127.0.0.1");`,
  },
};

const word = (text: string) => `export const word = "${text}";`;

/** Asks again and again over one connection that stays open. */
class KeptConnection implements AsyncDisposable {
  /** What it was answered, and whether the connection was there before. */
  readonly answers: { readonly text: string; readonly isReused: boolean }[] =
    [];
  readonly #agent = new http.Agent({ keepAlive: true, maxSockets: 1 });
  #asking = true;
  readonly #done: Promise<void>;

  constructor(url: string) {
    this.#done = this.#run(url);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#asking = false;
    await this.#done;
    this.#agent.destroy();
  }

  async #run(url: string): Promise<void> {
    while (this.#asking) {
      this.answers.push(await this.#ask(url));
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }

  #ask(url: string): Promise<{ text: string; isReused: boolean }> {
    return new Promise((resolve, reject) => {
      const request = http.get(url, { agent: this.#agent }, (response) => {
        let text = "";
        response.on("data", (chunk) => text += chunk);
        response.on(
          "end",
          () => resolve({ text, isReused: request.reusedSocket }),
        );
      });
      request.on("error", reject);
    });
  }
}

/** Its packages lie in the app's own folder, and are not its modules. */
const IN_FOLDER = { "deno.json": `{ "nodeModulesDir": "auto" }` };
const RUNS: readonly (readonly [
  name: string,
  app: (typeof APPS)[string],
  more: Readonly<Record<string, string>>,
])[] = [
  ...Object.entries(APPS).map(([name, app]) => [name, app, {}] as const),
  ...["express 4", "ws 8"].map((name) =>
    [`${name} in node_modules`, APPS[name]!, IN_FOLDER] as const
  ),
];

for (const [name, { packages, main }, more] of RUNS) {
  const ignore = !await canBeHad(packages);
  Deno.test({
    name: `an app with ${name} is upgraded under load${
      ignore ? " (skipped: not to be had)" : ""
    }`,
    ignore,
    async fn() {
      await using app = await OrdinaryApp.start({
        ...more,
        "main.ts": main,
        "word.ts": word("v1"),
      });
      assertEquals(await app.ask(), "200 v1");
      await using kept = new KeptConnection(app.url);
      await using clients = new Clients(app.url);
      for (let version = 2; version <= 6; version++) {
        const { state, failure } = await app.upgrade({
          "word.ts": word(`v${version}`),
        });
        assertEquals(state, "applied", failure?.message);
        assertEquals(await app.ask(), `200 v${version}`);
      }
      await new Promise((resolve) => setTimeout(resolve, 100));
      await kept[Symbol.asyncDispose]();
      assertEquals(kept.answers.at(-1)?.text, "v6");
      assertEquals(
        kept.answers.filter(({ isReused }) => !isReused).length,
        1,
      );
      assertEquals(await clients.end(), []);
      assert(clients.total > 50, `${clients.total} answers`);
      await app.app.restart();
      assertEquals(await app.ask(), "200 v6");
    },
  });
}
