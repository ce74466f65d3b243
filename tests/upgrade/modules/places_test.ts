import { assert, assertEquals, assertMatch } from "@std/assert";
import { denoJson, DrivenApp, type Files } from "../../support/driven_app.ts";

/** Upgrades while callers go on calling; none of them may fail. */
async function upgradedUnderLoad(
  app: DrivenApp,
  changes: Files,
  call = "read",
  ...args: unknown[]
): Promise<readonly string[]> {
  let going = true;
  const load = (async () => {
    while (going) {
      await app.call(call, ...args);
      await new Promise((resolve) => setTimeout(resolve, 2));
    }
  })();
  try {
    const result = await app.upgrade(changes);
    assert(result.state === "applied", JSON.stringify(result));
    return result.reloaded;
  } finally {
    going = false;
    await load;
  }
}

const TABLE = (...names: string[]) =>
  `const table: Record<string, string> = { ${
    names.map((name) => `${name}: "./plug/${name}.ts"`).join(", ")
  } };
export const read = async (name: string) => (await import(table[name]!)).value;`;

Deno.test("a module that only a computed import reaches is reloaded", async () => {
  await using app = await DrivenApp.start({
    "app.ts": TABLE("a"),
    "plug/a.ts": `export const value = "a1";`,
  });
  assertEquals(await app.call("read", "a"), "a1");
  const reloaded = await upgradedUnderLoad(
    app,
    { "plug/a.ts": `export const value = "a2";` },
    "read",
    "a",
  );
  assertEquals(reloaded, ["app.ts", "plug/a.ts"]);
  assertEquals(await app.call("read", "a"), "a2");
});

Deno.test("a module that an upgrade adds is found by a computed import", async () => {
  await using app = await DrivenApp.start({
    "app.ts": TABLE("a"),
    "plug/a.ts": `export const value = "a1";`,
  });
  assertEquals(await app.call("read", "a"), "a1");
  await upgradedUnderLoad(
    app,
    {
      "app.ts": TABLE("a", "b"),
      "plug/b.ts": `import { own } from "./own.ts"; export const value = own;`,
      "plug/own.ts": `export const own = "b1";`,
    },
    "read",
    "a",
  );
  assertEquals(await app.call("read", "b"), "b1");
  await upgradedUnderLoad(
    app,
    { "plug/own.ts": `export const own = "b2";` },
    "read",
    "a",
  );
  assertEquals(await app.call("read", "b"), "b2");
});

Deno.test("work that began before a module was there goes on without it", async () => {
  const appOf = (version: number) => `
const extra = () => import("./plug/" + "extra.ts").then((it) => it.value, () => "none");
export const read = async (ms = 0) => {
  await new Promise((resolve) => setTimeout(resolve, ms));
  return "v${version} " + await extra();
};`;
  await using app = await DrivenApp.start({ "app.ts": appOf(1) });
  assertEquals(await app.call("read"), "v1 none");
  const before = app.call("read", 1500);
  await upgradedUnderLoad(app, {
    "app.ts": appOf(2),
    "plug/extra.ts": `export const value = "extra";`,
  });
  assertEquals(await app.call("read"), "v2 extra");
  assertEquals(await before, "v1 none");
  assertEquals(await app.call("read"), "v2 extra");
});

Deno.test("whoever has asked for a module before it was there gets it with the upgrade that adds it", async () => {
  const asks = `
const got: string[] = [];
for (const name of ["a", "b"]) {
  const { value } = await import("./plug/" + name + ".ts").catch(() => ({ value: "none" }));
  got.push(value);
}`;
  await using app = await DrivenApp.start({
    "app.ts": `${asks} export const read = () => got.join();`,
    "plug/a.ts": `export const value = "a1";`,
    "deno.json": denoJson({ startsAnew: ["app.ts#got"] }),
  });
  assertEquals(await app.call("read"), "a1,none");
  const reloaded = await upgradedUnderLoad(
    app,
    { "plug/b.ts": `export const value = "b1";` },
    "read",
  );
  assertEquals(reloaded, ["app.ts"]);
  assertEquals(await app.call("read"), "a1,b1");
});

