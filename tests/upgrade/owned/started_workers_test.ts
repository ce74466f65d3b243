import { assertEquals, assertStringIncludes } from "@std/assert";
import { Clients } from "../../support/net/clients.ts";
import { OrdinaryApp } from "../../support/ordinary_app.ts";

const WORKER = (word: string) =>
  `import { said } from "./said.ts"; self.onmessage = () => self.postMessage(said + " ${word}");`;
const SAID = (word: string) => `export const said = "${word}";`;

/** Asks a worker, whose name the text does not tell, while the module is evaluated or when somebody asks. */
const main = (version: string, atOnce: boolean) => `
const ask = () => {
  const worker = new Worker(new URL(["./w", "ts"].join("."), import.meta.url), { type: "module" });
  const { promise, resolve } = Promise.withResolvers<string>();
  worker.onmessage = ({ data }) => { worker.terminate(); resolve(data); };
  worker.postMessage(0);
  return promise;
};
${atOnce ? "const first = ask();" : ""}
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, async (request) =>
  new Response(request.url.endsWith("/ask") ? await ${
  atOnce ? "first" : "ask()"
} : "${version}"));`;

Deno.test("a worker that new code starts while it is evaluated never runs a script of the code before", async () => {
  await using app = await OrdinaryApp.start({
    "main.ts": main("v1", false),
    "w.ts": WORKER("one"),
    "said.ts": SAID("said"),
  });
  await using clients = new Clients(app.url, 2);
  assertEquals(await app.ask("/ask"), "200 said one");
  for (
    const change of [
      { "w.ts": WORKER("two") },
      { "w.ts": WORKER("one"), "said.ts": SAID("told") },
    ]
  ) {
    const report = await app.upgrade({
      "main.ts": main("v2", true),
      ...change,
    });
    assertEquals(report.state, "failed", JSON.stringify(report));
    assertStringIncludes(
      report.failure!.message,
      `Cannot start a worker of w.ts while its module is evaluated: ${
        "said.ts" in change ? "said.ts, which it imports," : "it"
      } has changed`,
    );
    assertEquals(await app.ask("/ask"), "200 said one");
  }
  const report = await app.upgrade({
    "main.ts": main("v3", false),
    "w.ts": WORKER("three"),
  });
  assertEquals(report.state, "applied", JSON.stringify(report));
  assertEquals(await app.ask("/ask"), "200 told three");
  assertEquals(await clients.end(), []);
  assertEquals([...clients.answers.keys()].sort(), ["v1", "v3"]);
});

const THREAD = (word: string) =>
  `import { parentPort } from "node:worker_threads"; parentPort!.once("message", () => { parentPort!.postMessage("${word}"); });`;

/** Asks a worker of Node's, whose name the text does not tell; it lives as long as it has something to do. */
const threads = (version: string, how: string, atOnce = false) => `
${how}
const ask = () => {
  const worker = new Worker(new URL(["./w", "ts"].join("."), import.meta.url));
  const { promise, resolve } = Promise.withResolvers<string>();
  let said = "";
  worker.on("message", (it: string) => { said = it; });
  worker.on("exit", () => { resolve(said); });
  worker.postMessage(0);
  return promise;
};
${atOnce ? "const first = ask();" : ""}
Deno.serve({ port: Number(Deno.env.get("PORT")), hostname: "127.0.0.1", onListen() {} }, async (request) =>
  new Response(request.url.endsWith("/ask") ? await ${
  atOnce ? "first" : "ask()"
} : "${version}"));`;

const PACKAGES = {
  "node_modules/modern/mod.js":
    `import { Worker } from "node:worker_threads";\nexport { Worker };`,
  // What it only writes down makes no module of it.
  "node_modules/older/index.cjs":
    "const text = `\nimport { Worker } from \"node:worker_threads\";\n`;\nmodule.exports = { text, Worker: require('worker_threads').Worker };",
};

Deno.test("workers of Node's are seen as those of the platform are, however their class is had", async () => {
  for (
    const how of [
      `import { Worker } from "node:worker_threads";`,
      `import {
  Worker,
} from 'node:worker_threads';`,
      `const { Worker } = await import("node:worker_threads");`,
      `import * as all from "node:worker_threads"; const { Worker } = all;`,
      `const { Worker } = process.getBuiltinModule("node:worker_threads");`,
      `const { Worker } = await import(["./node_modules/modern/mod", "js"].join("."));`,
      `const { Worker } = (await import(["./node_modules/older/index", "cjs"].join("."))).default;`,
      `import { createRequire } from "node:module"; const { Worker } = createRequire(import.meta.url)("worker_threads");`,
    ]
  ) {
    await using app = await OrdinaryApp.start({
      ...PACKAGES,
      "main.ts": threads("v1", how),
      "w.ts": THREAD("one"),
    });
    await using clients = new Clients(app.url, 2);
    assertEquals(await app.ask("/ask"), "200 one");
    const early = await app.upgrade({
      "main.ts": threads("v2", how, true),
      "w.ts": THREAD("two"),
    });
    assertStringIncludes(
      early.failure?.message ?? early.state,
      "Cannot start a worker of w.ts while its module is evaluated: it has changed",
      how,
    );
    // Those that were asked have ended by themselves: nobody keeps the old script.
    const report = await app.upgrade({
      "main.ts": threads("v3", how),
      "w.ts": THREAD("three"),
    });
    assertEquals(report.state, "applied", JSON.stringify(report));
    assertEquals(await app.ask("/ask"), "200 three");
    assertEquals(await clients.end(), []);
  }
});
