import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { Clients } from "../../support/net/clients.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";

const IMPORTS = `
import { exec, spawn } from "node:child_process";
import dns from "node:dns";
import { EventEmitter } from "node:events";
import fs from "node:fs";
import http from "node:http";
import net from "node:net";
import process, { abort, exit, kill } from "node:process";
import zlib from "node:zlib";
void [exec, spawn, dns, EventEmitter, fs, http, net, process, kill, zlib];
`;

const main = (version: string, more = "") => `
${IMPORTS}
${more}
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, (request) =>
  new Response(request.url.endsWith("/pid") ? String(Deno.pid) : "${version}"));`;

/** What ends a process that nobody guards: by errors that nobody hears, by callbacks that throw, by itself. */
const CRASHES: Readonly<Record<string, string>> = {
  "a read stream": `fs.createReadStream("/there/is/none").resume();`,
  "a write stream": `fs.createWriteStream("/there/is/none").write("x");`,
  "a socket": `net.connect(1, "127.0.0.1");`,
  "a request": `http.get("http://127.0.0.1:1/");`,
  "a child process": `spawn("/there/is/none");`,
  "a stream that transforms": `zlib.createGunzip().write("nonsense");`,
  "an emitter": `new EventEmitter().emit("error", new Error("crash"));`,
  "an emitted text": `new EventEmitter().emit("error", "crash");`,
  "a callback of the disk":
    `fs.stat("/", () => { throw new Error("crash"); });`,
  "a callback of names":
    `dns.lookup("localhost", () => { throw new Error("crash"); });`,
  "a callback of a command":
    `exec("true", () => { throw new Error("crash"); });`,
  "a worker":
    `new Worker("data:text/javascript,throw new Error('crash')", { type: "module" });`,
  "a message":
    `const { port1, port2 } = new MessageChannel(); port1.onmessage = () => { throw new Error("crash"); }; port2.postMessage(0);`,
  "a signal of time":
    `AbortSignal.timeout(1).addEventListener("abort", () => { throw new Error("crash"); });`,
  "an error without a text":
    `const error = new Error("x"); for (const key of ["message", "stack"]) Object.defineProperty(error, key, { get() { throw 1; } }); throw error;`,
  "a proxy":
    `Promise.reject(new Proxy({}, { get() { throw new Error("trap"); } }));`,
  "nothing at all": `Promise.reject(undefined);`,
  "a text": `throw "crash";`,
  "a text in the next tick": `process.nextTick(() => { throw "crash"; });`,
  "a thenable":
    `(async () => { await { then() { throw new Error("crash"); } }; })();`,
  "close()": `close();`,
  "process.abort()": `process.abort();`,
  "abort() by its name": `abort();`,
  "exit() by its name": `exit(3);`,
  "a signal to itself": `Deno.kill(Deno.pid, "SIGKILL");`,
  "a signal by Node": `kill(process.pid);`,
  "process.reallyExit()": `(process as any).reallyExit(3);`,
};
const later = (code: string) => `setTimeout(() => { ${code} }, 150);`;

Deno.test("a release that fails may leave every kind of crash behind: they are logged, and the process lives (P41 to P43)", async () => {
  await using app = await OrdinaryApp.start({ "main.ts": main("v1") });
  await using clients = new Clients(app.url, 2);
  const pid = await app.ask("/pid");
  const all = Object.values(CRASHES);
  const failed = await app.upgrade({
    "main.ts": main("v2", `import "./broken.ts"; import "./crashes.ts";`),
    // At once, and again when the upgrade has failed long since.
    "crashes.ts": IMPORTS +
      all.flatMap((code) => [`queueMicrotask(() => { ${code} });`]).join("\n") +
      all.map(later).join("\n"),
    "broken.ts":
      `await new Promise((done) => setTimeout(done, 100)); throw new Error("broken");`,
  });
  assertEquals(failed.state, "failed");
  await new Promise((done) => setTimeout(done, 400));
  assertEquals(await app.ask("/pid"), pid);
  const next = await app.upgrade({
    "main.ts": main("v3"),
    "crashes.ts": null,
    "broken.ts": null,
  });
  assertEquals(next.state, "applied", next.failure?.message);
  assertEquals(await app.ask("/pid"), pid);
  assertEquals(await clients.end(), []);
  assertEquals([...clients.answers.keys()].sort(), ["v1", "v3"]);
});

Deno.test("a crash of a kind that has no frames of the app undoes the upgrade in its probation (P44)", async () => {
  await using app = await OrdinaryApp.start({ "main.ts": main("v1") }, {
    env: { FLYHOT_PROBATION_MS: "3000" },
  });
  await using clients = new Clients(app.url, 2);
  const pid = await app.ask("/pid");
  for (
    const name of [
      "a socket",
      "a write stream",
      "close()",
      "a signal by Node",
      "an error without a text",
    ]
  ) {
    const { state, failure } = await app.upgrade({
      "main.ts": main("v2", later(CRASHES[name]!)),
    });
    assert(state === "failed" || state === "rolled_back", `${name}: ${state}`);
    assertStringIncludes(
      failure!.message,
      "nobody caught an error of its code",
    );
    assertEquals(await app.ask("/pid"), pid, name);
    assertEquals(await app.ask(), "200 v1", name);
  }
  assertEquals(await clients.end(), []);
});
