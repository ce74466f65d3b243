import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { DrivenApp } from "../../support/driven_app.ts";

const STATE = (spec: string) => `
import { holder } from "@flyhot/runtime";
import { Counter } from "./counter.ts";
export const box = holder("box", { ${spec}
  actions: { inc: (s) => s.counter.inc(), read: (s) => [s.counter instanceof Counter, Object.keys(s.counter)] },
});
`;

const APP = `
import { box } from "./state.ts";
import { Counter } from "./counter.ts";
const hidden = new WeakMap();
const held = ((counter) => () => counter.inc())(new Counter());
globalThis.held ??= held;
export const inc = () => box.inc();
export const read = () => box.read();
export const closure = () => globalThis.held();
`;

const KEPT = "state: () => ({ counter: new Counter() }),";

Deno.test("kept instances follow their class, wherever they are, under calls (P23, P67)", async () => {
  await using app = await DrivenApp.start({
    "app.ts": APP,
    "counter.ts":
      `export class Counter { n = 0; inc() { return this.n += 1; } }`,
    "state.ts": STATE(KEPT),
  });
  assertEquals([await app.call("inc"), await app.call("closure")], [1, 1]);
  let calls = 0;
  let going = true;
  const load = (async () => {
    for (; going; calls++) await app.call("inc");
  })();
  const result = await app.upgrade({
    "counter.ts":
      `export class Counter { n = 0; history = []; inc() { this.history.push(this.n); return this.n += 100; } }`,
  });
  going = false;
  await load;
  assertEquals(result.state, "applied", JSON.stringify(result));
  assert(calls > 0);
  assertEquals(await app.call("read"), [true, ["n", "history"]]);
  assert(await app.call("inc") as number > 100);
  assertEquals(await app.call("closure"), 101);
});

Deno.test("an instance that cannot follow refuses the upgrade, and all is as before (P21, P67)", async () => {
  await using app = await DrivenApp.start({
    "app.ts": APP,
    "counter.ts":
      `export class Counter { #n = 0; inc() { return this.#n += 1; } }`,
    "state.ts": STATE(KEPT),
  });
  await app.call("inc");
  const changed = await app.upgrade({
    "counter.ts":
      `export class Counter { #n = 0; inc() { return this.#n += 100; } }`,
  });
  assert(changed.state === "failed", JSON.stringify(changed));
  assertStringIncludes(
    changed.message,
    "Cannot keep box.counter (Counter): Counter has private members (#n)",
  );
  assertEquals(await app.call("inc"), 2);
  const converted = await app.upgrade({
    "state.ts": STATE(
      `${KEPT} classes: { Counter: (old) => { const made = new Counter(); for (let n = old.inc() - 1; n > 0; n--) made.inc(); return made; } },`,
    ),
  });
  assertEquals(converted.state, "applied", JSON.stringify(converted));
  assertEquals(await app.call("inc"), 300);
});

Deno.test("a key that is new in state() without a new version refuses the upgrade (P24)", async () => {
  const counter = (more: string) => `
import { holder } from "@flyhot/runtime";
export const box = holder("box", { state: () => ({ n: 0${more} }), actions: { inc: (s) => ++s.n } });`;
  await using app = await DrivenApp.start({
    "app.ts":
      `export { box } from "./state.ts"; import { box } from "./state.ts"; export const inc = () => box.inc();`,
    "state.ts": counter(""),
  });
  await app.call("inc");
  const result = await app.upgrade({ "state.ts": counter(", authors: {}") });
  assert(result.state === "failed", JSON.stringify(result));
  assertEquals(result.phase, "migrate");
  assertStringIncludes(
    result.message,
    "authors is new in state(); raise version",
  );
  assertEquals(await app.call("inc"), 2);
});

Deno.test("a removed family is given up by name, and comes back by one rollback (P25)", async () => {
  const state = (name: string) => `
import { family } from "@flyhot/runtime";
export const docs = family("${name}", { state: () => ({ n: 0 }), actions: { inc: (s) => ++s.n } });`;
  await using app = await DrivenApp.start({
    "app.ts":
      `import { docs } from "./state.ts"; export const inc = () => docs.get("a").inc();`,
    "state.ts": state("docs"),
  });
  await app.call("inc");
  const refused = await app.upgrade({ "state.ts": state("pads") });
  assert(refused.state === "failed", JSON.stringify(refused));
  assertStringIncludes(refused.message, "--drop docs");
  const dropped = await app.upgrade({ "state.ts": state("pads") }, [
    "holder:docs",
  ]);
  assertEquals(dropped.state, "applied", JSON.stringify(dropped));
  assertEquals(await app.call("inc"), 1);
  const back = await app.upgrade({ "state.ts": state("docs") }, [
    "holder:pads",
  ]);
  assertEquals(back.state, "applied", JSON.stringify(back));
  assertEquals(await app.call("inc"), 2);
});
