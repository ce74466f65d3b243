import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { denoJson, DrivenApp } from "../../support/driven_app.ts";
import { freePort } from "../../support/net/free_port.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** Two clients that ask one address all the time. */
class Clients implements AsyncDisposable {
  readonly #answers: string[][] = [[], []];
  readonly url: string;
  #asking = true;
  readonly #clients: Promise<unknown>;

  constructor(url: string) {
    this.url = url;
    this.#clients = Promise.all(this.#answers.map((it) => this.#client(it)));
  }

  async ask(path = "/"): Promise<string> {
    try {
      const response = await fetch(this.url + path);
      return `${response.status} ${await response.text()}`;
    } catch (error) {
      return `failed: ${error}`;
    }
  }

  get answers(): string[] {
    return this.#answers.flat();
  }

  /** Ends, and tells what each client was answered, one for each time that it changed. */
  async runs(): Promise<string[]> {
    await pause(100);
    await this[Symbol.asyncDispose]();
    const runs = this.#answers.map((answers) =>
      answers.filter((it, at) => it !== answers[at - 1])
    );
    assertEquals(runs[0], runs[1]);
    return runs[0]!;
  }

  async #client(answers: string[]): Promise<void> {
    while (this.#asking) {
      answers.push(await this.ask());
      await pause(2);
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#asking = false;
    await this.#clients;
  }
}

const SERVE = {
  deno: (port: string, text: string) =>
    `Deno.serve({ port: ${port}, hostname: "127.0.0.1", onListen() {} }, async (request) => { if (request.url.endsWith("/slow")) await new Promise((r) => setTimeout(r, 300)); return new Response("${text}"); });`,
  node: (port: string, text: string) =>
    `const server = http.createServer(async (request, response) => { if (request.url === "/slow") await new Promise((r) => setTimeout(r, 300)); response.end("${text}"); });
  await new Promise<void>((resolve) => server.listen(${port}, "127.0.0.1", () => resolve()));
  Object.assign(globalThis, { servers: [...(globalThis as { servers?: http.Server[] }).servers ?? [], server] });`,
};

const SHAPES: Readonly<Record<string, (body: string) => string>> = {
  "at the top level": (body) => body,
  "by a main function that nobody waits for": (body) =>
    `async function main() {
  await new Promise((r) => setTimeout(r, 300));
  ${body}
}
main();`,
};

const app = (body: string, more = "") => `
import http from "node:http";
void http;
${more}
${body}
export const closeOld = () => new Promise((resolve) => (globalThis as unknown as { servers: http.Server[] }).servers[0]!.close(resolve as never)).then(() => "closed");
export const handle = () => 1;
`;

async function start(first: string, settings = ""): Promise<DrivenApp> {
  return await DrivenApp.start({
    "settings.ts": `export const settings = { ${settings} };`,
    // What these programs tell the test by, and would leave behind.
    "deno.json": denoJson({
      consent: ["global:app.ts#servers", "global:app.ts#verdict"],
    }),
    "app.ts": first,
  });
}

async function listening(port: string): Promise<void> {
  for (let tries = 0; tries < 200; tries++) {
    try {
      const { ok, body } = await fetch(`http://127.0.0.1:${port}/`);
      await body?.cancel();
      if (ok) return;
    } catch {
      await pause(10);
    }
  }
  throw new Error(`nobody listens on ${port}`);
}

