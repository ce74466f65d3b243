import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DrivenApp, type Files } from "../../support/driven_app.ts";

/** Old code that goes on calling, as a timer or a socket does, and does not look at the answer. */
const V1: Files = {
  "app.ts": `
import { rooms, ticks } from "./state.ts";
const old = {
  tick: () => void ticks.tick(),
  fail: () => void ticks.fail(),
  say: () => void rooms.get("lobby").say(),
};
Object.assign(globalThis, { old });
export const call = (name: keyof typeof old) => old[name]();
export const alive = () => true;
`,
  "state.ts": `
import { family, holder } from "@flyhot/runtime";
export const ticks = holder("ticks", {
  state: () => ({ n: 0 }),
  actions: { tick: (s) => ++s.n, fail: () => { throw new Error("a bug of the app"); } },
});
export const rooms = family("rooms", { state: () => ({ n: 0 }), actions: { say: (s) => ++s.n } });
`,
};

const V2: Files = {
  "app.ts": `
const { old } = globalThis as unknown as { old: Record<string, () => void> };
export const call = (name: string) => old[name]!();
export const alive = () => true;
`,
  "state.ts": null,
};

Deno.test("calls that nobody waits for do not end the app after an upgrade has removed their holder", async () => {
  await using app = await DrivenApp.start(V1);
  const result = await app.upgrade(V2, [
    "holder:ticks",
    "holder:rooms",
    "global:app.ts#old",
  ]);
  assertEquals(result.state, "applied", JSON.stringify(result));
  for (const name of ["tick", "say", "tick"]) {
    await app.call("call", name);
    assertEquals(await app.call("alive"), true);
  }
  const said = app.log.split("\n").filter((line) => line.includes("Cannot"));
  assertEquals(said.length, 2, app.log);
  assertStringIncludes(
    said[0]!,
    "Cannot call ticks.tick: an upgrade removed the holder ticks; the caller did not wait for it",
  );
});

Deno.test("an error of the app that nobody waits for still ends it", async () => {
  await using app = await DrivenApp.start(V1);
  await app.call("call", "fail").catch(() => {});
  const ended = await app.call("alive").then(() => false, () => true);
  assert(ended, "the app went on");
  // What it said last is read a little later.
  const deadline = performance.now() + 10_000;
  while (!app.log.includes("a bug") && performance.now() < deadline) {
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  assertStringIncludes(app.log, "a bug of the app");
});
