import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DrivenApp } from "../../support/driven_app.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

const SETTINGS = (text: string) => `
const ticks: Record<string, number> = {};
Object.assign(globalThis, { ticks });
export const settings = { ${text} };
`;

const LOOPS:
  readonly (readonly [name: string, code: (tag: string) => string])[] = [
    [
      "an awaited sleep of its own",
      (tag) => `
const sleep = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
async function loop() { while (true) { tick("${tag}"); await sleep(15); } }
loop();`,
    ],
    [
      "a sleep of an unchanged module",
      (tag) => `
import { sleep } from "./sleep.ts";
async function loop() { while (true) { tick("${tag}"); await sleep(15); } }
loop();`,
    ],
    [
      "an interval",
      (tag) => `setInterval(() => tick("${tag}"), 15);`,
    ],
    [
      "a chain of timers, begun late",
      (tag) => `
const next = () => { tick("${tag}"); setTimeout(next, 15); };
setTimeout(next, 5);`,
    ],
    [
      "work that is not a timer in between",
      (tag) => `
async function loop() { for (;;) { await Deno.stat("."); tick("${tag}"); await new Promise((r) => setTimeout(r, 15)); } }
loop();`,
    ],
    [
      "a named import of node:timers/promises",
      (tag) => `
import { setTimeout } from "node:timers/promises";
async function loop() { while (true) { tick("${tag}"); await setTimeout(15); } }
loop();`,
    ],
    [
      "a named import of timers/promises under another name",
      (tag) => `
import { setTimeout as sleep, scheduler } from "timers/promises";
async function loop() { for (;;) { tick("${tag}"); await sleep(5, null, { ref: true }); await scheduler.wait(10); } }
loop();`,
    ],
    [
      "an interval of node:timers/promises",
      (tag) => `
import { setInterval } from "node:timers/promises";
async function loop() { for await (const word of setInterval(15, "${tag}")) tick(word); }
loop();`,
    ],
    [
      "a named import of node:timers",
      (tag) => `
import { setInterval as every } from "node:timers";
every(() => tick("${tag}"), 15);`,
    ],
    [
      "a chain of timers of all of timers",
      (tag) => `
import * as timers from "timers";
const next = (tag: string) => { tick(tag); timers.setTimeout(next, 15, tag); };
timers.setTimeout(next, 5, "${tag}");`,
    ],
    [
      "the default export of node:timers",
      (tag) => `
import timers from "node:timers";
async function loop() { while (true) { tick("${tag}"); await timers.promises.setTimeout(15); } }
loop();`,
    ],
    [
      "a computed import of node:timers/promises",
      (tag) => `
async function loop() {
  const { setTimeout } = await import("node:timers/promises");
  while (true) { tick("${tag}"); await setTimeout(15); }
}
loop();`,
    ],
    [
      "require of node:timers",
      (tag) => `
import { createRequire } from "node:module";
const timers = createRequire(import.meta.url)("node:timers");
timers.setInterval(() => tick("${tag}"), 15);`,
    ],
    [
      "promisify of setTimeout",
      (tag) => `
import { promisify } from "node:util";
const sleep = promisify(setTimeout);
async function loop() { while (true) { tick("${tag}"); await sleep(15); } }
loop();`,
    ],
    [
      "immediates, one after the other",
      (tag) => `
import { setImmediate } from "node:timers";
function loop() {
  let last = 0;
  const next = () => {
    if (performance.now() - last > 15) { last = performance.now(); tick("${tag}"); }
    setImmediate(next);
  };
  next();
}
loop();`,
    ],
    [
      "promised immediates and pauses",
      (tag) => `
import { setImmediate, setTimeout } from "node:timers/promises";
async function loop() { while (true) { tick("${tag}"); await setTimeout(10); await setImmediate(); } }
loop();`,
    ],
  ];

const app = (code: string) => `
import { state } from "./state.ts";
const tick = (tag: string) => { state.ticks[tag] = (state.ticks[tag] ?? 0) + 1; };
${code}
export const ticks = () => ({ ...state.ticks });
export const asked = () => new Promise<number>((resolve) => globalThis.setTimeout(resolve, 3, 1));
export const kept = () => state.kept;
`;

const FILES = {
  "settings.ts": SETTINGS("probationMs: 60"),
  "state.ts": `
export const state = { ticks: (globalThis as unknown as { ticks: Record<string, number> }).ticks, kept: 0 };
setInterval(() => { state.kept++; }, 15);
`,
  "sleep.ts":
    `export const sleep = (ms: number) => new Promise<void>((resolve) => setTimeout(resolve, ms));`,
};

