import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { DrivenApp, type Files } from "../../support/driven_app.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";

/** A package, as far as the hooks can tell: it is outside of the app, and no text names it whole, for it would be packed. */
const outside = (text: string) => async (root: string): Promise<void> => {
  await Deno.mkdir(join(root, "..", "outside"), { recursive: true });
  await Deno.writeTextFile(join(root, "..", "outside", "load.mjs"), text);
};

Deno.test("P8: who keeps a module that nobody can replace is refused beforehand, by name and with the place", async () => {
  await using app = await DrivenApp.start(
    {
      "app.ts": `
import { createRequire } from "node:module";
const require = createRequire(import.meta.url);
const load = new URL(["..", "outside", "load.mjs"].join("/"), import.meta.url).href;
const { get } = await import(load);
const made = await import("data:text/javascript," + encodeURIComponent("export * from '" + new URL("./made.ts", import.meta.url).href + "'"));
const again = () => require("./again.cjs");
export const read = async () => [require("./data.json"), require("./esm.mjs").v, again(), await get(new URL("./kept.ts", import.meta.url).href), made.v];`,
      "data.json": `"data 1"`,
      "esm.mjs": `export const v = "esm 1";`,
      "again.cjs": `module.exports = "again 1";`,
      "kept.ts": `export const v = "kept 1";`,
      "made.ts": `export const v = "made 1";`,
    },
    outside(
      `let kept; export const get = async (url) => (kept ??= await import(url)).v;`,
    ),
  );
  const one = ["data 1", "esm 1", "again 1", "kept 1", "made 1"];
  assertEquals(await app.call("read"), one);
  const refused = async (changes: Files, texts: readonly string[]) => {
    const result = await app.upgrade(changes);
    assert(result.state === "failed", JSON.stringify(result));
    assertEquals(result.phase, "plan");
    for (const text of texts) assertStringIncludes(result.message, text);
    assertEquals(await app.call("read"), one);
  };
  await refused({
    "data.json": `"data 2"`,
    "esm.mjs": `export const v = "esm 2";`,
    "again.cjs": `module.exports = "again 2";`,
    "kept.ts": `export const v = "kept 2";`,
    "made.ts": `export const v = "made 2";`,
  }, [
    "data.json: was loaded by require(), or as what may be CommonJS, and stays as it was first loaded; import it, or read it as a file",
    "esm.mjs: was loaded by require()",
    "again.cjs: is CommonJS, which stays as it was first loaded",
    "kept.ts: was imported by file:///",
    "made.ts: was imported by data:text/javascript,",
  ]);
  await refused({
    "app.ts": `
import lib from "./new.cjs";
const worker = new Worker(new URL("./worker.ts", import.meta.url), { type: "module" });
export const read = () => [lib, worker];`,
    "new.cjs": `module.exports = 1;`,
    "worker.ts": `postMessage(1);`,
  }, [
    "new.cjs: is CommonJS, which Deno only loads from its place",
    "app.ts:3 worker.ts: is started while app.ts is evaluated",
  ]);
});

Deno.test("P3: what a package imports while a module is evaluated is that module's import", async () => {
  await using app = await DrivenApp.start(
    {
      "app.ts": `
const load = new URL(["..", "outside", "load.mjs"].join("/"), import.meta.url).href;
const { loadAll } = await import(load);
const routes = await loadAll(new URL("./routes/", import.meta.url));
export const read = () => routes;`,
      "routes/a.ts":
        `import { word } from "../word.ts"; export const v = "a " + word;`,
      "word.ts": `export const word = 1;`,
    },
    outside(`
import { readdir } from "node:fs/promises";
export const loadAll = async (folder) => {
  await new Promise((done) => setTimeout(done, 2));
  const found = [];
  for (const name of (await readdir(folder)).sort()) found.push((await import(new URL(name, folder).href)).v);
  return found;
};`),
  );
  assertEquals(await app.call("read"), ["a 1"]);
  for (
    const [changes, wanted] of [
      [{ "word.ts": `export const word = 2;` }, ["a 2"]],
      [{ "routes/b.ts": `export const v = "b 1";` }, ["a 2", "b 1"]],
      [{ "routes/a.ts": null, "routes/b.ts": `export const v = "b 2";` }, [
        "b 2",
      ]],
    ] as const
  ) {
    const result = await app.upgrade(changes);
    assert(result.state === "applied", JSON.stringify(result));
    assertEquals(await app.call("read"), wanted);
  }
});

Deno.test("what Deno loads by itself because it may be CommonJS is refused, not taken for applied", async () => {
  const main = (word: string) =>
    `import { word } from "./word.ts"; Deno.serve({ port: Number(Deno.env.get("PORT")), onListen() {} }, () => new Response(word + "${word}"));`;
  const apps: Readonly<Record<string, string>>[] = [
    {
      "package.json": `{ "type": "commonjs" }`,
      "deno.json": `{ "nodeModulesDir": "none" }`,
    },
    { "deno.json": `{ "unstable": ["detect-cjs"] }` },
  ];
  for (const settings of apps) {
    await using app = await OrdinaryApp.start({
      ...settings,
      "main.ts": main(" one"),
      "word.ts": `export const word = "a";`,
    });
    for (
      const change of [
        { "word.ts": `export const word = "b";` },
        { "main.ts": main(" two") },
      ]
    ) {
      const report = await app.upgrade(change);
      assertEquals(report.state, "failed", JSON.stringify(report));
      assertStringIncludes(
        report.failure!.message,
        "was loaded by require(), or as what may be CommonJS",
      );
      assertEquals(await app.ask(), "200 a one");
    }
  }
});
