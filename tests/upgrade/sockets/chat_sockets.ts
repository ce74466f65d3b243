/**
 * A chat over sockets(), and clients that never stop talking.
 *
 * @module
 */

import { assert, assertEquals } from "@std/assert";
import { DrivenApp } from "../../support/driven_app.ts";
import { SERVING_SHELL } from "../../support/served_app.ts";

/** Waits so long. */
export const pause = (ms: number) =>
  new Promise((resolve) => setTimeout(resolve, ms));

/** A client that keeps sending numbers and notes every answer. */
export class Client {
  readonly got: string[] = [];
  readonly socket: WebSocket;
  readonly opened: Promise<unknown>;
  readonly closed = Promise.withResolvers<CloseEvent>();
  sent = 0;
  #sending: ReturnType<typeof setInterval> | null = null;

  constructor(url: string) {
    this.socket = new WebSocket(url.replace("http", "ws"));
    this.socket.binaryType = "arraybuffer";
    this.opened = new Promise((resolve) => {
      this.socket.onopen = resolve;
    });
    this.socket.onmessage = ({ data }) => {
      this.got.push(
        typeof data === "string" ? data : `bytes ${new Uint8Array(data)}`,
      );
    };
    this.socket.onerror = () => {};
    this.socket.onclose = this.closed.resolve;
  }

  begin(): void {
    this.#sending = setInterval(() => this.send(`${++this.sent}`), 3);
  }

  send(message: string | Uint8Array<ArrayBuffer>): void {
    this.socket.send(message);
  }

  /** Stops sending and waits for the answers. */
  async rest(): Promise<void> {
    if (this.#sending !== null) clearInterval(this.#sending);
    this.#sending = null;
    await this.until(() => this.answers.length >= this.sent);
  }

  async until(is: () => boolean): Promise<void> {
    for (let tries = 0; !is(); tries++) {
      assert(tries < 2000, `waited in vain: ${this.got.slice(-5)}`);
      await pause(5);
    }
  }

  get answers(): string[] {
    return this.got.filter((it) => it.startsWith("#"));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#sending !== null) clearInterval(this.#sending);
    this.socket.close();
    await this.closed.promise;
  }
}

/** Each answer is in order, none is missing, and no old one comes after a new one. */
function versionsOf({ answers, sent }: Client): string[] {
  assertEquals(
    answers.map((it) => it.split(" ")[1]),
    Array.from({ length: sent }, (_, index) => `${index + 1}`),
  );
  const versions = answers.map((it) => it.split(" ")[2]!);
  return versions.filter((it, index) => it !== versions[index - 1]);
}

/** The module with the chat, as the version writes it. */
export const chat = (
  version: string,
  { data = "({ count: 0 })", more = "", count = "count", extra = "" } = {},
) => `
import { health, sockets } from "@flyhot/runtime";
void health;
const held: (() => void)[] = (globalThis as unknown as { held?: (() => void)[] }).held ??= [];
const hold = () => new Promise<void>((resolve) => held.push(resolve));
export const release = () => { for (const resolve of held.splice(0)) resolve(); };
const log: string[] = (globalThis as unknown as { log?: string[] }).log ??= [];
export const chat = sockets("chat", {
  ${more}
  data: (request) => ${data},
  open(socket) { socket.send("hello ${version} " + JSON.stringify(socket.data)); },
  async message(socket, text) {
    if (typeof text !== "string") { socket.send(text); return; }
    if (text === "throw") throw new Error("thrown in ${version}");
    if (text === "slow") { const seen = "${version}"; await hold(); socket.data.${count}++; socket.send("slow " + seen + " ${version}"); return; }
    if (text === "await") await Promise.resolve();
    if (text === "close") { socket.close(4001, "asked"); return; }
    socket.data.${count}++;
    socket.send("# " + text + " ${version} " + socket.data.${count});
  },
  close(socket, code, reason) { log.push("closed ${version} " + code + " " + reason + " " + JSON.stringify(socket.data)); },
  error(socket, error) { socket.send("error ${version} " + (error as Error).message); },
});
${extra}
export const port = () => (globalThis as { port?: number }).port;
export const size = () => chat.size;
export const logged = () => log;
export const broadcast = (text: string) => chat.broadcast(text + " ${version}");
export const handle = (request: Request): Response => {
  try { return chat.upgrade(request); } catch (error) { return new Response(String(error), { status: 400 }); }
};
`;

/** Starts the chat with clients that talk. */
export async function start(
  text: string,
  settings = "",
  count = 5,
): Promise<
  AsyncDisposable & { app: DrivenApp; clients: Client[]; url: string }
> {
  const app = await DrivenApp.start({
    "settings.ts": SERVING_SHELL(settings),
    "app.ts": text,
  });
  const url = `http://127.0.0.1:${await app.call("port")}`;
  const clients = Array.from({ length: count }, () => new Client(url));
  await Promise.all(clients.map(({ opened }) => opened));
  for (const client of clients) client.begin();
  await pause(100);
  return {
    app,
    clients,
    url,
    async [Symbol.asyncDispose]() {
      for (const client of clients) await client[Symbol.asyncDispose]();
      await app[Symbol.asyncDispose]();
    },
  };
}

/** Which versions answered the clients, in order. */
export async function versions(clients: readonly Client[]): Promise<string[]> {
  await pause(100);
  await Promise.all(clients.map((client) => client.rest()));
  const all = clients.map((client) => versionsOf(client).join(" "));
  return [...new Set(all)];
}