async function grows(app: DrivenApp): Promise<string[]> {
  const before = await app.call("ticks") as Record<string, number>;
  await pause(150);
  const after = await app.call("ticks") as Record<string, number>;
  return Object.keys(after).filter((tag) => after[tag] !== before[tag]);
}

/** Asks all the time, whatever is being upgraded: what waits on behalf of a call is not a loop. */
function load(app: DrivenApp) {
  let ended = false;
  const it = {
    answered: 0,
    async [Symbol.asyncDispose]() {
      ended = true;
      await running;
    },
  };
  const running = (async () => {
    while (!ended) {
      assertEquals(await app.call("asked"), 1);
      it.answered++;
    }
  })();
  return it;
}

for (const [name, code] of LOOPS) {
  Deno.test(`of a loop by ${name} there is one after an upgrade, and the old one after one that is undone`, async () => {
    await using driven = await DrivenApp.start({
      ...FILES,
      "app.ts": app(code("one")),
    });
    await using asking = load(driven);
    assertEquals(await grows(driven), ["one"]);
    const undone = await driven.upgrade({
      "app.ts": app(
        code("two") +
          `
import { health } from "@flyhot/runtime";
health(async () => { await new Promise((r) => setTimeout(r, 80)); return false; });`,
      ),
    });
    assert(undone.state === "failed", JSON.stringify(undone));
    assertEquals(undone.phase, "health");
    assertEquals(await grows(driven), ["one"]);
    const refused = await driven.upgrade({
      "app.ts": app(code("three") + `throw new Error("no");`),
    });
    assert(refused.state === "failed");
    assertEquals(await grows(driven), ["one"]);
    const applied = await driven.upgrade({ "app.ts": app(code("four")) });
    assertEquals(applied.state, "applied", JSON.stringify(applied));
    assertEquals(await grows(driven), ["four"]);
    const again = await driven.upgrade({ "app.ts": app(code("five")) });
    assertEquals(again.state, "applied", JSON.stringify(again));
    assertEquals(await grows(driven), ["five"]);
    const kept = await driven.call("kept") as number;
    await pause(100);
    assert(
      await driven.call("kept") as number > kept,
      "the timers of modules that stay go on",
    );
    assert(asking.answered > 0, "it was asked all the time");
  });
}

Deno.test("a timer that a request or a call has set is not its module's: an upgrade lets it go on", async () => {
  await using driven = await DrivenApp.start({
    ...FILES,
    "app.ts": app(
      `export const later = () => { setTimeout(() => tick("later"), 200); };`,
    ),
  });
  await driven.call("later");
  const applied = await driven.upgrade({ "app.ts": app("// changed") });
  assertEquals(applied.state, "applied", JSON.stringify(applied));
  await pause(250);
  assertEquals(await driven.call("ticks"), { later: 1 });
});

Deno.test("a timer that hot().data hands on stays with the new code", async () => {
  const code = (version: number) =>
    app(`
import { hot } from "@flyhot/runtime";
const { data } = hot(import.meta);
data.timer ??= setInterval(() => tick("handed on"), 15);
export const version = ${version};`);
  await using driven = await DrivenApp.start({ ...FILES, "app.ts": code(1) });
  const applied = await driven.upgrade({ "app.ts": code(2) });
  assertEquals(applied.state, "applied", JSON.stringify(applied));
  assertEquals(await grows(driven), ["handed on"]);
});

Deno.test("a cleared timer stays cleared, however it is named, and one that is unref'ed holds nothing up", async () => {
  await using driven = await DrivenApp.start({
    ...FILES,
    "app.ts": app(`
const byObject = setInterval(() => tick("object"), 10);
const byNumber = setInterval(() => tick("number"), 10);
const byTimeout = setTimeout(() => tick("timeout"), 30);
setTimeout(() => { clearInterval(byObject); clearTimeout(Number(byNumber)); clearTimeout(byTimeout); }, 15);
const other = setInterval(() => {}, 1000);
other.unref();
export const hasRef = () => other.hasRef();
`),
  });
  await pause(60);
  assertEquals(await grows(driven), []);
  assertEquals(await driven.call("hasRef"), false);
});