Deno.test("a file that whoever asks for it may go without comes, changes and goes with releases", async () => {
  await using app = await DrivenApp.start({
    "app.ts": `
import { late } from "./late.ts";
let early = "none";
try {
  early = (await import("./local.ts")).value;
} catch {
  // Only some have it.
}
export const read = async () => [early, await late()].join();`,
    "late.ts":
      `export const late = () => import("./local.ts").then((m) => m.value, () => "none");`,
  });
  assertEquals(await app.call("read"), "none,none");
  for (const value of ["1", "2", null, "3"]) {
    const text = value === null ? null : `export const value = "${value}";`;
    await upgradedUnderLoad(app, { "local.ts": text });
    const now = value ?? "none";
    assertEquals(await app.call("read"), [now, now].join());
  }
});

Deno.test("code that is evaluated with a removal does not find what is gone, by whatever name it asks", async () => {
  const asks = (greeting: string) => `
const found: string[] = [];
for (const name of ["a", "b"]) {
  const { value } = await import("./plug/" + name + ".ts").catch(() => ({ value: "none" }));
  found.push(value);
}
export const read = () => "${greeting} " + found.join();`;
  await using app = await DrivenApp.start({
    "app.ts": asks("hi"),
    "plug/a.ts": `export const value = "a";`,
    "plug/b.ts": `export const value = "b";`,
    "deno.json": denoJson({ startsAnew: ["app.ts#found"] }),
  });
  assertEquals(await app.call("read"), "hi a,b");
  await upgradedUnderLoad(app, { "app.ts": asks("ho"), "plug/a.ts": null });
  assertEquals(await app.call("read"), "ho none,b");
  await upgradedUnderLoad(app, { "plug/b.ts": null });
  assertEquals(await app.call("read"), "ho none,none");
});

Deno.test("a module imported by its absolute URL is the same instance as by its name", async () => {
  const appText = (more: string) => `
import * as room from "./room.ts";
export const read = async () => {
  const again = await import(new URL("./room.ts", import.meta.url).href);
  return [await room.counter.inc(), await again.counter.inc(), room === again${more}];
};`;
  await using app = await DrivenApp.start({
    "app.ts": appText(""),
    "room.ts":
      `import { holder } from "@flyhot/runtime"; export const counter = holder("c", { state: () => ({ n: 0 }), actions: { inc: (s) => s.n += 1 } });`,
  });
  assertEquals(await app.call("read"), [1, 2, true]);
  const { state } = await app.upgrade({ "app.ts": appText(", 2") });
  assertEquals(state, "applied");
  assertEquals(await app.call("read"), [3, 4, true, 2]);
});

Deno.test("the queries and fragments of a specifier stay a module of their own", async () => {
  await using app = await DrivenApp.start({
    "app.ts": `
import { value as plain } from "./x.ts";
import { value as raw } from "./x.ts?raw=1";
import { value as part } from "./x.ts#part";
export const read = () => [plain, raw, part].map(({ n, url }) => n + url.slice(url.lastIndexOf("/")));`,
    "x.ts": `export const value = { n: 1, url: import.meta.url };`,
  });
  assertEquals(await app.call("read"), [
    "1/x.ts",
    "1/x.ts?raw=1",
    "1/x.ts#part",
  ]);
  const reloaded = await upgradedUnderLoad(app, {
    "x.ts": `export const value = { n: 2, url: import.meta.url };`,
  });
  assertEquals(reloaded, ["app.ts", "x.ts"]);
  assertEquals(await app.call("read"), [
    "2/x.ts",
    "2/x.ts?raw=1",
    "2/x.ts#part",
  ]);
});

