import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { denoJson, DrivenApp, type Files } from "../../support/driven_app.ts";

const SHORT = (extra = "") =>
  `export const settings = { prepareTimeoutMs: 400, suspendTimeoutMs: 300, migrateTimeoutMs: 300, healthTimeoutMs: 300, ${extra} };`;

const V1: Files = {
  "settings.ts": SHORT(),
  "app.ts": `
import { counter } from "./counter.ts";
import { word } from "./word.ts";
export const increment = () => counter.increment();
export const count = () => counter.state.count;
export const slow = () => counter.slow();
export const greet = () => word;
`,
  "counter.ts": `
import { holder } from "@flyhot/runtime";
export const counter = holder("counter", {
  state: () => ({ count: 0 }),
  actions: {
    increment: (state) => ++state.count,
    slow: () => new Promise(() => {}),
  },
});
`,
  "word.ts": `export const word = "one";`,
};

const COUNTER = V1["counter.ts"]!;

async function refused(
  app: DrivenApp,
  changes: Files,
  phase: string,
  says: string,
): Promise<void> {
  const result = await app.upgrade(changes);
  assert(result.state === "failed", JSON.stringify(result));
  assertEquals(result.phase, phase, result.message);
  assertStringIncludes(result.message, says);
}

async function standsAsBefore(app: DrivenApp, count: number): Promise<void> {
  assertEquals(await app.call("greet"), "one");
  assertEquals(await app.call("count"), count);
  assertEquals(await app.call("increment"), count + 1);
}

Deno.test("an upgrade whose top-level await never settles is given up at the deadline", async () => {
  await using app = await DrivenApp.start(V1);
  await refused(
    app,
    { "word.ts": `export const word = "two"; await new Promise(() => {});` },
    "load",
    "did not settle within 400 ms",
  );
  // A boundary that waits is named, with what it waits for.
  await refused(
    app,
    {
      "never.ts": `await new Promise(() => {});\nexport const word = "never";`,
      "word.ts":
        `import { live } from "@flyhot/runtime";\nexport const word = "two";\nawait live(() => import("./never.ts"));`,
    },
    "load",
    "live() at word.ts:3 waits for never.ts",
  );
  await standsAsBefore(app, 0);
  assertEquals(
    (await app.upgrade({ "word.ts": `export const word = "two";` })).state,
    "applied",
  );
  assertEquals(await app.call("greet"), "two");
});

Deno.test("an upgrade gives up a holder that stays in an action, and everything resumes", async () => {
  await using app = await DrivenApp.start(V1);
  const stuck = app.call("slow");
  stuck.catch(() => {});
  await refused(app, { "counter.ts": COUNTER + "\n" }, "suspend", "counter");
  assertEquals(await app.call("greet"), "one");
});

Deno.test("a migration that never settles is given up at the deadline", async () => {
  await using app = await DrivenApp.start(V1);
  await app.call("increment");
  await refused(
    app,
    {
      "counter.ts": COUNTER.replace(
        "state:",
        "version: 2, migrate: { 2: () => new Promise(() => {}) }, state:",
      ),
    },
    "migrate",
    "did not settle within 300 ms",
  );
  await standsAsBefore(app, 1);
});

const UNHEALTHY: Record<string, { health: string; says: string }> = {
  "throws": {
    health: `() => { throw new Error("cold feet"); }`,
    says: "cold feet",
  },
  "returns false": { health: `() => false`, says: "returned false" },
  "never answers": {
    health: `() => new Promise(() => {})`,
    says: "did not answer within 300 ms",
  },
};

for (const [what, { health, says }] of Object.entries(UNHEALTHY)) {
  Deno.test(`a health check that ${what} takes the new code out again`, async () => {
    await using app = await DrivenApp.start({
      ...V1,
      "settings.ts": SHORT(`health: ${health}`),
    });
    await app.call("increment");
    await refused(
      app,
      {
        "word.ts": `export const word = "two";`,
        "counter.ts": COUNTER.replace(
          "state:",
          "version: 2, migrate: { 2: (old) => ({ count: old.count + 100 }) }, state:",
        ),
      },
      "health",
      says,
    );
    await standsAsBefore(app, 1);
    const info = await app.info();
    assertEquals(info.hotUpgradeApplied, false);
    assertEquals(info.upgrades, 0);
  });
}

Deno.test("a health check drives the real app on the new code before callers reach it", async () => {
  const settings = `
let app;
export const use = (value) => { app = value; };
export const seen = [];
export const settings = {
  health: async ({ fingerprint, version }) => {
    seen.push([fingerprint.length, version, await app.increment(), app.greet()]);
  },
};
`;
  await using app = await DrivenApp.start({
    ...V1,
    // The app hands itself to its boot shell with each evaluation, and means to.
    "deno.json": denoJson({ shared: ["settings.ts#use"] }),
    "settings.ts": settings,
    "app.ts": V1["app.ts"]! + `
import { seen, use } from "./settings.ts";
import * as self from "./app.ts";
use(self);
export const checks = () => seen;
`,
  });
  // The check reaches the app as its newest modules register it.
  assertEquals(
    (await app.upgrade({
      "word.ts": `export const word = "two";`,
      "counter.ts": COUNTER + "\n",
    })).state,
    "applied",
  );
  assertEquals(await app.call("checks"), [[12, "direct", 1, "two"]]);
  assertEquals(await app.call("increment"), 2);
});

