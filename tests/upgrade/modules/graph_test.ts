import { assert, assertEquals } from "@std/assert";
import { DrivenApp, type Files } from "../../support/driven_app.ts";

async function upgraded(
  app: DrivenApp,
  changes: Files,
): Promise<readonly string[]> {
  const result = await app.upgrade(changes);
  assert(result.state === "applied", JSON.stringify(result));
  return result.reloaded;
}

Deno.test("a leaf shared by many reloads its importers, and nothing else", async () => {
  await using app = await DrivenApp.start({
    "app.ts": `
import { a } from "./a.ts";
import { b } from "./b.ts";
import { Kept, made } from "./kept.ts";
export const read = () => [a(), b(), made instanceof Kept];
`,
    "a.ts":
      `import { leaf } from "./leaf.ts"; export const a = () => "a" + leaf;`,
    "b.ts":
      `import { leaf } from "./leaf.ts"; export const b = () => "b" + leaf;`,
    "leaf.ts": `export const leaf = 1;`,
    "kept.ts":
      `export class Kept {} export const made = new Kept(); export let evaluated = 0; evaluated++;`,
  });
  assertEquals(await app.call("read"), ["a1", "b1", true]);
  assertEquals(await upgraded(app, { "leaf.ts": `export const leaf = 2;` }), [
    "a.ts",
    "app.ts",
    "b.ts",
    "leaf.ts",
  ]);
  assertEquals(await app.call("read"), ["a2", "b2", true]);
});

Deno.test("a cycle reloads whole", async () => {
  await using app = await DrivenApp.start({
    "app.ts":
      `import { even } from "./even.ts"; export const read = (n: number) => even(n);`,
    "even.ts":
      `import { odd } from "./odd.ts"; export const even = (n: number): string => n === 0 ? "even" : odd(n - 1);`,
    "odd.ts":
      `import { even } from "./even.ts"; export const odd = (n: number): string => n === 0 ? "odd" : even(n - 1);`,
  });
  assertEquals(await app.call("read", 3), "odd");
  const reloaded = await upgraded(app, {
    "odd.ts":
      `import { even } from "./even.ts"; export const odd = (n: number): string => n === 0 ? "ODD" : even(n - 1);`,
  });
  assertEquals(reloaded, ["app.ts", "even.ts", "odd.ts"]);
  assertEquals(await app.call("read", 3), "ODD");
});

Deno.test("re-exports, default exports and export * reach the new code", async () => {
  await using app = await DrivenApp.start({
    "app.ts":
      `import main, { named, star } from "./barrel.ts"; export const read = () => [main(), named, star];`,
    "barrel.ts":
      `export { default } from "./default.ts"; export { named } from "./named.ts"; export * from "./star.ts";`,
    "default.ts": `export default () => "default 1";`,
    "named.ts": `export const named = "named 1";`,
    "star.ts": `export const star = "star 1";`,
  });
  await upgraded(app, { "default.ts": `export default () => "default 2";` });
  await upgraded(app, { "named.ts": `export const named = "named 2";` });
  await upgraded(app, { "star.ts": `export const star = "star 2";` });
  assertEquals(await app.call("read"), ["default 2", "named 2", "star 2"]);
});

Deno.test("JSON, .js, .mjs, .jsx and .tsx modules reload", async () => {
  const jsx = (word: string) =>
    `/** @jsxRuntime classic */ /** @jsx h */ const h = (tag: string, _: unknown, ...kids: string[]) => tag + kids.join(); export const element = <b>${word}</b>;`;
  await using app = await DrivenApp.start({
    "app.ts": `
import data from "./data.json" with { type: "json" };
import { js } from "./plain.js";
import { mjs } from "./module.mjs";
import { element } from "./view.tsx";
export const read = () => [data.n, js, mjs, element];
`,
    "data.json": `{"n":1}`,
    "plain.js": `export const js = "js 1";`,
    "module.mjs": `export const mjs = "mjs 1";`,
    "view.tsx": jsx("one"),
  });
  assertEquals(await app.call("read"), [1, "js 1", "mjs 1", "bone"]);
  await upgraded(app, {
    "data.json": `{"n":2}`,
    "plain.js": `export const js = "js 2";`,
    "module.mjs": `export const mjs = "mjs 2";`,
    "view.tsx": jsx("two"),
  });
  assertEquals(await app.call("read"), [2, "js 2", "mjs 2", "btwo"]);
});

