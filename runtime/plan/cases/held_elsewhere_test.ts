import { assertEquals } from "@std/assert";
import { refusalText } from "../../base/refusal.ts";
import { parseRunningManifest } from "../../protocol/manifest/manifest.ts";
import type { RunningManifest } from "../../protocol/manifest/manifest.ts";
import {
  packed,
  running,
  type Sources,
} from "../../../tests/support/planned_app.ts";
import { classify } from "../classify.ts";

const APP: Sources = {
  "main.ts":
    `import { live } from "@flyhot/runtime"; await live(() => import("./app.ts"));`,
  "app.ts":
    `import { v } from "./v.ts"; export const read = () => v;\nexport const by = import.meta.resolve("$lib/a.ts");`,
  "v.ts": `export const v = 1;`,
};

/** What the command would print and reload, from what a machine has sent. */
function plan(
  before: Sources,
  after: Sources,
  changes: Partial<RunningManifest> = {},
  loaded: readonly string[] = [],
) {
  const sent = JSON.stringify(running(before, { changes, loaded }));
  const { refusals, reload } = classify(
    packed(after),
    parseRunningManifest(JSON.parse(sent)),
  );
  return { refusals: refusals.map(refusalText), reload };
}

Deno.test("what somebody else keeps is refused in the same words by the command", () => {
  const after = { ...APP, "v.ts": `export const v = 2;` };
  assertEquals(
    plan(APP, after, {
      foreign: {
        "v.ts": ["file:///x/node_modules/@fastify/autoload/index.js"],
      },
    }).refusals,
    [
      "v.ts: was imported by the package @fastify/autoload, which keeps what it got; import it in a module of the app, and pass on what is needed of it",
    ],
  );
  assertEquals(plan(APP, after, { commonjs: ["v.ts"] }).refusals, [
    'v.ts: was loaded by require(), or as what may be CommonJS, and stays as it was first loaded; turn it into an ES module, and say so in package.json: "type": "module"',
  ]);
  assertEquals(plan(APP, after).refusals, []);
});

Deno.test("a worker that a module starts while it is evaluated must not have changed with it", () => {
  const app = (top: string, step: number): Sources => ({
    ...APP,
    "app.ts": `${
      APP["app.ts"]
    }\n${top}new Worker(new URL("./w.ts", import.meta.url), { type: "module" }); // ${step}`,
    "w.ts": `import "./part.ts"; postMessage(1);`,
    "part.ts": `export const part = ${step};`,
  });
  const late = { workers: [] };
  assertEquals(plan(app("", 1), app("", 2), late).refusals, [
    "app.ts:3 w.ts: is started while app.ts is evaluated, and imports part.ts before what has changed is at its place; start it in a service or a function",
  ]);
  const inFunction = "export const start = () => ";
  assertEquals(plan(app(inFunction, 1), app(inFunction, 2), late).refusals, []);
});

Deno.test("whoever has listed a folder is evaluated again when something comes or goes there, and not for a change", () => {
  const before = { ...APP, "pages/a.html": "a" };
  const reads = { "pages/": ["v.ts"] };
  const reloads = (after: Sources, more = {}) =>
    plan(before, after, { reads, ...more }).reload;
  assertEquals(reloads({ ...before, "pages/b.html": "b" }), ["app.ts", "v.ts"]);
  assertEquals(reloads({ ...before, "pages/sub/b.html": "b" }), [
    "app.ts",
    "v.ts",
  ]);
  assertEquals(
    reloads(APP, { releaseFiles: Object.keys(before) }),
    ["app.ts", "v.ts"],
  );
  assertEquals(reloads({ ...before, "pages/a.html": "other" }), []);
  assertEquals(reloads({ ...before, "page.html": "b" }), []);
});

Deno.test("an alias that moves reloads who resolves by a name that only a run tells", () => {
  const aliased = (folder: string): Sources => ({
    ...APP,
    "deno.json": JSON.stringify({ imports: { "$lib/": folder } }),
  });
  const aliases = (sources: Sources) => ({
    aliases: {
      "deno.json": ["aliases", "exports", "importMap", "*"].map((key) =>
        packed(sources).configKeys!["deno.json"]![key] ?? ""
      ).join(" "),
    },
  });
  const before = aliased("./one/");
  assertEquals(
    plan(before, aliased("./two/"), aliases(before)).reload,
    ["app.ts"],
  );
  assertEquals(plan(before, before, aliases(before)).reload, []);
});
