/**
 * Clients of servers whose sockets an app opens itself.
 *
 * @module
 */

import { assertEquals } from "@std/assert";
import { canBeHad } from "../../support/packages.ts";
import type { OrdinaryApp } from "../../support/ordinary_app.ts";

/** The port of the app, as its code reads it. */
export const PORT = `Number(Deno.env.get("PORT"))`;

/** Waits so long. */
export const pause = (ms: number) =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** A client that remembers all it hears, and connects again when its socket is closed, if it is to. */
export class Client implements AsyncDisposable {
  readonly heard: string[] = [];
  readonly closes: number[] = [];
  readonly #url: string;
  readonly #again: boolean;
  #socket: WebSocket;
  #ended = false;

  constructor(url: string, again = false) {
    this.#url = url.replace("http", "ws");
    this.#again = again;
    this.#socket = this.#connect();
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  async hears(wanted: string): Promise<void> {
    for (let tries = 0; tries < 300; tries++) {
      if (this.heard.at(-1) === wanted) return;
      await pause(10);
    }
    assertEquals(this.heard.at(-1), wanted);
  }

  #connect(): WebSocket {
    const socket = new WebSocket(this.#url);
    socket.onmessage = ({ data }) => this.heard.push(data);
    socket.onclose = ({ code }) => {
      this.closes.push(code);
      if (this.#again && !this.#ended) this.#socket = this.#connect();
    };
    return socket;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#ended = true;
    const closed = new Promise((resolve) =>
      this.#socket.addEventListener("close", resolve)
    );
    if (this.#socket.readyState === WebSocket.CLOSED) return;
    this.#socket.close();
    await closed;
  }
}

/** A server by the ws package. */
export const ws = (version: string) => `
import { createServer } from "node:http";
import { WebSocketServer } from "npm:ws@8.18.3";
const server = createServer((_request, response) => response.end("${version}"));
new WebSocketServer({ server }).on("connection", (socket: any) => {
  let count = 0;
  socket.send("hello null13 ${version}");
  socket.on("message", (data: any) => socket.send(data + " ${version} " + ++count));
});
server.listen(${PORT}, "127.0.0.1");`;

/** A deno.json that says what becomes of open sockets. */
export const settings = (sockets: string) =>
  JSON.stringify({ flyhot: { sockets } });

/** Whether the registry has ws. */
export const isWsThere = await canBeHad(["npm:ws@8.18.3"]);

/** What is applied one after the other. */
export const VERSIONS = ["v2", "v3", "v4", "v5", "v6"];

/** Applies a change, which must succeed. */
export async function upgraded(
  app: OrdinaryApp,
  changes: Readonly<Record<string, string>>,
): Promise<void> {
  const { state, failure } = await app.upgrade(changes);
  assertEquals(state, "applied", failure?.message);
}
