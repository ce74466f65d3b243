import { assert, assertEquals } from "@std/assert";
import { DrivenApp, type Files } from "../../support/driven_app.ts";

const config = (more: Readonly<Record<string, unknown>>) => {
  const { imports, ...rest } = more;
  return JSON.stringify({
    ...rest,
    imports: {
      "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0",
      "@std/streams": "jsr:@std/streams@1.1.2",
      ...imports as object,
    },
  });
};

const ROOT = (folder: string) =>
  config({
    workspace: ["./member"],
    imports: { "$lib/": `./${folder}/` },
    scopes: { "./scoped/": { dep: `./${folder}/v.ts` } },
  });
const MEMBER = (folder: string) =>
  JSON.stringify({
    name: "@app/member",
    version: "1.0.0",
    exports: "./read.ts",
    imports: { "@/": `./${folder}/` },
  });

Deno.test("T2: an alias that moves leads computed imports and import.meta.resolve as well, there and back", async () => {
  const word = (text: string) => `export const v = "${text}";`;
  const files: Files = {
    "app.ts": `
import { read as member } from "./member/read.ts";
import { read as scoped } from "./scoped/read.ts";
const lib = ["$lib", "v.ts"].join("/");
export const read = async () => [
  (await import(lib)).v,
  (await import(import.meta.resolve("$lib/v.ts"))).v,
  import.meta.resolve("./app.ts").slice(-7),
  await scoped(),
  await member(),
];`,
    "scoped/read.ts":
      `const dep = ["d", "ep"].join(""); export const read = async () => (await import(dep)).v;`,
    "member/read.ts":
      `const name = ["@", "v.ts"].join("/"); export const read = async () => (await import(name)).v;`,
    "one/v.ts": word("one"),
    "two/v.ts": word("two"),
    "member/one/v.ts": word("member one"),
    "member/two/v.ts": word("member two"),
    "deno.json": ROOT("one"),
    "member/deno.json": MEMBER("one"),
  };
  await using app = await DrivenApp.start(files);
  const said = (text: string) => [
    text,
    text,
    "/app.ts",
    text,
    `member ${text}`,
  ];
  assertEquals(await app.call("read"), said("one"));
  for (const folder of ["two", "one"]) {
    const configs = {
      "deno.json": ROOT(folder),
      "member/deno.json": MEMBER(folder),
    };
    // The second one has the configuration of the first.
    const again = Object.entries(files).filter(([path]) =>
      /read|app/.test(path)
    )
      .map(([path, text]) => [path, `${text}// again in ${folder}`]);
    for (const more of [{}, Object.fromEntries(again)]) {
      const result = await app.upgrade({ ...configs, ...more });
      assert(result.state === "applied", JSON.stringify(result));
      assertEquals(await app.call("read"), said(folder));
    }
  }
});