for (const kind of ["deno", "node"] as const) {
  const serve = SERVE[kind];
  for (const [shape, within] of Object.entries(SHAPES)) {
    Deno.test(`a server opened ${shape} is handed over under load, given back by an undo (${kind})`, async () => {
      const port = String(freePort());
      const version = (text: string, more = "") =>
        app(within(serve(port, text)), more);
      await using driven = await start(
        version("v1"),
        `health: async () => { await new Promise((r) => setTimeout(r, 200)); return (globalThis as { verdict?: boolean }).verdict !== false; }`,
      );
      await listening(port);
      await using clients = new Clients(`http://127.0.0.1:${port}`);
      await pause(50);
      const slow = clients.ask("/slow");
      await pause(10);
      const two = await driven.upgrade({ "app.ts": version("v2") });
      assertEquals(two.state, "applied", JSON.stringify(two));
      assertEquals(await slow, "200 v1");
      assertEquals(await clients.ask(), "200 v2");
      const bad = await driven.upgrade({
        "app.ts": version(
          "bad",
          `Object.assign(globalThis, { verdict: false });`,
        ),
      });
      assertEquals(bad.state, "failed", JSON.stringify(bad));
      assertEquals(await clients.ask(), "200 v2");
      const four = await driven.upgrade({
        "app.ts": version(
          "v4",
          `Object.assign(globalThis, { verdict: true });`,
        ),
      });
      assertEquals(four.state, "applied", JSON.stringify(four));
      assertEquals(await clients.ask(), "200 v4");
      if (kind === "node") {
        // What was superseded has nothing left to close.
        assertEquals(await driven.call("closeOld"), "closed");
        assertEquals(await clients.ask(), "200 v4");
      }
      assertEquals(await clients.runs(), ["200 v1", "200 v2", "200 v4"]);
      assert(clients.answers.length > 20);
    });
  }

  Deno.test(`a server that the new code does not open is refused, unless consented: then it ends, and comes back on the way back (${kind})`, async () => {
    const port = String(freePort());
    const other = String(freePort());
    const both = app(
      serve(port, "one") + "{" + serve(other, "two") + "}",
    );
    const one = app(serve(port, "one alone"));
    await using driven = await start(both, "prepareTimeoutMs: 700");
    await listening(other);
    await using clients = new Clients(`http://127.0.0.1:${port}`);
    await pause(30);
    const refused = await driven.upgrade({ "app.ts": one });
    assert(refused.state === "failed", JSON.stringify(refused));
    assertEquals(refused.phase, "load");
    assertStringIncludes(refused.message, other);
    assertEquals(await clients.ask(), "200 one");
    await listening(other);
    const key = /consent "([^"]+)"/.exec(refused.message)![1]!;
    const taken = await driven.upgrade({ "app.ts": one }, [key]);
    assertEquals(taken.state, "applied", JSON.stringify(taken));
    assertEquals(await clients.ask(), "200 one alone");
    const gone = await new Clients(`http://127.0.0.1:${other}`);
    assertStringIncludes(await gone.ask(), "failed");
    await gone[Symbol.asyncDispose]();
    const back = await driven.upgrade({ "app.ts": both + "\nvoid 0;" });
    assertEquals(back.state, "applied", JSON.stringify(back));
    await listening(other);
    // The release that had one address only is gone back to without being asked.
    const again = await driven.upgrade({ "app.ts": one });
    assertEquals(again.state, "applied", JSON.stringify(again));
    assertEquals(await clients.ask(), "200 one alone");
    await pause(50);
    assertEquals(await clients.runs(), [
      "200 one",
      "200 one alone",
      "200 one",
      "200 one alone",
    ]);
  });

  Deno.test(`a port that the new code opens is reached when its code is trusted, and closed when it is given up (${kind})`, async () => {
    const port = String(freePort());
    const other = String(freePort());
    await using driven = await start(
      app(serve(port, "v1")),
      `health: async () => { await new Promise((r) => setTimeout(r, 300)); return (globalThis as { verdict?: boolean }).verdict !== false; }`,
    );
    await listening(port);
    await using clients = new Clients(`http://127.0.0.1:${port}`);
    const both = (verdict: boolean) =>
      app(
        serve(port, "v2") + "{" + serve(other, "new") + "}",
        `Object.assign(globalThis, { verdict: ${verdict} });`,
      );
    const late = new Clients(`http://127.0.0.1:${other}`);
    const bad = await driven.upgrade({ "app.ts": both(false) });
    assertEquals(bad.state, "failed");
    await pause(50);
    assertEquals(late.answers.filter((it) => it === "200 new"), []);
    assertStringIncludes(await late.ask(), "failed");
    const good = await driven.upgrade({ "app.ts": both(true) });
    assertEquals(good.state, "applied", JSON.stringify(good));
    assertEquals(await late.ask(), "200 new");
    await pause(50);
    await late[Symbol.asyncDispose]();
    assertEquals(await clients.runs(), ["200 v1", "200 v2"]);
  });
}

