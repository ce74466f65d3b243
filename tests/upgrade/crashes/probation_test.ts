import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DrivenApp, type Files } from "../../support/driven_app.ts";

/** The check passes right after the upgrade, and fails from the second time on. */
const SETTINGS = `
let checks = 0;
export const settings = {
  probationMs: 200,
  retainedBudgetBytes: 1,
  health: ({ version }) => {
    if (++checks > 1) throw new Error("it went bad");
  },
};
`;

const counter = (version: number, migrate: string) => `
import { holder } from "@flyhot/runtime";
export const counter = holder("counter", {
  version: ${version}, ${migrate}
  state: () => ({ count: 0 }),
  actions: { increment: (state) => ++state.count },
});
`;

const V1: Files = {
  "settings.ts": SETTINGS,
  "app.ts": `
import { subscribe } from "@flyhot/runtime";
import { counter } from "./counter.ts";
import { seen } from "./seen.ts";
export const increment = () => counter.increment();
export const state = () => counter.state;
export const events = () => [...seen];
`,
  "seen.ts": `
import { subscribe } from "@flyhot/runtime";
export const seen: string[] = [];
subscribe((event) => void seen.push(event.type));
`,
  "counter.ts": counter(1, ""),
};

Deno.test("a release that goes bad in its probation is taken out again, by the down migrations on the current state", async () => {
  await using app = await DrivenApp.start(V1);
  await app.call("increment");
  const result = await app.upgrade({
    "counter.ts": counter(
      2,
      "migrate: { 2: { up: ({ count }) => ({ count: count + 10 }), down: ({ count }) => ({ count: count - 10 }) } },",
    ),
  });
  assert(result.state === "failed", JSON.stringify(result));
  assertEquals(result.phase, "probation");
  assertStringIncludes(result.message, "it went bad");
  assertEquals(await app.call("state"), { count: 1 });
  assertEquals(await app.call("increment"), 2);
  const info = await app.info();
  assertEquals(info.hotUpgradeApplied, false);
  assertEquals(info.retainedBudgetExceeded, true);
  assertEquals(await app.call("events"), [
    "started",
    "prepared",
    "suspended",
    "migrated",
    "completed",
    "started",
    "prepared",
    "suspended",
    "migrated",
    "completed",
    "rolledBack",
  ]);
});

Deno.test("a release that goes bad in its probation stays where there is no way back, and says so", async () => {
  await using app = await DrivenApp.start(V1);
  await app.call("increment");
  const result = await app.upgrade({
    "counter.ts": counter(
      2,
      "migrate: { 2: ({ count }) => ({ count: count + 10 }) },",
    ),
  });
  assert(result.state === "failed", JSON.stringify(result));
  assertEquals(result.phase, "probation");
  assertStringIncludes(result.message, "counter");
  assertStringIncludes(result.message, "migrate[2].down");
  assertEquals(await app.call("state"), { count: 11 });
  assertStringIncludes(app.log, "cannot be taken out, so it stays");
  assertStringIncludes(app.log, "a cold deploy frees them");
});

Deno.test("events tell a good upgrade from start to commit, and a refused one from start to failure", async () => {
  await using app = await DrivenApp.start({
    ...V1,
    "settings.ts": `export const settings = {};`,
  });
  await app.upgrade({ "counter.ts": counter(1, "") + "\n" });
  await app.upgrade({
    "counter.ts": counter(1, "") + "throw new Error('no');",
  });
  assertEquals(await app.call("events"), [
    "started",
    "prepared",
    "suspended",
    "migrated",
    "completed",
    "committed",
    "started",
    "failed",
  ]);
});

const ITEM = (field: string, more: string) => `
export class Item {
  x = 1;${field}
  describe() {
    return JSON.stringify([this.x, "tone" in this, Object.keys(this)${more}]);
  }
}
`;

Deno.test("the way back from a probation takes away the fields that it gave to instances, also where callers changed them", async () => {
  await using app = await DrivenApp.start({
    "settings.ts": SETTINGS,
    "item.ts": ITEM("", ""),
    "state.ts": `
import { holder } from "@flyhot/runtime";
import { Item } from "./item.ts";
export const items = holder("items", {
  version: 1,
  state: () => ({ all: [new Item(), new Item()] }),
  actions: { describe: (state) => state.all.map((item) => item.describe()) },
});
`,
    "app.ts": `
import { items } from "./state.ts";
export const look = () => items.describe();
`,
  });
  const before = await app.call("look");
  let going = true;
  const seen: string[] = [];
  const callers = (async () => {
    while (going) seen.push(JSON.stringify(await app.call("look")));
  })();
  const result = await app.upgrade({
    "item.ts": ITEM(" tone = 3;", ", this.tone++"),
  });
  going = false;
  await callers;
  assert(result.state === "failed", JSON.stringify(result));
  assertEquals(result.phase, "probation");
  assert(seen.some((answer) => answer.includes("tone")), "callers met it");
  assertEquals(await app.call("look"), before);
});