Deno.test("subscriptions end with the module that began them, after undone upgrades too", async () => {
  const code = (version: number, more = "") =>
    app(`
import { subscribe } from "@flyhot/runtime";
import { counter } from "./counter.ts";
counter.subscribe(() => tick("told ${version}"));
subscribe((event) => { if (event.type === "started") tick("event ${version}"); });
export const inc = () => counter.inc();
${more}`);
  await using driven = await DrivenApp.start({
    ...FILES,
    "counter.ts": `
import { holder } from "@flyhot/runtime";
export const counter = holder("counter", { state: () => ({ n: 0 }), actions: { inc: (s) => ++s.n } });
`,
    "app.ts": code(1),
  });
  const bad = `import { health } from "@flyhot/runtime"; health(() => false);`;
  for (const version of [2, 3]) {
    const undone = await driven.upgrade({ "app.ts": code(version, bad) });
    assertEquals(undone.state, "failed");
  }
  const told = async () => {
    const before = await driven.call("ticks") as Record<string, number>;
    await driven.call("inc");
    const after = await driven.call("ticks") as Record<string, number>;
    return Object.keys(after).filter((tag) => after[tag] !== before[tag]);
  };
  assertEquals(await told(), ["told 1"]);
  assertEquals((await driven.upgrade({ "app.ts": code(4) })).state, "applied");
  assertEquals(await told(), ["told 4"]);
});

Deno.test("a server that a hot module opens is handed over with its address, and back by an undo, while clients ask", async () => {
  const code = (version: string, more = "") => `
const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => new Response("${version}"));
export const port = () => server.addr.port;
export const shutdown = () => server.shutdown();
${more}`;
  await using driven = await DrivenApp.start({
    ...FILES,
    "app.ts": code(
      "v1",
      `import { hot } from "@flyhot/runtime"; hot(import.meta).dispose(() => server.shutdown());`,
    ),
  });
  const port = await driven.call("port");
  const answers = new Set<string>();
  let asking = true;
  const ask = async () => {
    const response = await fetch(`http://127.0.0.1:${port}/`);
    return await response.text();
  };
  const client = (async () => {
    while (asking) {
      answers.add(await ask().catch((error) => `failed: ${error}`));
      await pause(1);
    }
  })();
  try {
    const undone = await driven.upgrade({
      "app.ts": code(
        "v2",
        `import { health } from "@flyhot/runtime"; health(async () => { await new Promise((r) => setTimeout(r, 100)); return await (await fetch("http://localhost:" + port())).text() !== "v2"; });`,
      ),
    });
    assert(undone.state === "failed", JSON.stringify(undone));
    assertEquals(undone.phase, "health");
    assertEquals([...answers], ["v1"]);
    const applied = await driven.upgrade({ "app.ts": code("v3") });
    assertEquals(applied.state, "applied", JSON.stringify(applied));
    assertEquals(await driven.call("port"), port);
    assertEquals(await ask(), "v3");
    const refused = await driven.upgrade({
      "app.ts": code("v4", `throw new Error("no");`),
    });
    assertEquals(refused.state, "failed");
    assertEquals(await ask(), "v3");
  } finally {
    asking = false;
    await client;
  }
  assertEquals([...answers].sort(), ["v1", "v3"]);
  await driven.call("shutdown");
  assertStringIncludes(
    await ask().catch((error) => `failed: ${error}`),
    "failed",
  );
});

Deno.test("an address that new code adds answers nobody before health has passed, and is closed by an undo", async () => {
  const code = (ok: boolean) => `
import { health } from "@flyhot/runtime";
const server = Deno.serve({ port: 0, hostname: "127.0.0.1", onListen() {} }, () => new Response("new"));
Object.assign(globalThis, { added: server.addr.port });
health(async () => {
  await new Promise((r) => setTimeout(r, 300));
  return await (await fetch("http://127.0.0.1:" + server.addr.port)).text() === "new" && ${ok};
});
export const added = () => (globalThis as { added?: number }).added ?? null;
`;
  await using driven = await DrivenApp.start({
    ...FILES,
    "app.ts":
      `export const added = () => (globalThis as { added?: number }).added ?? null;`,
  });
  const upgrade = async (ok: boolean) => {
    const before = await driven.call("added");
    const upgrading = driven.upgrade({ "app.ts": code(ok) });
    let port = before;
    while (port === before) port = await driven.call("added");
    const answer = fetch(`http://127.0.0.1:${port}/`).then(async (r) =>
      `${r.status} ${await r.text()}`
    );
    return [(await upgrading).state, await answer, port] as const;
  };
  const [undone, refused, port] = await upgrade(false);
  assertEquals([undone, refused], ["failed", "503 Service Unavailable"]);
  await pause(50);
  const closed = await fetch(`http://127.0.0.1:${port}/`).then(
    () => "open",
    () => "closed",
  );
  assertEquals(closed, "closed");
  const [applied, answered] = await upgrade(true);
  assertEquals([applied, answered], ["applied", "200 new"]);
});
