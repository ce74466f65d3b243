import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  packed,
  running,
  type Sources,
} from "../../../tests/support/planned_app.ts";
import { refusalText } from "../../base/refusal.ts";
import type {
  Manifest,
  RunningManifest,
} from "../../protocol/manifest/manifest.ts";
import { classify } from "../classify.ts";

const APP: Sources = {
  "main.ts":
    `import { pool } from "./app.ts"; Deno.serve(() => new Response(pool()));`,
  "app.ts":
    `import { startWorker } from "./pool.ts"; export const pool = () => startWorker(new URL("./w.ts", import.meta.url));`,
  "pool.ts":
    `export const startWorker = (url: URL) => new Worker(url, { type: "module" });`,
  "w.ts":
    `import { job } from "./job.ts"; job(); const inner = () => new Worker(new URL("./inner.ts", import.meta.url));`,
  "job.ts": `export const job = () => 1;`,
  "inner.ts": `import "./innermost.ts";`,
  "innermost.ts": `export {};`,
  "other.ts": `export {};`,
  "deno.json": "{}",
};

function refusals(
  changes: Sources,
  machine: Partial<RunningManifest> = {},
  { manifest = {}, consent = [], app = APP }: {
    readonly manifest?: Partial<Manifest>;
    readonly consent?: readonly string[];
    readonly app?: Sources;
  } = {},
): string[] {
  const loaded = ["main.ts", "app.ts", "pool.ts"];
  const now = {
    ...running(app, { changes: { boot: [], loaded } }),
    ...machine,
  };
  const release = packed({ ...app, ...changes });
  // Nothing that leads from the main module comes to what a worker loads.
  const modules = Object.fromEntries(
    Object.entries(release.modules).filter(([path]) =>
      /^(?:main|app|pool)\.ts$/.test(path)
    ),
  );
  return classify(
    { ...release, modules, ...manifest },
    now,
    { consent },
  ).refusals.map(refusalText);
}

const startedWorkers = ["w.ts"];

Deno.test("a worker that another module was handed the script for keeps old code: the process has seen it being started", () => {
  const job = { "job.ts": `export const job = () => 2;` };
  assertEquals(refusals(job), [], "nobody has started one");
  assertEquals(refusals(job, { startedWorkers: [] }), []);
  assertEquals(refusals(job, { startedWorkers }), [
    `w.ts w.ts: imports job.ts, which has changed, and a worker that runs it keeps the old code; start its workers from a service, which ends them, or consent to it: "consent": ["worker:w.ts"]`,
  ]);
  assertEquals(
    refusals(job, { startedWorkers }, { consent: ["worker:w.ts"] }),
    [],
  );
  assertEquals(
    refusals({ "other.ts": "export const x = 1;" }, { startedWorkers }),
    [],
  );
  const [own] = refusals({ "w.ts": `// v2` }, { startedWorkers });
  assertStringIncludes(own!, "w.ts w.ts: has changed");
});

Deno.test("a worker starts workers of its own, which keep old code as well", () => {
  const [inner] = refusals({ "inner.ts": `// v2` }, { startedWorkers });
  assertStringIncludes(inner!, "w.ts w.ts: imports inner.ts");
  const far = { "innermost.ts": `export const x = 1;` };
  assertEquals(refusals(far, { startedWorkers }).length, 1);
  assertEquals(refusals(far), []);
});

Deno.test("where a worker of Node's is started whose name nobody can tell, any script that no module imports may be it", () => {
  const app = {
    ...APP,
    "pool.ts":
      `import { Worker } from "node:worker_threads"; export const startWorker = (url: URL) => new Worker(url);`,
    "client.ts": `export const x = 1;`,
    "client_test.ts": `export const x = 1;`,
  };
  const of = (path: string, consent: readonly string[] = []) =>
    refusals(
      { [path]: `export const x = 2, job = () => x;` },
      {},
      { app, consent },
    );
  assertEquals(of("job.ts").sort(), [
    `pool.ts:1 job.ts: has changed, and a worker that runs it keeps the old code; start its workers from a service, which ends them, or consent to it: "consent": ["worker:job.ts"]`,
    `pool.ts:1 w.ts: imports job.ts, which has changed, and a worker that runs it keeps the old code; start its workers from a service, which ends them, or consent to it: "consent": ["worker:w.ts"]`,
  ]);
  // Where the process sees them, only those that came before it are not known.
  const seen = { seesNodeWorkers: true, boot: ["main.ts"] };
  const change = { "job.ts": `export const job = () => 2;` };
  assertEquals(refusals(change, seen, { app }), []);
  assertEquals(
    refusals(change, { ...seen, startedWorkers }, { app }).length,
    1,
  );
  const boot = ["main.ts", "app.ts", "pool.ts"];
  assertEquals(refusals(change, { ...seen, boot }, { app }).length, 2);
  assertEquals(of("job.ts", ["worker:job.ts", "worker:w.ts"]), []);
  assertEquals(of("client.ts").length, 1);
  assertEquals(of("client.ts", ["worker:client.ts"]), []);
  assertEquals(of("client_test.ts"), []);
  assertEquals(of("brand_new.ts"), []);
});

Deno.test("what only a worker imports by an alias is found where Deno has said where that leads", () => {
  const app = {
    ...APP,
    "w.ts": `import { job } from "$lib/job.ts"; job();`,
  };
  const job = { "job.ts": `export const job = () => 2;` };
  const workerSpecifiers = { "w.ts": { "$lib/job.ts": "job.ts" } };
  const [found] = refusals(job, { startedWorkers }, {
    app,
    manifest: { workerSpecifiers },
  });
  assertStringIncludes(found!, "w.ts w.ts: imports job.ts");
  const elsewhere = { "w.ts": { "$lib/job.ts": "other.ts" } };
  assertEquals(
    refusals(job, { startedWorkers }, {
      app,
      manifest: { workerSpecifiers: elsewhere },
    }),
    [],
  );
});

Deno.test("a worker follows the aliases of the image: where they are others, what it imports by one is refused", () => {
  const aliases = (to: string) => ({
    "deno.json": `{ "imports": { "$lib/": "./${to}/" } }`,
  });
  const app = { ...APP, ...aliases("lib") };
  const byAlias = {
    ...app,
    "w.ts": `import { job } from "$lib/job.ts"; job();`,
  };
  const moved = (from: Sources, machine: Partial<RunningManifest> = {}) =>
    refusals(aliases("lib2"), machine, { app: from })
      .filter((it) => it.includes("aliases of the image"));
  assertEquals(moved(app, { startedWorkers }), [], "it names none");
  assertEquals(moved(byAlias), [], "it is not the script of a worker");
  assertEquals(moved(byAlias, { startedWorkers }), [
    `w.ts w.ts: leads to "$lib/job.ts" (w.ts:1), and a worker follows the aliases of the image, which are others than those of the release; deploy cold, or name the module by its path, or consent to it: "consent": ["worker:w.ts"]`,
  ]);
  const named = {
    ...byAlias,
    "app.ts":
      `export const pool = () => new Worker(new URL("./w.ts", import.meta.url));`,
  };
  const [found] = moved(named);
  assertStringIncludes(found!, `app.ts:1 w.ts: leads to "$lib/job.ts"`);
  assertEquals(
    refusals({ "other.ts": "export const x = 1;" }, { startedWorkers }, {
      app: byAlias,
    }),
    [],
    "nothing of the aliases has changed",
  );
});
