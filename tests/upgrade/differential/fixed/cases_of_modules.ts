/** Fixed cases about how modules reach each other and what they make while they are evaluated.
 * @module
 */
import type { FixedCase } from "./cases.ts";

const HONO = "npm:hono@4.13.19";

/** Cases by name. */
export const MODULE_CASES: Readonly<Record<string, FixedCase>> = {
  "started by a call inside a function": {
    why:
      "the importer made something of the old module while it was evaluated, two modules away",
    before: {
      "app.ts":
        `import { start } from "./start.ts";\nexport const ask = start();\n`,
      "start.ts":
        `import { createApp } from "./create.ts";\nexport function start() { const made = createApp(); return () => made(); }\n`,
      "create.ts": `export const createApp = () => () => "one";\n`,
    },
    after: { "create.ts": `export const createApp = () => () => "two";\n` },
  },
  "barrel with a new name": {
    why: "the barrel does not change, the names behind it do",
    before: {
      "app.ts":
        `import { one } from "./barrel.ts";\nexport const ask = () => one();\n`,
      "barrel.ts": `export * from "./words.ts";\n`,
      "words.ts": `export const one = () => "one";\n`,
    },
    after: {
      "app.ts":
        `import { extra, one } from "./barrel.ts";\nexport const ask = () => one() + extra();\n`,
      "words.ts":
        `export const one = () => "two";\nexport const extra = () => "!";\n`,
    },
  },
  "removed export": {
    why: "an unchanged importer no longer links",
    before: {
      "app.ts":
        `import { use } from "./user.ts";\nexport const ask = () => use();\n`,
      "user.ts":
        `import { old } from "./words.ts";\nexport const use = () => old();\n`,
      "words.ts": `export const old = () => "one";\n`,
    },
    after: { "words.ts": `export const renamed = () => "two";\n` },
  },
  "export assigned later": {
    why: "a live binding that requests write",
    before: {
      "app.ts":
        `import { use } from "./user.ts";\nimport { setMode } from "./mode.ts";\nexport const ask = () => use();\nexport const set = (to: string) => setMode(to);\n`,
      "user.ts":
        `import { mode } from "./mode.ts";\nexport const use = () => mode;\n`,
      "mode.ts":
        `export let mode = "one";\nexport const setMode = (to: string) => { mode = to; };\n`,
    },
    after: {
      "mode.ts":
        `export let mode = "two";\nexport const setMode = (to: string) => { mode = to + " two"; };\n`,
    },
    asks: [["ask"], ["set", "later"], ["ask"]],
    flyhot: { startsAnew: ["mode.ts#mode"] },
  },
  "router of a library in its own module": {
    why: "routes are registered into a router that is already built",
    before: {
      "app.ts":
        `import { router } from "./router.ts";\nimport "./routes.ts";\nexport const ask = async () => await (await router.request("/")).text();\n`,
      "router.ts":
        `import { Hono } from "${HONO}";\nexport const router = new Hono();\n`,
      "routes.ts":
        `import { router } from "./router.ts";\nrouter.get("/", (c) => c.text("one"));\n`,
    },
    after: {
      "routes.ts":
        `import { router } from "./router.ts";\nrouter.get("/", (c) => c.text("two"));\n`,
    },
  },
  "router of a library in the changed module": {
    why: "a kept router would answer with its old routes",
    before: {
      "app.ts":
        `import { Hono } from "${HONO}";\nconst router = new Hono();\nrouter.get("/", (c) => c.text("one"));\nexport const ask = async () => await (await router.request("/")).text();\n`,
    },
    after: {
      "app.ts":
        `import { Hono } from "${HONO}";\nconst router = new Hono();\nrouter.get("/", (c) => c.text("two"));\nexport const ask = async () => await (await router.request("/")).text();\n`,
    },
  },
  "table of commands": {
    why: "the old command stays in a table of an unchanged module",
    before: {
      "app.ts":
        `import { commands } from "./registry.ts";\nimport "./command.ts";\nexport const ask = () => [...commands.keys()];\n`,
      "registry.ts": `export const commands = new Map<string, () => void>();\n`,
      "command.ts":
        `import { commands } from "./registry.ts";\ncommands.set("old", () => {});\n`,
    },
    after: {
      "command.ts":
        `import { commands } from "./registry.ts";\ncommands.set("new", () => {});\n`,
    },
    flyhot: { startsAnew: ["registry.ts#commands"] },
  },
  "modules that await at their top level": {
    why: "evaluation and swap are not one turn",
    before: {
      "app.ts":
        `import { a } from "./a.ts";\nimport { b } from "./b.ts";\nexport const ask = () => a() + b();\n`,
      "a.ts": `export const a = () => "a1";\n`,
      "b.ts":
        `await new Promise((done) => setTimeout(done, 10));\nexport const b = () => "b1";\n`,
    },
    after: {
      "a.ts": `export const a = () => "a2";\n`,
      "b.ts":
        `await new Promise((done) => setTimeout(done, 10));\nexport const b = () => "b2";\n`,
    },
  },
  "hashbang": {
    why: "the first line must stay the first",
    before: {
      "app.ts":
        `#!/usr/bin/env -S deno run -A\nimport { word } from "./word.ts";\nexport const ask = () => word();\n`,
      "word.ts": `export const word = () => "one";\n`,
    },
    after: { "word.ts": `export const word = () => "two";\n` },
  },
  "default exports without a name": {
    why: "their name is `default`, whatever is done to the source",
    before: {
      "app.ts":
        `import arrow from "./arrow.ts";\nimport plain from "./plain.ts";\nimport Made from "./made.ts";\nexport const ask = () => [arrow(), arrow.name, plain(), plain.name, new Made().word(), Made.name];\n`,
      "arrow.ts": `export default () => "one";\n`,
      "plain.ts": `export default function () { return "one"; }\n`,
      "made.ts": `export default class { word() { return "one"; } }\n`,
    },
    after: {
      "arrow.ts": `export default () => "two";\n`,
      "plain.ts": `export default function () { return "two"; }\n`,
      "made.ts": `export default class { word() { return "two"; } }\n`,
    },
  },
  "cycle": {
    why: "each of two modules is an importer of the other",
    before: {
      "app.ts": `import { a } from "./a.ts";\nexport const ask = () => a();\n`,
      "a.ts":
        `import { b } from "./b.ts";\nexport const name = "A1";\nexport function a(): string { return b() + "one"; }\n`,
      "b.ts":
        `import { a, name } from "./a.ts";\nexport const b = () => name + typeof a;\n`,
    },
    after: {
      "a.ts":
        `import { b } from "./b.ts";\nexport const name = "A2";\nexport function a(): string { return b() + "two"; }\n`,
    },
  },
  "names of a namespace": {
    why: "a new name shows in `Object.keys` of the namespace",
    before: {
      "app.ts":
        `import * as all from "./all.ts";\nexport const ask = () => Object.keys(all);\n`,
      "all.ts": `export const one = 1;\n`,
    },
    after: { "all.ts": `export const one = 1;\nexport const two = 2;\n` },
  },
  "import kept as a promise": {
    why: "the importer remembers the old module",
    before: {
      "app.ts":
        `let words: Promise<{ word(): string }> | undefined;\nexport const ask = async () => { words ??= import("./words.ts"); return (await words).word(); };\n`,
      "words.ts": `export const word = () => "one";\n`,
    },
    after: { "words.ts": `export const word = () => "two";\n` },
    history: [["ask"]],
    flyhot: { startsAnew: ["app.ts#words"] },
  },
  "memo": {
    why: "a value made by old code stays in a module that did not change",
    before: {
      "app.ts":
        `import { get } from "./cache.ts";\nexport const ask = () => get();\n`,
      "cache.ts":
        `import { build } from "./build.ts";\nlet cache: string | undefined;\nexport const get = () => cache ??= build();\n`,
      "build.ts": `export const build = () => "one";\n`,
    },
    after: { "build.ts": `export const build = () => "two";\n` },
    history: [["ask"]],
    flyhot: { startsAnew: ["cache.ts#cache"] },
  },
  "exported constant": {
    why: "a value, not a function, was imported",
    before: {
      "app.ts":
        `import { limits } from "./limits.ts";\nexport const ask = () => limits;\n`,
      "limits.ts": `export const limits = { a: 1 };\n`,
    },
    after: { "limits.ts": `export const limits = { a: 2 };\n` },
  },
  "stack of an error": {
    why: "line and column are those of the new source",
    before: {
      "app.ts":
        `import { fail } from "./fail.ts";\nexport const ask = () => { try { fail(); } catch (error) { return (error as Error).stack!.match(/fail\\.ts[^)\\n]*/)![0].replace(/\\?[^:]*/, ""); } };\n`,
      "fail.ts":
        `interface A { x: 1 }\n\nexport const fail = () => {\n  throw new Error("e");\n};\n`,
    },
    after: {
      "fail.ts":
        `interface A { x: 1 }\n\n\ntype B = A;\nexport const fail = () => {\n  const more = 1;\n  throw new Error("e" + more);\n};\n`,
    },
  },
  "JSON import": {
    why: "a JSON module is a module",
    before: {
      "app.ts":
        `import { read } from "./read.ts";\nexport const ask = () => read();\n`,
      "read.ts":
        `import data from "./data.json" with { type: "json" };\nexport const read = () => data.value;\n`,
      "data.json": `{"value":"one"}`,
    },
    after: { "data.json": `{"value":"two"}` },
  },
  "JSX": {
    why: "what the compiler options of deno.json make of a page",
    before: {
      "app.ts":
        `import { page } from "./page.tsx";\nexport const ask = () => String(page());\n`,
      "page.tsx": `export const page = () => <p class="x">one</p>;\n`,
    },
    after: { "page.tsx": `export const page = () => <p class="x">two</p>;\n` },
    config: {
      compilerOptions: { jsx: "precompile", jsxImportSource: `${HONO}/jsx` },
    },
  },
  "default parameter": {
    why: "the import is used where the module itself does not name a call",
    before: {
      "app.ts":
        `import { make } from "./make.ts";\nconst made = make();\nexport const ask = () => made();\n`,
      "make.ts":
        `import { shuffle } from "./shuffle.ts";\nexport const make = (run = shuffle) => () => run();\n`,
      "shuffle.ts": `export const shuffle = () => "one";\n`,
    },
    after: { "shuffle.ts": `export const shuffle = () => "two";\n` },
  },
};
