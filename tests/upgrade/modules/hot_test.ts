import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { denoJson, DrivenApp } from "../../support/driven_app.ts";

const LOG = `export const log: unknown[] = [];`;
// What modules push there again with each evaluation is the app's affair.
const SHARED = denoJson({ shared: ["log.ts#log"] });

Deno.test("hot() carries data over, and disposes of the old module after the new one is in", async () => {
  const part = (tag: string) => `
import { hot } from "@flyhot/runtime";
import { log } from "./log.ts";
const { data, dispose } = hot(import.meta);
data.loads = (data.loads as number ?? 0) + 1;
log.push("load ${tag} " + data.loads);
dispose(async (data) => { await Promise.resolve(); log.push("dispose ${tag} " + data.loads); });
export const tag = "${tag}";
`;
  await using app = await DrivenApp.start({
    "app.ts":
      `import { log } from "./log.ts"; import { tag } from "./part.ts"; export const read = () => [tag, ...log];`,
    "log.ts": LOG,
    "deno.json": SHARED,
    "part.ts": part("one"),
  });
  await app.upgrade({ "part.ts": part("two") });
  assertEquals(await app.call("read"), [
    "two",
    "load one 1",
    "load two 2",
    "dispose one 2",
  ]);
  const broken = await app.upgrade({
    "part.ts": part("three") + `throw new Error("no");`,
  });
  assertEquals(broken.state, "failed");
  await app.upgrade({ "part.ts": part("four") });
  assertEquals((await app.call("read") as string[]).slice(4), [
    "load three 3",
    "load four 3",
    "dispose two 3",
  ]);
});

Deno.test("hot().accept() takes a new version without reloading the importers", async () => {
  await using app = await DrivenApp.start({
    "app.ts": `
import { hot } from "@flyhot/runtime";
import * as first from "./part.ts";
import { log } from "./log.ts";
let part = first;
log.push("app loaded");
hot(import.meta).accept("./part.ts", (next) => { part = next as typeof first; });
export const read = () => [part.tag, ...log];
`,
    "log.ts": LOG,
    "deno.json": SHARED,
    "part.ts": `export const tag = "one";`,
  });
  const result = await app.upgrade({ "part.ts": `export const tag = "two";` });
  assert(result.state === "applied", JSON.stringify(result));
  assertEquals(result.reloaded, ["part.ts"]);
  assertEquals(await app.call("read"), ["two", "app loaded"]);
});

Deno.test("hot().accept() with a callback that throws takes the upgrade back", async () => {
  await using app = await DrivenApp.start({
    "app.ts": `
import { hot } from "@flyhot/runtime";
import { tag } from "./part.ts";
hot(import.meta).accept("./part.ts", () => { throw new Error("not this one"); });
export const read = () => tag;
`,
    "part.ts": `export const tag = "one";`,
  });
  const result = await app.upgrade({ "part.ts": `export const tag = "two";` });
  assert(result.state === "failed");
  assertEquals(result.phase, "start");
  assertEquals(await app.call("read"), "one");
});

Deno.test("hot().decline() makes the change cold and says why", async () => {
  await using app = await DrivenApp.start({
    "app.ts": `
import { hot } from "@flyhot/runtime";
hot(import.meta).decline("it owns the GPU");
export const read = () => 1;
`,
  });
  const result = await app.upgrade({
    "app.ts": `export const read = () => 2;`,
  });
  assert(result.state === "failed");
  assertStringIncludes(
    result.message,
    "app.ts: declines to be replaced: it owns the GPU",
  );
  assertEquals(await app.call("read"), 1);
});

Deno.test("hot().invalidate() gives up the upgrade that brings the module in", async () => {
  await using app = await DrivenApp.start({
    "app.ts": `export const read = () => 1;`,
  });
  const result = await app.upgrade({
    "app.ts": `
import { hot } from "@flyhot/runtime";
hot(import.meta).invalidate("wrong season");
export const read = () => 2;
`,
  });
  assert(result.state === "failed");
  assertStringIncludes(result.message, "wrong season");
  assertEquals(await app.call("read"), 1);
});

Deno.test("hot().prune() runs when an upgrade has removed the module", async () => {
  await using app = await DrivenApp.start({
    "app.ts":
      `import "./part.ts"; import { log } from "./log.ts"; export const read = () => [...log];`,
    "log.ts": LOG,
    "deno.json": SHARED,
    "part.ts": `
import { hot } from "@flyhot/runtime";
import { log } from "./log.ts";
const own = hot(import.meta);
own.data.kept = 5;
own.prune((data) => { log.push(data.kept); });
`,
  });
  await app.upgrade({
    "app.ts":
      `import { log } from "./log.ts"; export const read = () => [...log];`,
    "part.ts": null,
  });
  assertEquals(await app.call("read"), [5]);
});

Deno.test("hot().on() hears of upgrades, those that fail included, until off()", async () => {
  await using app = await DrivenApp.start({
    "app.ts":
      `import { log } from "./log.ts"; import { word } from "./word.ts"; export const read = () => [word, ...log];`,
    "log.ts": `
import { hot } from "@flyhot/runtime";
export const log: string[] = [];
const own = hot(import.meta);
own.on("flyhot:beforeUpdate", ({ reloading }) => log.push("before " + reloading));
own.on("flyhot:error", ({ message }) => log.push("error " + message.includes("oh no")));
const after = ({ reloaded }: { readonly reloaded: readonly string[] }) => {
  log.push("after " + reloaded);
  own.off("flyhot:afterUpdate", after);
};
own.on("flyhot:afterUpdate", after);
`,
    "word.ts": `export const word = 1;`,
  });
  await app.upgrade({
    "word.ts": `export const word = 2; throw new Error("oh no");`,
  });
  await app.upgrade({ "word.ts": `export const word = 3;` });
  await app.upgrade({ "word.ts": `export const word = 4;` });
  assertEquals(await app.call("read"), [
    4,
    "before app.ts,word.ts",
    "error true",
    "before app.ts,word.ts",
    "after app.ts,word.ts",
    "before app.ts,word.ts",
  ]);
});
