import { assertEquals } from "@std/assert";
import { A, plan, texts, v2 } from "./classify_fixture_test.ts";

Deno.test("link: missing names, files, ambiguous ones; through re-exports, stars and circles", () => {
  const link = (files: Record<string, string>) =>
    texts(plan({ "app.ts": files["app.ts"]!, ...files })).filter((text) =>
      !text.startsWith("main")
    );
  assertEquals(
    link({
      "app.ts": `import { a, b } from "./barrel.ts"; a(b);`,
      "barrel.ts": `export * from "./x.ts"; export { c as b } from "./y.ts";`,
      "x.ts": `export const a = 1; export * from "./barrel.ts";`,
      "y.ts": `export const c = 1;`,
    }),
    [],
  );
  assertEquals(
    link({
      "app.ts": `import { a } from "./barrel.ts"; a();`,
      "barrel.ts": `export * from "./x.ts";`,
      "x.ts": `export * from "./barrel.ts";`,
    }),
    [
      "app.ts:1 a: is imported from barrel.ts, which does not export it; export it there or drop the import",
    ],
  );
  assertEquals(
    link({
      "app.ts": `import x from "./barrel.ts"; x();`,
      "barrel.ts": `export * from "./x.ts";`,
      "x.ts": `export default 1;`,
    }),
    [
      "app.ts:1 default: is imported from barrel.ts, which does not export it; export it there or drop the import",
    ],
  );
  assertEquals(
    link({
      "app.ts": `import { a } from "./barrel.ts"; a();`,
      "barrel.ts": `export * from "./x.ts"; export * from "./y.ts";`,
      "x.ts": `export const a = 1;`,
      "y.ts": `export const a = 2;`,
    }),
    [
      "app.ts:1 a: is imported from barrel.ts, which has it from x.ts and from y.ts; export the one that is meant by its name",
    ],
  );
  assertEquals(
    link({
      "app.ts": `import { a } from "./barrel.ts"; a();`,
      "barrel.ts": `export * from "./x.ts"; export * from "./y.ts";`,
      "x.ts": `export { a } from "./z.ts";`,
      "y.ts": `export { a } from "./z.ts";`,
      "z.ts": `export const a = 2;`,
    }),
    [],
  );
  assertEquals(link({ "app.ts": `export { gone } from "./lib.ts";` }), [
    "app.ts:1 gone: is imported from lib.ts, which does not export it; export it there or drop the import",
  ]);
  assertEquals(
    link({
      "app.ts":
        `import data, { x } from "./data.json" with { type: "json" }; data(x);`,
    }),
    [
      "app.ts:1 x: is imported from data.json, which does not export it; export it there or drop the import",
    ],
  );
  assertEquals(link({ "app.ts": `import { a } from "./gone.ts"; a();` }), [
    "app.ts:1: imports gone.ts, which the release does not have; add the file or drop the import",
  ]);
  assertEquals(
    link({
      "app.ts":
        `import { anything } from "npm:x@1"; import { T } from "./lib.ts"; import * as ns from "./lib.ts"; const t: T = ns; anything();`,
    }).filter((text) => !text.includes("needs a new image")),
    [],
  );
});

Deno.test("link: the target of a boundary that is gone is refused at the boundary, unless its owner goes too", () => {
  const it = plan({ "app.ts": null, "pads.ts": A["app.ts"]! });
  const refusal = (place: string) =>
    `${place} app.ts: is the target of a live boundary here, and gone from the release; keep the file, if only to export what took its place`;
  assertEquals(texts(it).includes(refusal("main.ts:3")), true, `${texts(it)}`);

  const computed = {
    ...A,
    "main.ts": `import { live } from "@flyhot/runtime";

const name = "./app.ts";
await live(() => import(name));`,
  };
  assertEquals(
    texts(plan({ "app.ts": null }, { from: computed })).includes(
      refusal("main.ts:1"),
    ),
    true,
  );

  const inner = (more: string) => ({
    ...A,
    "app.ts": `${more}export const f = 1;`,
    "panel.ts": `import { live } from "@flyhot/runtime";
export const inner = await live(() => import("./inner.ts"));`,
    "inner.ts": `export const value = 1;`,
  });
  const from = inner(`import { inner } from "./panel.ts";\ninner;\n`);
  const live = { "main.ts": ["app.ts"], "panel.ts": ["inner.ts"] };
  assertEquals(
    texts(plan({ "inner.ts": null }, { from, live })),
    [
      "panel.ts:2 inner.ts: is the target of a live boundary here, and gone from the release; keep the file, if only to export what took its place",
    ],
  );
  const { "panel.ts": _, "inner.ts": __, ...without } = inner("");
  const gone = { ...without, "panel.ts": null, "inner.ts": null };
  const whole = plan(gone, { from, live });
  assertEquals([texts(whole), whole.pruned], [[], ["inner.ts", "panel.ts"]]);
  const unreached = plan({ ...without, "inner.ts": null }, { from, live });
  assertEquals(texts(unreached), [], "a boundary ends with its owner");
});