Deno.test("aliases of a workspace member and scopes of the import map lead where they led", async () => {
  await using app = await DrivenApp.start({
    "deno.json": JSON.stringify({
      workspace: ["./server"],
      imports: {
        "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0",
        "@std/streams": "jsr:@std/streams@1.1.2",
      },
      scopes: { "./lib/": { dep: "./lib/dep.ts" } },
    }),
    "server/deno.json": JSON.stringify({
      name: "@app/server",
      version: "1.0.0",
      exports: "./src/all.ts",
      imports: { "@/": "./src/" },
    }),
    "app.ts": `
import { read as member } from "./server/app.ts";
import { read as scoped } from "./lib/use.ts";
import { all } from "@app/server";
export const read = () => [member(), scoped(), all];`,
    "server/app.ts": `import { v } from "@/v.ts"; export const read = () => v;`,
    "server/src/v.ts": `export const v = "v1";`,
    "server/src/all.ts": `export const all = "all1";`,
    "lib/use.ts": `import { dep } from "dep"; export const read = () => dep;`,
    "lib/dep.ts": `export const dep = "dep1";`,
  });
  assertEquals(await app.call("read"), ["v1", "dep1", "all1"]);
  await upgradedUnderLoad(app, {
    "server/src/v.ts": `export const v = "v2";`,
    "server/src/all.ts": `export const all = "all2";`,
    "lib/dep.ts": `export const dep = "dep2";`,
  });
  assertEquals(await app.call("read"), ["v2", "dep2", "all2"]);
});

Deno.test("a path made from import.meta means the same file before and after", async () => {
  const appText = (comment: string) =>
    `${comment}
import { DatabaseSync } from "node:sqlite";
const db = new DatabaseSync(new URL("./data.sqlite", import.meta.url).pathname);
db.exec("create table if not exists t (x)");
export const add = () => db.exec("insert into t values (1)");
export const read = () => db.prepare("select count(*) n from t").get()!.n;
export const where = () => [import.meta.url, import.meta.filename, import.meta.dirname, import.meta.resolve("./x.ts")]
  .map((text) => text!.replace("file://", "").replace(Deno.cwd(), ""));
`;
  await using app = await DrivenApp.start({
    "app.ts": appText(""),
    "deno.json": denoJson({ startsAnew: ["app.ts#db"] }),
  });
  for (let row = 0; row < 5; row++) await app.call("add");
  await upgradedUnderLoad(app, { "app.ts": appText("// two") });
  for (let row = 0; row < 5; row++) await app.call("add");
  assertEquals(await app.call("read"), 10);
  assertEquals(await app.call("where"), ["/app.ts", "/app.ts", "", "/x.ts"]);
});

Deno.test("an upgrade that arrives while the app still loads is what the boundary stands for", async () => {
  await using app = await DrivenApp.start({
    "main.ts": `
import { hotUpgrade, live, reapply } from "@flyhot/runtime";
import { TextLineStream } from "@std/streams/text-line-stream";
import { settings } from "./settings.ts";
await reapply(settings);
const write = (value: unknown) => Deno.stdout.write(new TextEncoder().encode(JSON.stringify(value) + "\\n"));
const loading = live(() => import("./app.ts"));
await write({ id: 0, value: "ready" });
for await (const line of Deno.stdin.readable.pipeThrough(new TextDecoderStream()).pipeThrough(new TextLineStream())) {
  const { id, operation, args } = JSON.parse(line);
  (async () => operation === "upgrade" ? await hotUpgrade(args[0]) : (await loading).read())()
    .then((value) => write({ id, value }), (error) => write({ id, error: String(error) }));
}
Deno.exit(0);
`,
    "app.ts":
      `await new Promise((resolve) => setTimeout(resolve, 1500)); export const read = () => 1;`,
  });
  const early = app.call("read");
  early.catch(() => {});
  const result = await app.upgrade({
    "app.ts": `export const read = () => 2;`,
  });
  assertEquals(result.state, "applied", JSON.stringify(result));
  assertEquals(await early, 2);
  assertEquals(await app.call("read"), 2);
});