Deno.test("a holder is renamed with its state, one that is carried keeps its identity, one that cannot be copied is refused", async () => {
  await using app = await DrivenApp.start({
    "app.ts": `import "./state.ts"; import { odd, plain } from "./state.ts";
export const read = async () => [plain.state.count, await odd.call()];`,
    "state.ts": `
import { holder } from "@flyhot/runtime";
export const plain = holder("plain", { state: () => ({ count: 7 }) });
export const odd = holder("odd", { state: () => ({ hello: () => "hello" }), actions: { call: (s) => s.hello() } });
`,
  });
  const renamed = await app.upgrade({
    "app.ts": `import { odd, plain } from "./state.ts";
export const read = async () => [plain.state.total, await odd.call()];`,
    "state.ts": `
import { holder } from "@flyhot/runtime";
export const plain = holder("renamed", {
  renamedFrom: "plain", version: 2, migrate: { 2: ({ count }) => ({ total: count }) }, state: () => ({ total: 0 }),
});
export const odd = holder("odd", { copy: "carry", state: () => ({ hello: () => "hello" }), actions: { call: (s) => s.hello() } });
`,
  });
  assert(renamed.state === "applied", JSON.stringify(renamed));
  assertEquals(renamed.holders, [
    { name: "odd", from: 1, to: 1, action: "kept" },
    { name: "renamed", from: 1, to: 2, action: "migrated" },
  ]);
  assertEquals(await app.call("read"), [7, "hello"]);
  const state = (copy: string) => `
import { holder } from "@flyhot/runtime";
export const plain = holder("renamed", { version: 2, state: () => ({ total: 0 }) });
export const odd = holder("odd", {
  version: 2, functions: "keep", ${copy} migrate: { 2: (s) => ({ hello: () => s.hello() + " again" }) },
  state: () => ({ hello: () => "hello" }), actions: { call: (s) => s.hello() },
});
`;
  // It is the running definition that says how its state is copied.
  assertEquals((await app.upgrade({ "state.ts": state("") })).state, "applied");
  assertEquals(await app.call("read"), [7, "hello again"]);
  const secret = state("").replace(
    'version: 2, functions: "keep",  migrate: { 2: (s) => ({ hello: () => s.hello() + " again" }) },',
    'version: 3, functions: "keep", migrate: { 3: (s) => ({ hello: s.hello, secret: new (class Secret { #n = 1; get n() { return this.#n; } })() }) },',
  );
  assertEquals((await app.upgrade({ "state.ts": secret })).state, "applied");
  await refused(
    app,
    {
      "state.ts": state("").replace(
        'version: 2, functions: "keep",  migrate: { 2:',
        'version: 4, functions: "keep", migrate: { 4:',
      ),
    },
    "migrate",
    "declare copy",
  );
  assertEquals(await app.call("read"), [7, "hello again"]);
});

Deno.test("a chain over several versions runs in one upgrade, and leads back", async () => {
  const version = (n: number) => `
import { holder } from "@flyhot/runtime";
const step = (to: number) => ({
  up: (s: number[], { from, to, direction }: { from: number; to: number; direction: string }) => [...s, direction + from + to],
  down: (s: number[], { from, to, direction }: { from: number; to: number; direction: string }) => [...s, direction + from + to],
});
export const log = holder("log", { version: ${n}, state: () => [] as string[], migrate: { 2: step(2), 3: step(3), 4: step(4) } });
`;
  await using app = await DrivenApp.start({
    "app.ts":
      `import { log } from "./log.ts"; export const read = () => log.state;`,
    "log.ts": version(1),
  });
  assertEquals((await app.upgrade({ "log.ts": version(4) })).state, "applied");
  assertEquals(await app.call("read"), ["up12", "up23", "up34"]);
  assertEquals((await app.upgrade({ "log.ts": version(2) })).state, "applied");
  assertEquals(await app.call("read"), [
    "up12",
    "up23",
    "up34",
    "down43",
    "down32",
  ]);
});

Deno.test("a release whose archive is cut, foreign or missing is refused, and nothing stays on the disk", async () => {
  await using app = await DrivenApp.start(V1);
  const good = await app.pack({ "word.ts": `export const word = "two";` });
  const bytes = await Deno.readFile(new URL(good));
  const cut = `${good}.cut`;
  await Deno.writeFile(new URL(cut), bytes.slice(0, bytes.length - 40));
  const foreign = `${good}.txt`;
  await Deno.writeTextFile(new URL(foreign), "not an archive");
  for (const url of [cut, foreign, `${good}.missing`]) {
    const result = await app.upgradeTo(url);
    assert(result.state === "failed", url);
    assert(["fetch", "unpack"].includes(result.phase), result.phase);
  }
  const left = await Array.fromAsync(
    Deno.readDir(`${app.root}/.flyhot/releases`),
  );
  assertEquals(left, []);
  await standsAsBefore(app, 0);
  assertEquals((await app.upgradeTo(good)).state, "applied");
});
