import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DrivenApp } from "../../support/driven_app.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

/** A boot shell that serves in several ways, none of which an upgrade replaces. */
const SHELL = `
import { live } from "@flyhot/runtime";
import http from "node:http";
import net from "node:net";
import { EventEmitter } from "node:events";
const app: { word(): Promise<string> } = await live(() => import("./app.ts"));
const listening = (server: net.Server) => new Promise<number>((resolve) =>
  server.listen(0, "127.0.0.1", () => resolve((server.address() as { port: number }).port)));
const web = http.createServer((request, response) => {
  request.resume();
  request.on("end", async () => response.end(await app.word()));
});
const raw = net.createServer((socket) => {
  socket.on("error", () => {});
  socket.on("data", async () => socket.write(await app.word() + "\\n"));
});
const emitted: string[] = [];
const bus = new EventEmitter();
bus.on("tick", async () => emitted.push(await app.word()));
setInterval(() => bus.emit("tick"), 5);
Object.assign(globalThis, { ports: [await listening(web), await listening(raw)], emitted });
export const settings = {};
`;

const appModule = (word: string, health: string) => `
import { health } from "@flyhot/runtime";
import { AsyncLocalStorage } from "node:async_hooks";
import "./extra.ts";
const own = globalThis as unknown as { ports: number[]; emitted: string[] };
export const ports = () => own.ports;
export const emitted = () => [...own.emitted];
export const word = async () => { await new Promise((done) => setTimeout(done, 1)); return "${word}"; };
const mine = new AsyncLocalStorage<string>();
health(() => mine.run("check", async () => {
  await import("./extra.ts");
  await import("node:zlib");
  const met = await (await fetch("http://127.0.0.1:" + own.ports[0])).text();
  await new Promise((done) => setTimeout(done, 250));
  ${health}
}));
`;

/** Asks over one connection, again and again. */
async function overOne(
  port: number,
  question: string,
  until: () => boolean,
  met: Set<string>,
): Promise<void> {
  using connection = await Deno.connect({ hostname: "127.0.0.1", port });
  const buffer = new Uint8Array(4096);
  while (!until()) {
    await connection.write(new TextEncoder().encode(question));
    const count = await connection.read(buffer);
    const text = new TextDecoder().decode(buffer.subarray(0, count ?? 0));
    met.add(/one|two|bad/.exec(text)?.[0] ?? `odd: ${text}`);
    await pause(3);
  }
}

/** Asks with a body that takes its time. */
async function slowly(
  port: number,
  until: () => boolean,
  met: Set<string>,
): Promise<void> {
  while (!until()) {
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      async start(controller) {
        controller.enqueue(new Uint8Array(10));
        await pause(60);
        controller.close();
      },
    });
    const response = await fetch(`http://127.0.0.1:${port}`, {
      method: "POST",
      body,
    });
    met.add(await response.text());
  }
}

Deno.test("who came before a check, over a kept connection, with a slow body, over raw TCP or by an event, is a stranger to it (P63)", async () => {
  await using app = await DrivenApp.start({
    "settings.ts": SHELL,
    "app.ts": appModule("one", "return true;"),
    "extra.ts": "export const extra = 1;",
  });
  const [web, raw] = await app.call("ports") as [number, number];
  const emitted = async () => await app.call("emitted") as string[];
  const ask = async () => {
    const from = (await emitted()).length;
    let isOver = false;
    const met = {
      kept: new Set<string>(),
      slow: new Set<string>(),
      raw: new Set<string>(),
    };
    const until = () => isOver;
    const running = Promise.allSettled([
      overOne(web, "GET / HTTP/1.1\r\nhost: a\r\n\r\n", until, met.kept),
      slowly(web, until, met.slow),
      overOne(raw, "?", until, met.raw),
    ]);
    return {
      async met() {
        isOver = true;
        for (const end of await running) {
          assertEquals(end.status, "fulfilled", JSON.stringify(end));
        }
        return {
          ...met,
          emitted: new Set((await emitted()).slice(from)),
        };
      },
    };
  };
  const during = await ask();
  await pause(50);
  const failed = await app.upgrade({
    "app.ts": appModule("bad", `throw new Error("the check met " + met);`),
    "extra.ts": "export const extra = 2;",
  });
  assertEquals(failed.state, "failed");
  assertStringIncludes(JSON.stringify(failed), "the check met bad");
  for (const [how, words] of Object.entries(await during.met())) {
    assertEquals([...words], ["one"], how);
  }
  const after = await ask();
  const applied = await app.upgrade({
    "app.ts": appModule("two", "return true;"),
    "extra.ts": "export const extra = 3;",
  });
  assertEquals(applied.state, "applied", JSON.stringify(applied));
  await pause(150);
  for (const [how, words] of Object.entries(await after.met())) {
    assert(!words.has("bad") && words.has("two"), `${how}: ${[...words]}`);
  }
});
