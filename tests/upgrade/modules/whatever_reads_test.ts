import { assert, assertEquals } from "@std/assert";
import { denoJson, DrivenApp, type Files } from "../../support/driven_app.ts";

async function applied(app: DrivenApp, changes: Files): Promise<void> {
  const result = await app.upgrade(changes);
  assert(result.state === "applied", JSON.stringify(result));
}

const AT = `const at = (name: string) => new URL(name, import.meta.url);\n`;

/** Modules that read while they are evaluated, each another way. */
const READERS: Files = {
  "sync.ts":
    `import { readFileSync } from "node:fs";\nexport const sync = readFileSync(new URL("./page.html", import.meta.url), "utf8");`,
  "all.ts":
    `import * as fs from "node:fs";\nexport const all = fs.readFileSync(import.meta.dirname + "/page.html", "utf8");`,
  "later.ts":
    `import { readFile } from "node:fs/promises";\nexport const later = await readFile("page.html", "utf8");`,
  "stream.ts":
    `import fs from "node:fs";\nconst read = async () => { let text = ""; for await (const piece of fs.createReadStream("page.html")) text += piece; return text; };\nexport const stream = await read();`,
  "callback.ts":
    `import { readFile } from "node:fs";\nexport const callback = await new Promise((done) => readFile("page.html", "utf8", (_, text) => done(text)));`,
  "fetched.ts": AT +
    `export const fetched = await (await fetch(at("./page.html"))).text();`,
  "on_behalf.ts":
    `import { load } from "./helper.ts";\nexport const onBehalf = await load("page.html");`,
  "helper.ts":
    `export const load = async (name: string) => { await Promise.resolve(); return await Deno.readTextFile(new URL(name, import.meta.url)); };`,
  "there.ts": AT +
    `import { existsSync } from "node:fs";\nconst is = (act: () => unknown) => { try { act(); return true; } catch { return false; } };\nexport const there = [existsSync("pages/b.html"), is(() => Deno.lstatSync("pages/b.html")), is(() => Deno.realPathSync(at("./pages/b.html"))), existsSync("more")];`,
  "lists.ts":
    `import { readdirSync } from "node:fs";\nimport { readdir } from "node:fs/promises";\nconst names = (all: Iterable<{ name: string }>) => [...all].map(({ name }) => name);\nconst sorted = (all: string[]) => all.sort().join();\nexport const lists = [\n  sorted(names(Deno.readDirSync("pages"))),\n  sorted(names(await Array.fromAsync(Deno.readDir("pages")))),\n  sorted(readdirSync("pages")),\n  sorted(names(await readdir("pages", { withFileTypes: true }))),\n  sorted(await readdir(".", { recursive: true }).then((all) => all.filter((it) => it.startsWith("pages/")))),\n];`,
  // Read by the first request, and kept.
  "memo.ts":
    `const cache = new Map<string, string>();\nexport const memo = async (name: string) => {\n  const text = cache.get(name) ?? await Deno.readTextFile(new URL(name, import.meta.url));\n  cache.set(name, text);\n  return text;\n};`,
  "deno.json": denoJson({ startsAnew: ["memo.ts#cache"] }),
  "app.ts": `
import { memo } from "./memo.ts";
import { sync } from "./sync.ts"; import { all } from "./all.ts"; import { later } from "./later.ts";
import { stream } from "./stream.ts"; import { callback } from "./callback.ts"; import { fetched } from "./fetched.ts";
import { onBehalf } from "./on_behalf.ts"; import { there } from "./there.ts"; import { lists } from "./lists.ts";
export const read = async () => [[sync, all, later, stream, callback, fetched, onBehalf, await memo("./page.html")], there, lists];`,
  "page.html": "one",
  "pages/a.html": "a",
};

Deno.test("P10: whatever reads while a module is evaluated reads the release, and reloads its module when the file changes", async () => {
  const each = (text: string) => Array.from({ length: 8 }, () => text);
  const five = (
    text: string,
    deep = `pages/${text.replace(",", ",pages/")}`,
  ) => [
    text,
    text,
    text,
    text,
    deep,
  ];
  await using app = await DrivenApp.start(READERS);
  assertEquals(await app.call("read"), [
    each("one"),
    [false, false, false, false],
    five("a.html"),
  ]);
  await applied(app, {
    "page.html": "two",
    "pages/b.html": "b",
    "more/c.html": "c",
  });
  assertEquals(await app.call("read"), [
    each("two"),
    [true, true, true, true],
    five("a.html,b.html"),
  ]);
  await applied(app, { "pages/b.html": null, "page.html": "three" });
  assertEquals(await app.call("read"), [
    each("three"),
    [false, false, false, true],
    five("a.html"),
  ]);
});

Deno.test("P10: who does not pass the hooks finds changed modules at their place: child processes, workers, readers of text", async () => {
  const shared = (n: number) => `export const v: number = ${n};`;
  await using app = await DrivenApp.start({
    "app.ts": AT + `
import { v } from "./shared.ts";
import text from "./shared.ts" with { type: "text" };
const child = async () => {
  const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["run", "--no-lock", at("./child.ts").href] }).output();
  return Number(new TextDecoder().decode(stdout));
};
const worker = () => new Promise((done) => {
  const it = new Worker(at("./worker.ts"), { type: "module" });
  it.onmessage = ({ data }) => { it.terminate(); done(data); };
});
export const read = async () => [v, text, await child(), await worker(), await Deno.readTextFile(at("./shared.ts"))];`,
    "child.ts": `import { v } from "./shared.ts"; console.log(v);`,
    "worker.ts": `import { v } from "./shared.ts"; postMessage(v);`,
    "shared.ts": shared(1),
    "deno.json": JSON.stringify({
      unstable: ["raw-imports"],
      imports: {
        "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0",
        "@std/streams": "jsr:@std/streams@1.1.2",
      },
      flyhot: { consent: ["worker:worker.ts"] },
    }),
  });
  const read = (n: number) => [n, shared(n), n, n, shared(n)];
  assertEquals(await app.call("read"), read(1));
  // The last is that of the image again.
  for (const n of [2, 1]) {
    await applied(app, { "shared.ts": shared(n) });
    assertEquals(await app.call("read"), read(n));
  }
});

Deno.test("bytes, WebAssembly and texts of scripts are imported as Deno reads them, and follow the release", async () => {
  const config = JSON.stringify({
    unstable: ["raw-imports"],
    imports: {
      "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0",
      "@std/streams": "jsr:@std/streams@1.1.2",
      "part": "./part.ts?part=1",
    },
  });
  const add = "AGFzbQEAAAABBwFgAn9/AX8DAgEABwcBA2FkZAAACgkBBwAgACABags=";
  await using app = await DrivenApp.start({
    "app.ts": `
import bytes from "./data.bin" with { type: "bytes" };
import { url } from "part";
const wasm = ["./add", "wasm"].join(".");
const { add } = await import(wasm);
export const read = () => [new TextDecoder().decode(bytes), add(1, 2), url.slice(url.lastIndexOf("/"))];`,
    "data.bin": "one",
    "part.ts": `export const url = import.meta.url;`,
    "deno.json": config,
  }, async (root) => {
    await Deno.writeFile(`${root}/add.wasm`, Uint8Array.fromBase64(add));
  });
  assertEquals(await app.call("read"), ["one", 3, "/part.ts?part=1"]);
  await applied(app, {
    "data.bin": "two",
    "part.ts": `export const url = import.meta.url + "&2";`,
  });
  assertEquals(await app.call("read"), ["two", 3, "/part.ts?part=1&2"]);
});