Deno.test("the declaring module is the one whose evaluation made the declaration", async () => {
  const appText = (more: string) => `
import { make } from "./helper.ts";
const counter = make("c");
export const read = async () => await counter.inc()${more};`;
  await using app = await DrivenApp.start({
    "app.ts": appText(""),
    "helper.ts":
      `import { holder } from "@flyhot/runtime"; export const make = (name: string) => holder(name, { state: () => ({ n: 0 }), actions: { inc: (s: { n: number }) => s.n += 1 } });`,
  });
  assertEquals(await app.call("read"), 1);
  const { state } = await app.upgrade({ "app.ts": appText(" + 100") });
  assertEquals(state, "applied");
  assertEquals(await app.call("read"), 102);
});

Deno.test("a release that cannot be read says in which file and line, and nothing has changed", async () => {
  await using app = await DrivenApp.start({
    "app.ts":
      `const table: Record<string, string> = { late: "./late.ts" }; export const read = async (name: string) => (await import(table[name]!)).v;`,
    "late.ts": `export const v = 1;`,
  });
  assertEquals(await app.call("read", "late"), 1);
  const result = await app.upgrade({ "late.ts": `\nexport const v = ;` });
  assert(result.state === "failed", JSON.stringify(result));
  assertMatch(result.message, /late\.ts:2: cannot be parsed/);
  assertEquals(await app.call("read", "late"), 1);
});

Deno.test("a file that a module reads while it is evaluated is the release's, and reloads a module that stays", async () => {
  await using app = await DrivenApp.start({
    "app.ts":
      `import { page } from "./page.ts"; export const read = () => page;`,
    "page.ts":
      `export const page = await Deno.readTextFile(new URL("./page.html", import.meta.url));`,
    "page.html": "one",
  });
  assertEquals(await app.call("read"), "one");
  const reloaded = await upgradedUnderLoad(app, { "page.html": "two" });
  assertEquals(reloaded, ["app.ts", "page.ts"]);
  assertEquals(await app.call("read"), "two");
});

Deno.test("a page that is read with each request is the release's, and the old one after an undo", async () => {
  const appText = (more: string) =>
    `export const read = () => Deno.readTextFile(new URL("./page.html", import.meta.url));${more}`;
  await using app = await DrivenApp.start({
    "app.ts": appText(""),
    "page.html": "one",
  });
  assertEquals(await app.call("read"), "one");
  assertEquals(
    (await upgradedUnderLoad(app, { "page.html": "two" })).length,
    0,
    "no module differs",
  );
  assertEquals(await app.call("read"), "two");
  const undone = await app.upgrade({
    "page.html": "three",
    "app.ts": appText(
      `import { health } from "@flyhot/runtime"; health(() => false);`,
    ),
  });
  assertEquals(undone.state, "failed");
  assertEquals(await app.call("read"), "two");
});

Deno.test("a module that nothing imports any more ends with all it declared, though its file stays", async () => {
  await using app = await DrivenApp.start({
    "app.ts":
      `import "./a.ts"; export const read = () => (globalThis as any).ticks ?? 0;`,
    "a.ts": `
import { holder, service } from "@flyhot/runtime";
export const name = holder("name", { state: () => ({ n: 1 }), actions: {} });
service("ticker", {
  start: () => setInterval(() => { (globalThis as any).ticks = ((globalThis as any).ticks ?? 0) + 1; }, 5),
  stop: (timer) => clearInterval(timer),
});`,
  });
  const read = () => app.call("read") as Promise<number>;
  while (await read() < 2) await new Promise((r) => setTimeout(r, 5));
  const result = await app.upgrade(
    {
      "app.ts": `export const read = () => (globalThis as any).ticks ?? 0;`,
    },
    ["holder:name"],
  );
  assertEquals(result.state, "applied", JSON.stringify(result));
  const after = await read();
  await new Promise((r) => setTimeout(r, 60));
  assertEquals(await read(), after);
  // The name is free for another file, and the file is evaluated again when somebody wants it again.
  await upgradedUnderLoad(app, {
    "b.ts":
      `import { holder } from "@flyhot/runtime"; export const name = holder("name", { state: () => ({ n: 2 }), actions: {} });`,
    "app.ts":
      `import { name } from "./b.ts"; export const read = () => name.state.n;`,
  });
  assertEquals(await read(), 2);
});
