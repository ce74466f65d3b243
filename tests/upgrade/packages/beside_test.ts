import { assertEquals, assertMatch } from "@std/assert";
import { denoJson, DrivenApp, type Files } from "../../support/driven_app.ts";

const APP: Files = {
  "server/app.ts": `import { word } from "../shared/word.ts";
import { asset } from "@flyhot/runtime";
export const ask = () => word() + Deno.readTextFileSync(asset("page.txt"));`,
  "server/page.txt": " page",
  "shared/word.ts": `import { deep } from "./deep/x.ts";
export const word = () => deep + Deno.readTextFileSync(new URL("./text.txt", import.meta.url));`,
  "shared/deep/x.ts": `export const deep = "one";`,
  "shared/text.txt": " text",
};

Deno.test("T9: what lies beside the app's folder is part of its releases", async () => {
  await using app = await DrivenApp.start(
    { ...APP, "server/deno.json": denoJson({ root: ".." }) },
    undefined,
    undefined,
    "server",
  );
  assertEquals(await app.call("ask"), "one text page");
  const done = await app.upgrade({
    "shared/deep/x.ts": `export const deep = "two";`,
    "shared/text.txt": " letters",
    "server/page.txt": " sheet",
  });
  assertEquals(done.state, "applied", JSON.stringify(done));
  assertEquals(done.state === "applied" ? done.reloaded : [], [
    "server/app.ts",
    "shared/deep/x.ts",
    "shared/word.ts",
  ]);
  assertEquals(await app.call("ask"), "two letters sheet");
  const same = await app.upgrade({});
  assertEquals(same.state, "nothing_to_do");
  const alone = await app.upgrade({
    "server/app.ts": `export const ask = () => "alone";`,
  });
  assertEquals(alone.state, "applied", JSON.stringify(alone));
  assertEquals(await app.call("ask"), "alone");
});

Deno.test("T9: a machine that does not know of what lies beside says what to write", async () => {
  await using app = await DrivenApp.start(APP, undefined, undefined, "server");
  const failed = await app.upgrade({
    "shared/deep/x.ts": `export const deep = "two";`,
  });
  assertEquals(failed.state, "failed");
  assertMatch(
    failed.state === "failed" ? failed.message : "",
    /main\.ts: the release also holds what lies beside the app's folder .*"flyhot": \{ "root": "\.\." \}/,
  );
  assertEquals(await app.call("ask"), "one text page");
});

Deno.test("T2: an alias that moves leads the release's modules to the other folder, and the way back to the first", async () => {
  const imports = (folder: string) => {
    const said = JSON.parse(denoJson({}));
    return JSON.stringify({
      ...said,
      imports: { ...said.imports, "$lib/": `./${folder}/` },
    });
  };
  await using app = await DrivenApp.start({
    "app.ts": `import { x } from "$lib/x.ts"; export const ask = () => x;`,
    "lib1/x.ts": "export const x = 1;",
    "lib2/x.ts": "export const x = 2;",
    "deno.json": imports("lib1"),
  });
  const first = await app.pack({});
  const done = await app.upgrade({ "deno.json": imports("lib2") });
  assertEquals(done.state, "applied", JSON.stringify(done));
  assertEquals(await app.call("ask"), 2);
  const edited = await app.upgrade({ "lib2/x.ts": "export const x = 3;" });
  assertEquals(edited.state, "applied", JSON.stringify(edited));
  assertEquals(await app.call("ask"), 3);
  const back = await app.upgradeTo(first);
  assertEquals(back.state, "applied", JSON.stringify(back));
  assertEquals(await app.call("ask"), 1);
});

Deno.test("T8: #imports of a package.json lead computed imports, patterns and conditions, there and back", async () => {
  const package_ = (to: string) =>
    JSON.stringify({
      imports: {
        "#word": `./src/${to}.ts`,
        "#lib/*": `./src/${to}/*.ts`,
        "#by": { deno: `./src/${to}.ts`, default: "./src/none.ts" },
      },
    });
  const word = (text: string) => `export const word = "${text}";`;
  await using app = await DrivenApp.start({
    "package.json": package_("one"),
    "deno.json": JSON.stringify({
      ...JSON.parse(denoJson({})),
      nodeModulesDir: "none",
    }),
    "app.ts": `
const at = (name: string) => import(["#", name].join("")).then(({ word }) => word);
export const ask = async () => [await at("word"), await at("lib/deep"), await at("by"),
  (await import(import.meta.resolve("#word"))).word].join();`,
    "src/none.ts": word("none"),
    "src/one.ts": word("one"),
    "src/two.ts": word("two"),
    "src/one/deep.ts": word("deep one"),
    "src/two/deep.ts": word("deep two"),
  });
  assertEquals(await app.call("ask"), "one,deep one,one,one");
  const edited = await app.upgrade({
    "src/one.ts": word("uno"),
    "src/one/deep.ts": word("deep uno"),
  });
  assertEquals(edited.state, "applied", JSON.stringify(edited));
  assertEquals(await app.call("ask"), "uno,deep uno,uno,uno");
  for (
    const [to, said] of [
      ["two", "two,deep two,two,two"],
      ["one", "uno,deep uno,uno,uno"],
    ] as const
  ) {
    const moved = await app.upgrade({ "package.json": package_(to) });
    assertEquals(moved.state, "applied", JSON.stringify(moved));
    assertEquals(await app.call("ask"), said);
  }
});

Deno.test("T8: #aliases and members of a package.json are followed in a running app", async () => {
  const package_ = (to: string) =>
    JSON.stringify({ imports: { "#word": `./src/${to}.ts` } });
  await using app = await DrivenApp.start({
    "package.json": package_("one"),
    // With a package.json and nothing said, not even the runtime's own packages are found.
    "deno.json": JSON.stringify({
      ...JSON.parse(denoJson({})),
      nodeModulesDir: "none",
    }),
    "app.ts": `import { word } from "#word"; export const ask = () => word;`,
    "src/one.ts": `export const word = "one";`,
    "src/two.ts": `export const word = "two";`,
  });
  assertEquals(await app.call("ask"), "one");
  const edited = await app.upgrade({
    "src/one.ts": `export const word = "uno";`,
  });
  assertEquals(edited.state, "applied", JSON.stringify(edited));
  assertEquals(await app.call("ask"), "uno");
  const moved = await app.upgrade({ "package.json": package_("two") });
  assertEquals(moved.state, "applied", JSON.stringify(moved));
  assertEquals(await app.call("ask"), "two");
});

Deno.test("T8, T9: a member of a workspace that only a package.json above tells of is followed in a running app", async () => {
  await using app = await DrivenApp.start(
    {
      "package.json": `{ "workspaces": ["server", "lib"] }`,
      "deno.json": `{ "nodeModulesDir": "none" }`,
      "lib/package.json":
        `{ "name": "@me/lib", "type": "module", "exports": "./mod.ts" }`,
      "lib/mod.ts": `export const word = "one";`,
      "server/package.json": `{ "name": "server", "type": "module" }`,
      "server/deno.json": denoJson({ root: ".." }),
      "server/app.ts":
        `import { word } from "@me/lib"; export const ask = () => word;`,
    },
    undefined,
    undefined,
    "server",
  );
  assertEquals(await app.call("ask"), "one");
  const edited = await app.upgrade({
    "lib/mod.ts": `export const word = "two";`,
  });
  assertEquals(edited.state, "applied", JSON.stringify(edited));
  assertEquals(await app.call("ask"), "two");
});
