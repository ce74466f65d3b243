import { assertEquals } from "@std/assert";
import { DrivenApp } from "../support/driven_app.ts";

Deno.test("a call that nobody waits for does not end the app when an upgrade has removed the holder", async () => {
  await using app = await DrivenApp.start({
    "app.ts": `
import { ticks } from "./ticks.ts";
export const count = () => ticks.state.n;
// As a socket or a timer of the boot shell may go on calling what it got from old code.
const old = ticks;
(globalThis as { tick?: () => void }).tick = () => { old.tick(); };
`,
    "ticks.ts": `
import { holder } from "@flyhot/runtime";
export const ticks = holder("ticks", { state: () => ({ n: 0 }), actions: { tick: (s) => ++s.n } });
`,
  });
  const result = await app.upgrade({
    "app.ts": `
export const tick = () => (globalThis as { tick?: () => void }).tick?.();
export const alive = () => true;
`,
    "ticks.ts": null,
  });
  assertEquals(result.state, "applied", JSON.stringify(result));
  await app.call("tick");
  assertEquals(await app.call("alive"), true);
});