Deno.test("a dynamic import per request gets the newest version, loaded before or not", async () => {
  await using app = await DrivenApp.start({
    "app.ts":
      `export const read = async (name: string) => (await import("./" + name + ".ts")).value;`,
    "seen.ts": `export const value = "seen 1";`,
    "unseen.ts": `export const value = "unseen 1";`,
  });
  assertEquals(await app.call("read", "seen"), "seen 1");
  const reloaded = await upgraded(app, {
    "seen.ts": `export const value = "seen 2";`,
    "unseen.ts": `export const value = "unseen 2";`,
    "fresh.ts": `export const value = "fresh 2";`,
    // A computed specifier cannot be read off the source: a module of the app names them.
    "app.ts":
      `import "./all.ts"; export const read = async (name: string) => (await import("./" + name + ".ts")).value;`,
    "all.ts":
      `export const all = () => [import("./seen.ts"), import("./unseen.ts"), import("./fresh.ts")];`,
  });
  assertEquals(reloaded.includes("unseen.ts"), false);
  for (const name of ["seen", "unseen", "fresh"]) {
    assertEquals(await app.call("read", name), `${name} 2`);
  }
});

Deno.test("modules can be renamed, added and deleted", async () => {
  await using app = await DrivenApp.start({
    "app.ts":
      `import { word } from "./old_name.ts"; export const read = () => word;`,
    "old_name.ts": `export const word = 1;`,
  });
  await upgraded(app, {
    "app.ts":
      `import { word } from "./new_name.ts"; import { more } from "./lib/more.ts"; export const read = () => word + more;`,
    "old_name.ts": null,
    "new_name.ts": `export const word = 1;`,
    "lib/more.ts": `export const more = 10;`,
  });
  assertEquals(await app.call("read"), 11);
});

Deno.test("top-level await, import.meta.url and relative file reads work in a reloaded module", async () => {
  await using app = await DrivenApp.start({
    "app.ts": `export const read = () => "nothing yet";`,
    "note.txt": "note 1",
  });
  await upgraded(app, {
    "app.ts": `
const text = await Deno.readTextFile(new URL("./note.txt", import.meta.url));
const same = await Deno.readTextFile(import.meta.dirname + "/note.txt");
export const read = () => [text, same, import.meta.main];
`,
    "note.txt": "note 2",
  });
  assertEquals(await app.call("read"), ["note 2", "note 2", false]);
});

Deno.test("a module that fails and is then fixed loads, with the same path", async () => {
  await using app = await DrivenApp.start({
    "app.ts": `export const read = () => 1;`,
  });
  const broken = await app.upgrade({
    "app.ts": `export const read = () => 2; throw new Error("broken");`,
  });
  assertEquals(broken.state, "failed");
  await upgraded(app, { "app.ts": `export const read = () => 3;` });
  assertEquals(await app.call("read"), 3);
});

Deno.test("odd but legal file names reload", async () => {
  const name = "routes/[id] (a+b) 100%.ts";
  await using app = await DrivenApp.start({
    "app.ts":
      `import { id } from "./routes/[id] (a+b) 100%25.ts"; export const read = () => id;`,
    [name]: `export const id = 1;`,
  });
  assertEquals(await upgraded(app, { [name]: `export const id = 2;` }), [
    "app.ts",
    name,
  ]);
  assertEquals(await app.call("read"), 2);
});

Deno.test("an import map of the app is honored by reloaded modules", async () => {
  await using app = await DrivenApp.start({
    "app.ts":
      `import { helper } from "lib/helper.ts"; export const read = () => helper;`,
    "source/helper.ts": `export const helper = 1;`,
    "deno.json": JSON.stringify({
      imports: {
        "lib/": "./source/",
        "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0",
        "@std/streams": "jsr:@std/streams@1.1.2",
      },
    }),
  });
  await upgraded(app, { "source/helper.ts": `export const helper = 2;` });
  assertEquals(await app.call("read"), 2);
});

Deno.test("a module of the base image comes back fresh when an upgrade returns to its content", async () => {
  await using app = await DrivenApp.start({
    "app.ts":
      `import { word } from "./word.ts"; export const read = () => word;`,
    "word.ts": `export const word = 1;`,
  });
  await upgraded(app, { "word.ts": `export const word = 2;` });
  await upgraded(app, { "word.ts": `export const word = 1;` });
  assertEquals(await app.call("read"), 1);
  assertEquals((await app.info()).retainedModules, 4);
});

Deno.test("a plain import() is an ordinary edge: its caller is reloaded, because it keeps the module it got", async () => {
  await using app = await DrivenApp.start({
    "app.ts": `
import { read } from "./holder_of_module.ts";
export { read };
`,
    "holder_of_module.ts": `
const kept = await import("./kept.ts");
export const read = () => kept.value;
`,
    "kept.ts": `export const value = 1;`,
  });
  assertEquals(await upgraded(app, { "kept.ts": `export const value = 2;` }), [
    "app.ts",
    "holder_of_module.ts",
    "kept.ts",
  ]);
  assertEquals(await app.call("read"), 2);
});

