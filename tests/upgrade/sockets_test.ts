import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { denoJson, DrivenApp } from "../support/driven_app.ts";
import { SERVING_SHELL } from "../support/served_app.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A client that keeps sending numbers and notes every answer. */
class Client {
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

const chat = (
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

async function start(
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

async function versions(clients: readonly Client[]): Promise<string[]> {
  await pause(100);
  await Promise.all(clients.map((client) => client.rest()));
  const all = clients.map((client) => versionsOf(client).join(" "));
  return [...new Set(all)];
}

Deno.test("open sockets stay open and their next messages meet the new handlers, in order, none lost", async () => {
  await using it = await start(chat("v1"));
  const { app, clients } = it;
  for (const version of ["v2", "v3"]) {
    const result = await app.upgrade({ "app.ts": chat(version) });
    assertEquals(result.state, "applied", JSON.stringify(result));
    await pause(50);
  }
  assertEquals(await app.call("size"), 5);
  assertEquals(await versions(clients), ["v1 v2 v3"]);
  for (const { answers, sent } of clients) {
    assert(sent > 20);
    // The data is one object over all versions.
    assertEquals(answers.at(-1)!.split(" ").at(-1), `${sent}`);
  }
  assertEquals(
    clients.flatMap(({ got }) => got.filter((g) => g.startsWith("error"))),
    [],
  );
});

Deno.test("the data of sockets is migrated up and down with all the rest, under load", async () => {
  await using it = await start(chat("v1"));
  const { app, clients } = it;
  const two = {
    more:
      `version: 2, migrate: { 2: { up: ({ count }: { count: number }) => ({ total: count, since: 2 }), down: ({ total }: { total: number }) => ({ count: total }) } },`,
    data: "({ total: 0, since: 2 })",
    count: "total",
  };
  const up = await app.upgrade({ "app.ts": chat("v2", two) });
  assert(up.state === "applied", JSON.stringify(up));
  assertEquals(up.holders, [{
    name: "chat",
    from: 1,
    to: 2,
    action: "migrated",
  }]);
  await pause(50);
  const down = await app.upgrade({ "app.ts": chat("v3") });
  assertEquals(down.state, "applied", JSON.stringify(down));
  await pause(50);
  const broken = await app.upgrade({
    "app.ts": chat("v4", {
      ...two,
      more:
        `version: 2, migrate: { 2: (old: { count: number }) => { if (old.count > 0) throw new Error("no"); return { total: 0, since: 3 }; } },`,
    }),
  });
  assert(broken.state === "failed", JSON.stringify(broken));
  assertStringIncludes(broken.message, "chat[");
  assertEquals(await versions(clients), ["v1 v2 v3"]);
  for (const { answers, sent } of clients) {
    assertEquals(answers.at(-1)!.split(" ").at(-1), `${sent}`);
  }
});

for (const migrated of [false, true]) {
  Deno.test(`until health has passed only the check's own socket meets the new handlers; an undo closes it (${migrated ? "migrated" : "kept"})`, async () => {
    const PORT = "(globalThis as { port?: number }).port";
    const two = migrated
      ? {
        more:
          `version: 2, migrate: { 2: { up: (old: { count: number }) => ({ ...old, two: true }), down: ({ count }: { count: number }) => ({ count }) } },`,
        data: "({ count: 0, two: true })",
      }
      : {};
    await using it = await start(
      chat("v1"),
      `health: async ({ version }) => { await (globalThis as { check?: () => Promise<void> }).check?.(); return (globalThis as { verdict?: boolean }).verdict !== false; }`,
    );
    const { app, clients } = it;
    const check = (verdict: boolean) => `
Object.assign(globalThis, {
  verdict: ${verdict},
  check: async () => {
    const own = new WebSocket("ws://127.0.0.1:" + ${PORT});
    const got: string[] = [];
    (globalThis as { got?: string[] }).got = got;
    own.onmessage = ({ data }) => got.push(data);
    await new Promise((r) => own.onopen = r);
    (globalThis as { own?: WebSocket }).own = own;
    own.send("await");
    chat.broadcast("broadcast by the check");
    await new Promise((r) => setTimeout(r, 300));
  },
});
export const own = () => ({ got: (globalThis as { got?: string[] }).got, state: (globalThis as { own?: WebSocket }).own?.readyState });`;
    const bad = await app.upgrade({
      "app.ts": chat("v2", { ...two, extra: check(false) }),
    });
    assert(bad.state === "failed", JSON.stringify(bad));
    assertEquals(bad.phase, "health");
    await pause(50);
    assertEquals(await app.call("size"), 5);
    for (const { got } of clients) {
      assertEquals(
        got.filter((it) => it.includes("v2") || it.startsWith("broadcast")),
        [],
      );
    }
    const good = await app.upgrade({
      "app.ts": chat("v3", { ...two, extra: check(true) }),
    });
    assertEquals(good.state, "applied", JSON.stringify(good));
    const { got, state } = await app.call("own") as {
      got: string[];
      state: number;
    };
    assertEquals(got[0]!.slice(0, 8), "hello v3");
    assertEquals(got.includes("# await v3 1"), true, `${got}`);
    assertEquals(state, WebSocket.OPEN);
    assertEquals(await app.call("size"), 6);
    assertEquals(await versions(clients), ["v1 v3"]);
    for (const { got } of clients) {
      const told = got.indexOf("broadcast by the check");
      assert(told > 0, "the broadcast reaches clients once health has passed");
      assertEquals(got.lastIndexOf("broadcast by the check"), told);
    }
  });
}

Deno.test("a handler under way ends in the code it began in, and holds up nothing where data is kept", async () => {
  await using it = await start(chat("v1"), "suspendTimeoutMs: 100");
  const { app, clients, url } = it;
  await using slow = new Client(url);
  await slow.opened;
  slow.send("slow");
  slow.send("after");
  await pause(30);
  const result = await app.upgrade({ "app.ts": chat("v2") });
  assertEquals(result.state, "applied", JSON.stringify(result));
  assertEquals(slow.got.length, 1);
  await app.call("release");
  await slow.until(() => slow.got.length === 3);
  assertEquals(slow.got.slice(1), ["slow v1 v1", "# after v2 2"]);
  assertEquals(await versions(clients), ["v1 v2"]);
});

Deno.test("a handler that is under way for too long refuses a migration of its data, and nothing has changed", async () => {
  await using it = await start(chat("v1"), "suspendTimeoutMs: 100");
  const { app, clients, url } = it;
  await using slow = new Client(url);
  await slow.opened;
  slow.send("slow");
  await pause(30);
  const result = await app.upgrade({
    "app.ts": chat("v2", {
      more:
        `version: 2, migrate: { 2: (old: { count: number }) => ({ ...old, two: 1 }) },`,
      data: "({ count: 0, two: 1 })",
    }),
  });
  assert(result.state === "failed", JSON.stringify(result));
  assertEquals(result.phase, "suspend");
  assertStringIncludes(result.message, "chat[6]");
  await app.call("release");
  await slow.until(() => slow.got.length === 2);
  assertEquals(slow.got[1], "slow v1 v1");
  assertEquals(await versions(clients), ["v1"]);
});

Deno.test("what a handler throws reaches its error handler, of whichever version, and ends nothing", async () => {
  await using it = await start(chat("v1"));
  const { app, clients } = it;
  clients[0]!.send("throw");
  await app.upgrade({ "app.ts": chat("v2") });
  clients[0]!.send("throw");
  const result = await app.upgrade({
    "app.ts": chat("v3").replace(/ {2}error\(.*\n/, "").replace(
      `data: (`,
      `data: (`,
    ),
  });
  assertEquals(result.state, "applied", JSON.stringify(result));
  clients[0]!.send("throw");
  assertEquals(await versions(clients), ["v1 v2 v3"]);
  assertEquals(
    clients[0]!.got.filter((it) => it.startsWith("error")),
    ["error v1 thrown in v1", "error v2 thrown in v2"],
  );
  assertStringIncludes(app.log, "thrown in v3");
});

Deno.test("sockets that close during the upgrade end with the newest handler and its data; new ones open meanwhile", async () => {
  await using it = await start(
    chat("v1"),
    `health: () => new Promise((resolve) => setTimeout(resolve, 400))`,
  );
  const { app, clients, url } = it;
  await using leaving = new Client(url);
  await leaving.opened;
  const upgrading = app.upgrade({
    "app.ts": chat("v2", {
      more:
        `version: 2, migrate: { 2: { up: ({ count }: { count: number }) => ({ total: count }), down: ({ total }: { total: number }) => ({ count: total }) } },`,
      data: "({ total: 10 })",
      count: "total",
    }),
  });
  await pause(250);
  leaving.socket.close(4000, "bye");
  await using coming = new Client(url);
  await coming.opened;
  coming.send("first");
  const result = await upgrading;
  assertEquals(result.state, "applied", JSON.stringify(result));
  await coming.until(() => coming.got.length === 2);
  assert(
    ["hello v1", "hello v2"].includes(coming.got[0]!.slice(0, 8)),
    coming.got[0],
  );
  const closed = (await app.call("logged") as string[]).find((it) =>
    it.includes("4000")
  );
  assert(
    ["closed v1 4000 bye", "closed v2 4000 bye"].includes(
      closed!.slice(0, 18),
    ),
  );
  // Code and data are of one version.
  assertEquals(closed!.includes("total"), closed!.startsWith("closed v2"));
  assertEquals(coming.got[0]!.includes("total"), coming.got[0]!.includes("v2"));
  assertEquals(await app.call("size"), 6);
  assertEquals(await versions(clients), ["v1 v2"]);
});

Deno.test("binary messages, close codes and broadcasts", async () => {
  await using it = await start(chat("v1"), "", 2);
  const { app, clients, url } = it;
  await app.upgrade({ "app.ts": chat("v2") });
  const [first, second] = clients as [Client, Client];
  first.send(new Uint8Array([1, 2, 255]));
  await first.until(() => first.got.includes("bytes 1,2,255"));
  await app.call("broadcast", "to all");
  await second.until(() => second.got.includes("to all v2"));
  assertEquals(second.got.includes("bytes 1,2,255"), false);
  await using asked = new Client(url);
  await asked.opened;
  asked.send("close");
  const { code, reason } = await asked.closed.promise;
  assertEquals([code, reason], [4001, "asked"]);
  const response = await fetch(url);
  assertEquals(response.status, 400);
  await response.body?.cancel();
  assertEquals(await app.call("size"), 2);
  assertEquals(await versions(clients), ["v1 v2"]);
});

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

Deno.test("a socket that old code opens after the upgrade is of the newest version, data and handlers", async () => {
  const late = (text: string) =>
    text.replace(
      "try { return chat.upgrade(request)",
      `try { if (request.url.endsWith("/late")) return hold().then(() => chat.upgrade(request)) as never; return chat.upgrade(request)`,
    );
  await using it = await start(
    late(chat("v1")),
    "drainMs: 60_000, probationMs: 0",
  );
  const { app, clients, url } = it;
  await using coming = new Client(`${url}/late`);
  await pause(50);
  const result = await app.upgrade({
    "app.ts": late(chat("v2", {
      more:
        `version: 2, migrate: { 2: ({ count }: { count: number }) => ({ total: count }) },`,
      data: "({ total: 10 })",
      count: "total",
    })),
  });
  assertEquals(result.state, "applied", JSON.stringify(result));
  assertEquals(coming.got, []);
  await app.call("release");
  await coming.opened;
  coming.send("late");
  await coming.until(() => coming.got.length === 2);
  assertEquals(coming.got, [`hello v2 {"total":10}`, "# late v2 11"]);
  assertEquals(await versions(clients), ["v1 v2"]);
});

Deno.test("data is written by the socket's own handlers only, also after they have waited", async () => {
  const text = `
import { sockets } from "@flyhot/runtime";
const all = new Set<{ data: { count: number } }>();
const chat = sockets("chat", {
  data: () => ({ count: 0 }),
  open(socket) { all.add(socket); },
  async message(socket, text) {
    await new Promise((r) => setTimeout(r, 1));
    socket.data = { count: socket.data.count + 1 };
    let other = "";
    for (const it of all) if (it !== socket) try { it.data.count = 99; } catch { other = "refused"; }
    socket.send("# " + text + " " + other + " " + socket.data.count);
  },
});
export const port = () => (globalThis as { port?: number }).port;
export const counts = () => [...all].map(({ data }) => data.count);
export const write = () => { for (const it of all) it.data = { count: 0 }; };
export const handle = (request: Request) => chat.upgrade(request);`;
  await using it = await start(text, "", 2);
  const { app, clients } = it;
  await Promise.all(clients.map((client) => client.rest()));
  assertEquals(
    await app.call("counts"),
    clients.map(({ sent }) => sent),
  );
  assertEquals(
    new Set(
      clients.flatMap(({ answers }) => answers.map((a) => a.split(" ")[2])),
    ),
    new Set(["refused"]),
  );
  let message = "";
  await app.call("write").catch((error) => message = error.message);
  assertStringIncludes(message, "outside of its handlers");
});
