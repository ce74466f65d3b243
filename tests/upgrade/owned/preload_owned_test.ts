import { assert, assertEquals } from "@std/assert";
import { freePorts } from "../../support/net/free_port.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";

const SERVE =
  `port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {}`;
const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

async function upgraded(
  app: OrdinaryApp,
  changes: Readonly<Record<string, string>>,
): Promise<void> {
  const report = await app.upgrade(changes);
  assertEquals(report.state, "applied", JSON.stringify(report));
}

/** What an app has written since, without the runtime's own lines. */
function said(app: OrdinaryApp, from: number, what: string): string[] {
  return app.log.slice(from).filter((line) => line.startsWith(what));
}

const versions = [2, 3, 4, 5, 6].map((version) => `v${version}`);

Deno.test("signals, events of the process and global events reach the newest code, once", async () => {
  const main = (version: string) => `
import process from "node:process";
const say = (what: string) => console.log(what + " ${version}");
Deno.addSignalListener("SIGUSR1", () => say("deno signal"));
process.on("SIGUSR2", () => say("node signal"));
process.on("told", () => say("process event"));
process.once("told", () => say("process once"));
addEventListener("told", () => say("global event"));
addEventListener("told", () => say("global once"), { once: true });
addEventListener("load", () => say("load"));
const off = () => say("taken off");
Deno.addSignalListener("SIGUSR1", off);
Deno.removeSignalListener("SIGUSR1", off);
process.on("told", off);
process.off("told", off);
addEventListener("told", off);
removeEventListener("told", off);
Deno.serve({ ${SERVE} }, () => {
  Deno.kill(Deno.pid, "SIGUSR1");
  Deno.kill(Deno.pid, "SIGUSR2");
  process.emit("told" as never);
  dispatchEvent(new Event("told"));
  return new Response("${version}");
});`;
  await using app = await OrdinaryApp.start({ "main.ts": main("v1") });
  for (const version of ["v1", ...versions]) {
    let from = 0;
    if (version !== "v1") {
      from = app.log.length;
      await upgraded(app, { "main.ts": main(version) });
    }
    assertEquals(await app.ask(), `200 ${version}`);
    await app.app.logged(`node signal ${version}`);
    await app.app.logged(`deno signal ${version}`);
    await pause(50);
    const heard = app.log.slice(from).filter((line) =>
      / (?:v\d)$/.test(line) && !line.startsWith("flyhot")
    );
    assertEquals(heard.sort(), [
      `deno signal ${version}`,
      `global event ${version}`,
      `global once ${version}`,
      `load ${version}`,
      `node signal ${version}`,
      `process event ${version}`,
      `process once ${version}`,
    ]);
  }
});

Deno.test("handlers in global properties are those of the newest code, and go with it", async () => {
  const main = (version: string, more = "", body = "") => `
const before = [globalThis.onerror === null, globalThis.onunhandledrejection === null].join();
globalThis.onerror = (event: any) => { event.preventDefault(); console.log("error " + event.error.message + " ${version}"); };
const same = globalThis.onerror;
${more}
globalThis.onload = () => console.log("load ${version}");
const mine = String(same === globalThis.onerror);
Deno.serve({ ${SERVE} }, (request) => {
  if (request.url.endsWith("/error")) reportError(new Error("thrown"));
  if (request.url.endsWith("/reject")) void Promise.reject(new Error("rejected"));
  if (request.url.endsWith("/off")) globalThis.onerror = null;
  return new Response("${version} " + before + " " + mine);
});
${body}`;
  const rejects =
    `globalThis.onunhandledrejection = (event: any) => { event.preventDefault(); console.log("rejection " + event.reason.message); };`;
  await using app = await OrdinaryApp.start({ "main.ts": main("v1", rejects) });
  const failed: unknown[] = [];
  let isAsking = true;
  const asking = (async () => {
    while (isAsking && failed.length === 0) {
      await app.ask("/error").catch((it) => failed.push(it));
      await pause(20);
    }
  })();
  await using _load = {
    async [Symbol.asyncDispose]() {
      isAsking = false;
      await asking;
    },
  };
  const few = ["v2", "v3"];
  for (const version of few) {
    // What fails in between is given back: nothing of it was ever heard.
    const bad = await app.upgrade({
      "main.ts": main("bad", rejects, `throw new Error("no");`),
    });
    assertEquals(bad.state, "failed");
    await upgraded(app, { "main.ts": main(version, rejects) });
    assertEquals(await app.ask("/reject"), `200 ${version} true,true true`);
  }
  isAsking = false;
  await asking;
  assertEquals(failed, []);
  const runs = said(app, 0, "error").filter((it, at, all) =>
    it !== all[at - 1]
  );
  assertEquals(
    runs,
    ["v1", ...few].map((version) => `error thrown ${version}`),
  );
  assertEquals(said(app, 0, "rejection").length, few.length);
  assertEquals(
    said(app, 0, "load"),
    ["v1", ...few].map((version) => `load ${version}`),
  );
  // What the new code does not set is empty, as in a process that starts with it.
  await upgraded(app, { "main.ts": main("v7") });
  const ended = await app.ask("/reject").catch(() => "ended");
  assert(["ended", "200 v7 true,true true"].includes(ended), ended);
  const isTold = () => app.log.some((it) => it.includes("Error: rejected"));
  for (let tries = 0; tries < 500 && !isTold(); tries++) await pause(10);
  assert(isTold(), app.log.slice(-5).join("\n"));
});

