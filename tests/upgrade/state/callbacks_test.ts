import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DrivenApp } from "../../support/driven_app.ts";
import { LoadedApp, SERVING_SHELL } from "../../support/served_app.ts";

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));
const SETTINGS = (text: string) => `
Object.assign(globalThis, { seen: [] });
export const settings = { ${text} };
`;
const SEEN =
  `const seen = (globalThis as unknown as { seen: string[] }).seen; export const said = () => [...seen];`;

Deno.test("accept() that never settles fails the upgrade at its deadline, and nothing hangs", async () => {
  const dep = (version: number) => `
import { holder } from "@flyhot/runtime";
export const counter = holder("counter", { state: () => ({ n: 0 }), actions: { inc: (s) => ++s.n } });
export const version = ${version};
`;
  await using driven = await DrivenApp.start({
    "settings.ts": SETTINGS("callbackTimeoutMs: 150"),
    "app.ts": `
import { hot } from "@flyhot/runtime";
import { counter } from "./dep.ts";
hot(import.meta).accept("./dep.ts", () => new Promise(() => {}));
export const inc = () => counter.inc();
export const later = 1;
`,
    "dep.ts": dep(1),
  });
  const failed = await driven.upgrade({ "dep.ts": dep(2) });
  assert(failed.state === "failed", JSON.stringify(failed));
  assertStringIncludes(failed.message, "accepting dep.ts in app.ts");
  assertStringIncludes(failed.message, "150 ms");
  assertEquals(await driven.call("inc"), 1);
});

Deno.test("an undo hands the old module back to those that accepted the new one", async () => {
  await using driven = await DrivenApp.start({
    "settings.ts": SETTINGS("health: ({ version }) => false"),
    "app.ts": `
import { hot } from "@flyhot/runtime";
import * as first from "./dep.ts";
let dep: { version: number } = first;
hot(import.meta).accept("./dep.ts", (next) => { dep = next as { version: number }; });
export const version = () => dep.version;
`,
    "dep.ts": "export const version = 1;",
  });
  const failed = await driven.upgrade({
    "dep.ts": "export const version = 2;",
  });
  assert(failed.state === "failed", JSON.stringify(failed));
  assertEquals(failed.phase, "health");
  assertEquals(await driven.call("version"), 1);
});

Deno.test("dispose() and prune() that never settle are logged, and do not hold up this upgrade or the next", async () => {
  const app = (version: number) => `
import { hot } from "@flyhot/runtime";
hot(import.meta).dispose(() => new Promise(() => {}));
${version === 1 ? 'import "./gone.ts";' : ""}
export const version = () => ${version};
`;
  await using driven = await DrivenApp.start({
    "settings.ts": SETTINGS("callbackTimeoutMs: 100"),
    "app.ts": app(1),
    "gone.ts":
      `import { hot } from "@flyhot/runtime"; hot(import.meta).prune(() => new Promise(() => {}));`,
  });
  for (const version of [2, 3]) {
    const applied = await driven.upgrade({
      "app.ts": app(version),
      ...(version === 2 ? { "gone.ts": null } : {}),
    });
    assertEquals(applied.state, "applied", JSON.stringify(applied));
    assertEquals(await driven.call("version"), version);
  }
  assertStringIncludes(driven.log, "the clean-up of app.ts failed");
  assertStringIncludes(driven.log, "the clean-up of gone.ts failed");
});

for (const exclusive of [false, true]) {
  Deno.test(`of a service whose start takes long and that is replaced meanwhile, one ticks (exclusive: ${exclusive})`, async () => {
    const app = (version: number) => `
import { service } from "@flyhot/runtime";
${SEEN}
service("ticker", {
  exclusive: ${exclusive},
  start: async () => {
    await new Promise((r) => setTimeout(r, ${version === 1 ? 400 : 1}));
    return setInterval(() => seen.push("${version}"), 10);
  },
  stop: (timer) => clearInterval(timer),
});
`;
    await using driven = await DrivenApp.start({
      "settings.ts": SETTINGS(""),
      "app.ts": app(1),
    });
    const applied = await driven.upgrade({ "app.ts": app(2) });
    assertEquals(applied.state, "applied", JSON.stringify(applied));
    await pause(500);
    const before = (await driven.call("said") as string[]).length;
    await pause(150);
    const said = (await driven.call("said") as string[]).slice(before);
    assertEquals([...new Set(said)], ["2"]);
  });
}