const OTHERS: Readonly<
  Record<string, { npm?: string; app: (text: string) => string }>
> = {
  "express 5": {
    npm: "npm:express@5.1.0",
    app: (text) => `
import express from "npm:express@5.1.0";
const server = express().get("/", (_: unknown, response: { send(text: string): void }) => response.send("${text}"));
const listening = server.listen(0, "127.0.0.1");
await new Promise((resolve) => listening.on("listening", resolve));
const port = listening.address().port;`,
  },
  "any port of Deno.serve": {
    app: (text) => `
const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => new Response("${text}"));
const { port } = server.addr as Deno.NetAddr;`,
  },
  "a server that its own dispose closes": {
    app: (text) => `
import http from "node:http";
import { hot } from "@flyhot/runtime";
const server = http.createServer((_, response) => response.end("${text}"));
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
const { port } = server.address() as { port: number };
hot(import.meta).dispose(() => new Promise((resolve) => server.close(resolve)));`,
  },
  "node:net": {
    app: (text) => `
import net from "node:net";
const server = net.createServer((socket) => {
  socket.once("data", () => socket.end("HTTP/1.1 200 OK\\r\\nconnection: close\\r\\ncontent-length: ${text.length}\\r\\n\\r\\n${text}"));
  socket.on("error", () => {});
});
await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", () => resolve()));
const { port } = server.address() as { port: number };`,
  },
};

for (const [name, { npm, app }] of Object.entries(OTHERS)) {
  const ignore = npm !== undefined && !(await new Deno.Command(
    Deno.execPath(),
    {
      args: ["cache", "--no-lock", "--no-check", npm],
      stdout: "null",
      stderr: "null",
    },
  ).output()).success;
  Deno.test({
    name: `${name} is handed over under load${
      ignore ? " (skipped: not to be had)" : ""
    }`,
    ignore,
    async fn() {
      const version = (text: string) =>
        app(text) + "\nexport const asked = () => port;";
      await using driven = await start(version("v1"));
      const port = await driven.call("asked");
      await using clients = new Clients(`http://127.0.0.1:${port}`);
      await pause(50);
      for (const text of ["v2", "v3", "v4"]) {
        const result = await driven.upgrade({ "app.ts": version(text) });
        assertEquals(result.state, "applied", JSON.stringify(result));
        assertEquals(await driven.call("asked"), port);
        await pause(50);
      }
      assertEquals(
        await clients.runs(),
        ["200 v1", "200 v2", "200 v3", "200 v4"],
      );
    },
  });
}

Deno.test("an upgrade that asks for a port of somebody else fails in its own words", async () => {
  using listener = Deno.listen({ port: 0, hostname: "127.0.0.1" });
  const port = String(freePort());
  const serve = (at: string, text: string) => app(SERVE.deno(at, text));
  await using driven = await start(serve(port, "v1"));
  await using clients = new Clients(`http://127.0.0.1:${port}`);
  const result = await driven.upgrade({
    "app.ts": app(
      SERVE.deno(port, "v2") + SERVE.deno(`${listener.addr.port}`, "v2"),
    ),
  });
  assert(result.state === "failed", JSON.stringify(result));
  assertStringIncludes(result.message, "Address already in use");
  assertEquals(await clients.runs(), ["200 v1"]);
});