Deno.test("worker: what only a worker loads is laid over its place; one that runs needs consent", () => {
  const from = {
    ...A,
    "app.ts":
      `export const f = 1;\nexport const pool = () => new Worker(new URL("./w.ts", import.meta.url), { type: "module" });`,
    "w.ts": `import { job } from "./job.ts"; job();`,
    "job.ts": `export const job = () => 1;`,
  };
  const it = plan({ "job.ts": `export const job = () => 2;` }, { from });
  assertEquals([it.reload, it.files], [[], ["job.ts"]]);
  assertEquals(texts(it), [
    `app.ts:2 w.ts: imports job.ts, which has changed, and a worker that runs it keeps the old code; start its workers from a service, which ends them, or consent to it: "consent": ["worker:w.ts"]`,
  ]);
  assertEquals(texts(plan({ "w.ts": `// v2` }, { from })), [
    `app.ts:2 w.ts: has changed, and a worker that runs it keeps the old code; start its workers from a service, which ends them, or consent to it: "consent": ["worker:w.ts"]`,
  ]);
  const consented = plan({ "w.ts": `// v2` }, {
    from,
    consent: ["worker:w.ts"],
  });
  assertEquals([texts(consented), consented.notes, consented.warnings], [[], [
    "consented to: worker:w.ts",
  ], []]);
  assertEquals(
    texts(
      plan({ "w.ts": `// v2` }, { from, flyhot: { consent: ["worker:w.ts"] } }),
    ),
    [],
  );
  assertEquals(
    texts(plan({ "w.ts": `// v2` }, { from, changes: { workers: [] } })),
    [],
  );
});

Deno.test("worker: however its script is named, and however deep what has changed is imported", () => {
  const script = {
    "w.ts": `import { job } from "./job.ts"; job();`,
    "job.ts": `import { deep } from "./far.ts"; export const job = () => deep;`,
    "far.ts": `export const deep = 1;`,
  };
  const starts = [
    `export const pool = () => new Worker(new URL("./w.ts", import.meta.url), { type: "module" });`,
    `const url = new URL("./w.ts", import.meta.url); export const pool = () => new Worker(url, { type: "module" });`,
    `const url = new URL("./w.ts", import.meta.url).href; export const pool = () => new Worker(url);`,
    `const start = (url: URL | string) => new Worker(url); export const pool = () => start(import.meta.resolve("./w.ts"));`,
    `const scripts = { job: new URL("./w.ts", import.meta.url) }; export const pool = () => new Worker(scripts.job);`,
    `class Pool { url = new URL("./w.ts", import.meta.url); start() { return new Worker(this.url); } } export const pool = () => new Pool().start();`,
    `export const pool = (fast: boolean) => new Worker(fast ? new URL("./x.ts", import.meta.url) : new URL("./w.ts", import.meta.url));`,
    `import { Worker as Thread } from "node:worker_threads"; export const pool = () => new Thread(new URL("./w.ts", import.meta.url));`,
    `import * as threads from "node:worker_threads"; export const pool = () => new threads.Worker(new URL("./w.ts", import.meta.url));`,
  ];
  for (const text of starts) {
    const from = { ...A, ...script, "app.ts": `export const f = 1;\n${text}` };
    const it = plan({ "far.ts": `export const deep = 2;` }, { from });
    assertEquals(texts(it), [
      `app.ts:2 w.ts: imports far.ts, which has changed, and a worker that runs it keeps the old code; start its workers from a service, which ends them, or consent to it: "consent": ["worker:w.ts"]`,
    ], text);
  }
});

Deno.test("files: what cannot be laid over its place, unless only asset() reads it", () => {
  const canLayFiles = { possible: false, why: "/app is owned by root" };
  const it = plan({ "style.css": "2", ...v2("later.ts") }, {
    changes: { canLayFiles },
  });
  assertEquals(texts(it), [
    `style.css: has changed, and cannot be laid over its place: /app is owned by root; COPY --chown=<user of the app> in the Dockerfile, or name it in deno.json if only asset() reads it: "assets": ["style.css"]`,
  ]);
  assertEquals(
    texts(
      plan({ "style.css": "2" }, {
        changes: { canLayFiles },
        flyhot: { assets: ["*.css"] },
      }),
    ),
    [],
  );
  assertEquals(
    texts(
      plan({ "style.css": null }, {
        changes: { canLayFiles, releaseFiles: ["style.css"] },
      }),
    ),
    [
      `style.css: is gone from the release, and cannot be laid over its place: /app is owned by root; COPY --chown=<user of the app> in the Dockerfile, or name it in deno.json if only asset() reads it: "assets": ["style.css"]`,
    ],
  );
});