Deno.test("a signal listener of the app goes on deciding about the end", async () => {
  const main = (version: string) => `
Deno.addSignalListener("SIGTERM", () => { console.log("bye ${version}"); Deno.exit(0); });
Deno.serve({ ${SERVE} }, () => new Response("${version}"));`;
  await using app = await OrdinaryApp.start({ "main.ts": main("v1") });
  await upgraded(app, { "main.ts": main("v2") });
  await app.app.restart();
  await app.app.logged("bye v2");
  assertEquals(said(app, 0, "bye"), ["bye v2"]);
});

Deno.test("intervals, timeouts and loops end with their module, those of packages do not, and those of requests need consent", async () => {
  const main = (version: string) => `
import { cleaned } from "./lib/mod.ts";
setInterval(() => console.log("interval ${version}"), 30);
(async () => { while (true) { await new Promise((r) => setTimeout(r, 30)); console.log("loop ${version}"); } })();
const again = () => { console.log("chain ${version}"); setTimeout(again, 30); };
setTimeout(again, 30);
Deno.serve({ ${SERVE} }, (request) => {
  if (request.url.endsWith("/begin")) setInterval(() => console.log("request ${version}"), 30);
  return new Response("${version} " + cleaned());
});`;
  await using app = await OrdinaryApp.start({
    "main.ts": main("v1"),
    "lib/mod.ts":
      `const state = { count: 0 };\nsetInterval(() => state.count++, 10);\nexport const cleaned = () => state.count > 0;`,
    "deno.json":
      `{ "flyhot": { "startsAnew": ["lib/mod.ts#state"], "consent": ["timers:main.ts"] } }`,
  });
  await app.ask("/begin");
  for (const version of versions) {
    await upgraded(app, { "main.ts": main(version) });
    const from = app.log.length;
    await pause(300);
    const lines = new Set(
      app.log.slice(from).filter((line) => !line.startsWith("flyhot")),
    );
    assertEquals([...lines].sort(), [
      `chain ${version}`,
      `interval ${version}`,
      `loop ${version}`,
      "request v1",
    ]);
  }
  assertEquals(await app.ask(), "200 v6 true");
});

Deno.test("a main module that works in a loop for as long as it runs is replaced, and its loop ends", async () => {
  const main = (version: string) => `
while (true) {
  console.log("work ${version}");
  await new Promise((resolve) => setTimeout(resolve, 40));
}`;
  await using app = await OrdinaryApp.start({ "main.ts": main("v1") }, {
    listens: false,
  });
  for (const version of versions) {
    await upgraded(app, { "main.ts": main(version) });
    const from = app.log.length;
    await pause(300);
    const lines = new Set(said(app, from, "work"));
    assertEquals([...lines], [`work ${version}`]);
    assert(said(app, from, "work").length > 2);
  }
});

Deno.test("crons go on by name, with new handlers and schedules; those that are gone end", async () => {
  const main = (version: string, schedule: string, more = "") => `
const cron = (Deno as any).cron as any;
cron("kept", "0 0 1 1 *", () => console.log("kept ${version}"));
cron("moved", "${schedule}", () => {}).then(() => console.log("moved ended ${version}"));
${more}
Deno.serve({ ${SERVE} }, async (request) => {
  const name = new URL(request.url).searchParams.get("name")!;
  try { cron(name, "0 0 1 1 *", { signal: AbortSignal.abort() }, () => {}).catch(() => {}); return new Response("free"); }
  catch (error) { return new Response((error as Error).message); }
});`;
  const taken = "200 Cron with this name already exists";
  await using app = await OrdinaryApp.start({
    "main.ts": main(
      "v1",
      "0 0 1 1 *",
      `cron("gone", "0 0 1 1 *", () => {});`,
    ),
  }, { flags: ["--unstable-cron"] });
  assertEquals(await app.ask("/?name=gone"), taken);
  for (const version of versions) {
    await upgraded(app, { "main.ts": main(version, `0 ${version[1]} * * *`) });
    await pause(50);
    assertEquals(await app.ask("/?name=kept"), taken);
    assertEquals(await app.ask("/?name=moved"), taken);
  }
  await pause(100);
  assertEquals(await app.ask("/?name=gone"), "200 free");
  const bad = await app.upgrade({ "main.ts": main("bad", "not a schedule") });
  assertEquals(bad.state, "failed");
  assertEquals(await app.ask("/?name=moved"), taken);
  const twice = await app.upgrade({
    "main.ts": main(
      "twice",
      "0 1 * * *",
      `cron("kept", "0 1 * * *", () => {});`,
    ),
  });
  assert(
    twice.failure?.message.includes("already exists"),
    twice.failure?.message,
  );
});