Deno.test("a service whose start settles after its deadline is stopped when it settles", async () => {
  const app = (version: number) => `
import { service } from "@flyhot/runtime";
${SEEN}
service("late", {
  timeoutMs: ${version === 1 ? 1000 : 100},
  start: async () => { await new Promise((r) => setTimeout(r, ${
    version === 1 ? 1 : 250
  })); return ${version}; },
  stop: (handle) => { seen.push("stopped " + handle); },
});
`;
  await using driven = await DrivenApp.start({
    "settings.ts": SETTINGS(""),
    "app.ts": app(1),
  });
  const failed = await driven.upgrade({ "app.ts": app(2) });
  assert(failed.state === "failed", JSON.stringify(failed));
  assertEquals(failed.phase, "start");
  assertEquals(await driven.call("said"), []);
  await pause(300);
  assertEquals(await driven.call("said"), ["stopped 2"]);
});

Deno.test("a check does not queue behind an action from outside that waits for suspended state", async () => {
  const a = (version: number) => `
import { holder } from "@flyhot/runtime";
export const a = holder("a", { state: () => ({ n: 0 }), actions: { hit: (s) => { s.n += ${version}; return s.n; } } });
`;
  await using driven = await DrivenApp.start({
    "settings.ts": SETTINGS("healthTimeoutMs: 3000"),
    "front.ts": `
import { holder, live } from "@flyhot/runtime";
const found = await live(() => import("./a.ts"));
export const front = holder("front", {
  state: () => ({ n: 0 }),
  actions: { hit: async (s) => { await found.a.hit(); return ++s.n; } },
});
`,
    "a.ts": a(1),
    "check.ts": "export {};",
    "app.ts": `
import { front } from "./front.ts";
import { live } from "@flyhot/runtime";
await live(() => import("./check.ts"));
Object.assign(globalThis, { front });
let asking = true;
let hits = 0;
export const begin = () => { (async () => { while (asking) { await front.hit(); hits++; await new Promise((r) => setTimeout(r, 1)); } })(); };
export const end = () => { asking = false; return hits; };
`,
  });
  await driven.call("begin");
  await pause(50);
  const applied = await driven.upgrade({
    "a.ts": a(10),
    "check.ts": `
import { health } from "@flyhot/runtime";
health(async () => {
  await new Promise((r) => setTimeout(r, 100));
  await (globalThis as unknown as { front: { hit(): Promise<number> } }).front.hit();
});
`,
  });
  assertEquals(applied.state, "applied", JSON.stringify(applied));
  assert(await driven.call("end") as number > 5);
});

Deno.test("requests to a node:http server are strangers' while a check imports modules", async () => {
  await using loaded = await LoadedApp.start({
    "settings.ts": SERVING_SHELL("", "node"),
    "app.ts": `
export const port = () => (globalThis as { port?: number }).port;
export const handle = async (request: Request) => { await new Promise((r) => setTimeout(r, 1)); return new Response("v1"); };
`,
    "extra.ts": "export const extra = 1;",
  });
  await loaded.fresh();
  const failed = await loaded.app.upgrade({
    "app.ts": `
import { health } from "@flyhot/runtime";
import { AsyncLocalStorage } from "node:async_hooks";
export const port = () => (globalThis as { port?: number }).port;
export const handle = async (request: Request) => { await new Promise((r) => setTimeout(r, 1)); return new Response("v2"); };
const mine = new AsyncLocalStorage<string>();
health(() => mine.run("check", async () => {
  await import("./extra.ts");
  await import("node:zlib");
  await new Promise((r) => setTimeout(r, 300));
  return false;
}));
`,
    "extra.ts": "export const extra = 2;",
  });
  assert(failed.state === "failed", JSON.stringify(failed));
  assertEquals([...loaded.answers.keys()], ["200 v1"]);
});

Deno.test("what is wanted next does not wait for a probation", async () => {
  const app = (version: number) => `export const version = () => ${version};`;
  await using driven = await DrivenApp.start({
    "settings.ts": SETTINGS("probationMs: 60_000"),
    "app.ts": app(1),
  });
  const back = await driven.pack({ "app.ts": app(2) });
  const from = performance.now();
  const first = driven.upgrade({ "app.ts": app(3) });
  while (await driven.call("version") !== 3) await pause(10);
  const second = driven.upgradeTo(back);
  assertEquals((await first).state, "applied");
  while (await driven.call("version") !== 2) await pause(10);
  assert(performance.now() - from < 60_000 / 2, "it did not wait");
  Deno.kill((await driven.info()).pid, "SIGKILL");
  await second.catch(() => {});
});