Deno.test("a plain import() in the boot shell makes its module a cold change, naming the chain", async () => {
  await using app = await DrivenApp.start({
    "settings.ts": `
export const settings = {};
export const early = await import("./early.ts");
`,
    "early.ts": `import "./deep.ts"; export const value = 1;`,
    "deep.ts": `export const deep = 1;`,
    "app.ts": `export const read = () => 1;`,
  });
  const result = await app.upgrade({ "deep.ts": `export const deep = 2;` });
  assert(result.state === "failed", JSON.stringify(result));
  assertEquals(result.phase, "plan");
  assert(
    result.message.includes("deep.ts <- early.ts <- settings.ts"),
    result.message,
  );
});

Deno.test("npm packages keep their identity, and a live boundary inside the app is one too", async () => {
  await using app = await DrivenApp.start({
    "app.ts": `
import { live } from "@flyhot/runtime";
import { AwsClient } from "aws4fetch";
import { text } from "./text.ts";
const inner = await live(() => import("./inner.ts"));
const first = (globalThis as Record<string, unknown>).firstClient ??= AwsClient;
export const read = () => [inner.value, text, first === AwsClient];
`,
    "inner.ts": `export const value = "inner 1";`,
    "text.ts": `export const text = "text 1";`,
    "deno.json": JSON.stringify({
      imports: {
        "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0",
        "@std/streams": "jsr:@std/streams@1.1.2",
        "aws4fetch": "npm:aws4fetch@1.0.20",
      },
    }),
  });
  assertEquals(await app.call("read"), ["inner 1", "text 1", true]);
  assertEquals(
    await upgraded(app, { "inner.ts": `export const value = "inner 2";` }),
    ["inner.ts"],
  );
  assertEquals(await app.call("read"), ["inner 2", "text 1", true]);
  assertEquals(
    await upgraded(app, { "text.ts": `export const text = "text 2";` }),
    ["app.ts", "text.ts"],
  );
  assertEquals(await app.call("read"), ["inner 2", "text 2", true]);
  assertEquals(
    await upgraded(app, { "inner.ts": `export const value = "inner 3";` }),
    ["inner.ts"],
  );
  assertEquals(await app.call("read"), ["inner 3", "text 2", true]);
});

Deno.test("a workspace member of the app reloads like any other module", async () => {
  await using app = await DrivenApp.start({
    "app.ts":
      `import { area } from "@shop/shapes"; export const read = () => area(3);`,
    "shapes/mod.ts": `export const area = (side: number) => side * side;`,
    "shapes/deno.json": JSON.stringify({
      name: "@shop/shapes",
      version: "1.0.0",
      exports: "./mod.ts",
    }),
    "deno.json": JSON.stringify({
      workspace: ["./shapes"],
      imports: {
        "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0",
        "@std/streams": "jsr:@std/streams@1.1.2",
      },
    }),
  });
  assertEquals(await app.call("read"), 9);
  await upgraded(app, {
    "shapes/mod.ts": `export const area = (side: number) => side * side * 6;`,
  });
  assertEquals(await app.call("read"), 54);
});

Deno.test("code in flight finishes on the modules it began with", async () => {
  const version = (n: number): Files => ({
    "app.ts": `
const shared = globalThis as unknown as { gate?: PromiseWithResolvers<void> };
const gate = shared.gate ??= Promise.withResolvers<void>();
export const slow = async () => {
  await gate.promise;
  const { late } = await import("./late.ts");
  return "app ${n}, " + late;
};
export const open = () => gate.resolve();
`,
    "late.ts": `export const late = "late ${n}";`,
  });
  await using app = await DrivenApp.start(version(1));
  const slow = app.call("slow");
  assertEquals(await upgraded(app, version(2)), ["app.ts"]);
  await app.call("open");
  assertEquals(await slow, "app 1, late 1");
  assertEquals(await app.call("slow"), "app 2, late 2");
});

Deno.test("a text import reloads with its module", async () => {
  await using app = await DrivenApp.start({
    "app.ts":
      `import words from "./words.txt" with { type: "text" }; export const read = () => words;`,
    "words.txt": "one",
    "deno.json": JSON.stringify({
      unstable: ["raw-imports"],
      imports: {
        "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0",
        "@std/streams": "jsr:@std/streams@1.1.2",
      },
    }),
  });
  assertEquals(await app.call("read"), "one");
  assertEquals(await upgraded(app, { "words.txt": "two" }), [
    "app.ts",
    "words.txt",
  ]);
  assertEquals(await app.call("read"), "two");
});