Deno.test("messages of a queue reach the newest code, none is lost and none comes twice", async () => {
  const main = (version: string) => `
const kv = await (Deno as any).openKv("./queue.sqlite");
kv.listenQueue((message: string) => console.log("message " + message + " ${version}"));
Deno.serve({ ${SERVE} }, async (request) => {
  await kv.enqueue(new URL(request.url).searchParams.get("message"));
  return new Response("${version}");
});`;
  await using app = await OrdinaryApp.start({
    "main.ts": main("v1"),
    "deno.json":
      `{ "flyhot": { "startsAnew": ["main.ts#kv"], "exclude": ["*.sqlite*"] } }`,
  }, { flags: ["--unstable-kv"] });
  for (const version of ["v1", ...versions]) {
    if (version !== "v1") await upgraded(app, { "main.ts": main(version) });
    for (let at = 0; at < 5; at++) await app.ask(`/?message=${version}-${at}`);
    await app.app.logged(`message ${version}-4`);
  }
  await pause(300);
  const got = said(app, 0, "message").sort();
  const wanted = ["v1", ...versions].flatMap((version) =>
    [0, 1, 2, 3, 4].map((at) => `message ${version}-${at} ${version}`)
  );
  assertEquals(got, wanted);
});

Deno.test("what a module that stays asks for on behalf of one that is replaced goes with that one", async () => {
  const helpers = `
import process from "node:process";
import http from "node:http";
export const every = (ms: number, act: () => void) => setInterval(act, ms);
export const job = (act: () => void) => Deno.cron("job", "0 0 1 1 *", act);
export const hears = (tell: (how: string) => void) => {
  addEventListener("told", () => tell("global"));
  process.on("told", () => tell("process"));
  Deno.addSignalListener("SIGUSR1", () => tell("signal"));
};
export const serve = (answer: () => Response) => Deno.serve({ ${SERVE} }, () => answer());
export class Side {
  constructor(readonly answer: () => string) {}
  start() {
    return http.createServer((_, response) => response.end(this.answer())).listen(Number(Deno.env.get("SIDE")));
  }
}
export async function raw(answer: () => string) {
  for await (const connection of Deno.listen({ port: Number(Deno.env.get("RAW")) })) {
    await connection.write(new TextEncoder().encode(answer()));
    connection.close();
  }
}`;
  const main = (version: string) => `
import process from "node:process";
import { every, hears, job, raw, serve, Side } from "./helpers.ts";
every(60_000, () => {});
job(() => {});
hears((how) => console.log(how + " ${version}"));
new Side(() => "${version}").start();
raw(() => "${version}");
serve(() => {
  process.emit("told" as never);
  dispatchEvent(new Event("told"));
  Deno.kill(Deno.pid, "SIGUSR1");
  return new Response("${version}");
});`;
  const { side, raw } = freePorts(["side", "raw"]);
  await using app = await OrdinaryApp.start({
    "main.ts": main("v1"),
    "helpers.ts": helpers,
    "deno.json": JSON.stringify({
      flyhot: { startsAnew: ["main.ts#new Side"] },
    }),
  }, {
    flags: ["--unstable-cron"],
    env: { SIDE: String(side), RAW: String(raw) },
  });
  assertEquals(await app.ask(), "200 v1");
  // A signal may be heard after the answer.
  await app.app.logged("signal v1");
  for (const version of ["v2", "v3"]) {
    const from = app.log.length;
    await upgraded(app, { "main.ts": main(version) });
    assertEquals(await app.ask(), `200 ${version}`);
    const response = await fetch(`http://127.0.0.1:${side}/`);
    assertEquals(await response.text(), version);
    using connection = await Deno.connect({ port: raw! });
    const bytes = new Uint8Array(9);
    const count = await connection.read(bytes);
    assertEquals(new TextDecoder().decode(bytes.subarray(0, count!)), version);
    await app.app.logged(`signal ${version}`);
    await pause(50);
    const told = app.log.slice(from).filter((it) =>
      /^(?:global|process|signal) /.test(it)
    );
    assertEquals(
      told.sort(),
      ["global", "process", "signal"].map((it) => `${it} ${version}`),
    );
  }
});
