// P7: modules are translated by the options that hold for their place, or not replaced.
import { assert, assertEquals } from "@std/assert";
import { DrivenApp, type Files } from "../../support/driven_app.ts";

const VIEW = (factory: string, word: string) =>
  `export const ${factory} = (tag: string, _: unknown, ...kids: string[]) => "${factory}:" + tag + kids.join();
export const element = () => <b>${word}</b>;`;
const options = (jsxFactory: string, more: object = {}) =>
  JSON.stringify({ compilerOptions: { jsx: "react", jsxFactory }, ...more });

const APP: Files = {
  "deno.json": JSON.stringify({
    imports: {
      "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0",
      "@std/streams": "jsr:@std/streams@1.1.2",
    },
    workspace: ["./server", "./packages/*", "./plain"],
    nodeModulesDir: "none",
  }),
  "tsconfig.json": JSON.stringify({ extends: "./tsconfig.base.json" }),
  "tsconfig.base.json": options("ours"),
  "view.tsx": VIEW("ours", "one"),
  "server/deno.json": `{ "name": "@app/server" }`,
  "server/tsconfig.json": options("server"),
  "server/view.tsx": VIEW("server", "one"),
  "packages/a/deno.jsonc": `// Its own.\n${options("a")}`,
  "packages/a/view.tsx": VIEW("a", "one"),
  "packages/a/word.ts": `export const word = "one";`,
  "plain/package.json": `{ "name": "plain", "version": "1.0.0" }`,
  "plain/word.ts": `export const word = "one";`,
  "app.ts": `
import { element as ours } from "./view.tsx";
import { element as server } from "./server/view.tsx";
import { element as a } from "./packages/a/view.tsx";
import { word } from "./packages/a/word.ts";
import { word as plain } from "./plain/word.ts";
export const read = () => [ours(), server(), a(), word, plain].join(" ");`,
};
const FIRST = "ours:bone server:bone a:bone one one";

const REFUSED: readonly [what: string, changes: Files, why: RegExp][] = [
  [
    "a module of a member that has a tsconfig.json",
    { "server/view.tsx": VIEW("server", "two") },
    /server\/tsconfig\.json compilerOptions: are the member's own, and server\/view\.tsx would be/,
  ],
  [
    "a module of a member found by a pattern, with a deno.jsonc",
    { "packages/a/view.tsx": VIEW("a", "two") },
    /packages\/a\/deno\.jsonc compilerOptions: are the member's own/,
  ],
  [
    "a module that comes to such a member",
    {
      "app.ts": APP["app.ts"]!.replace("/a/word.ts", "/a/late.tsx"),
      "packages/a/late.tsx": `export const word = "late";`,
    },
    /packages\/a\/deno\.jsonc compilerOptions: are the member's own/,
  ],
  [
    "a member that drops its options, beside another module",
    {
      "packages/a/deno.jsonc": `{ "name": "@app/a" }`,
      "view.tsx": VIEW("ours", "two"),
    },
    /packages\/a\/deno\.jsonc: changes compilerOptions/,
  ],
  [
    "what a tsconfig.json extends",
    { "tsconfig.base.json": options("h") },
    /tsconfig\.json: changes compilerOptions/,
  ],
  [
    "a tsconfig.json that comes",
    { "packages/a/tsconfig.json": options("h") },
    /packages\/a\/tsconfig\.json: changes compilerOptions/,
  ],
  [
    "a tsconfig.json that is for some files",
    {
      "tsconfig.json": JSON.stringify({
        extends: "./tsconfig.base.json",
        include: ["view.tsx"],
      }),
      "view.tsx": VIEW("ours", "two"),
    },
    /tsconfig\.json: changes compilerOptions.*|hold only for the files/,
  ],
];

Deno.test("P7: modules that would be translated by other options are refused, and the rest goes hot", async () => {
  await using app = await DrivenApp.start(APP);
  assertEquals(await app.call("read"), FIRST);
  for (const [what, changes, why] of REFUSED) {
    const result = await app.upgrade(changes);
    assert(result.state === "failed", what);
    assert(why.test(result.message), `${what}: ${result.message}`);
    assertEquals(await app.call("read"), FIRST, what);
    await app.pack(Object.fromEntries(
      Object.keys(changes).map((path) => [path, APP[path] ?? null]),
    ));
  }
  const applied = await app.upgrade({
    "view.tsx": VIEW("ours", "two"),
    "plain/word.ts": `export const word = "two";`,
    "tsconfig.base.json": options("ours", { "//": "by the way" }),
    "server/tsconfig.json": JSON.stringify({
      compilerOptions: { jsx: "react", jsxFactory: "server", strict: false },
    }),
  });
  assertEquals(applied.state, "applied", JSON.stringify(applied));
  assertEquals(
    await app.call("read"),
    FIRST.replace("bone", "btwo").replace(/one$/, "two"),
  );
});
