import { assertEquals, assertObjectMatch } from "@std/assert";
import {
  packed,
  running,
  type RunningOptions,
  type Sources,
} from "../../tests/support/planned_app.ts";
import type {
  Manifest,
  RunningManifest,
} from "../protocol/manifest/manifest.ts";
import { refusalText } from "../base/refusal.ts";
import { classify } from "./classify.ts";
import { isEmptyPlan } from "./plan.ts";
import { planReport } from "./report.ts";
import { retainedMemory } from "../protocol/machine/retained_memory.ts";

const A: Sources = {
  "main.ts": `import { boot } from "./boot.ts";
import { live } from "@flyhot/runtime";
const app = await live(() => import("./app.ts"));
Deno.serve(() => boot(app));`,
  "boot.ts":
    `import { deep } from "./deep.ts"; export const boot = (x) => deep(x);`,
  "deep.ts": `export const deep = (x) => x;`,
  "app.ts":
    `import { lib } from "./lib.ts"; export const later = () => import("./later.ts"); export const f = () => lib;`,
  "lib.ts":
    `import data from "./data.json" with { type: "json" }; export const lib = data;`,
  "data.json": "{}",
  "later.ts": `export const l = 1;`,
  "style.css": "1",
  "deno.json": "{}",
};

function plan(
  b: Readonly<Record<string, string | null>>,
  options: RunningOptions & {
    readonly manifest?: Partial<Manifest>;
    readonly consent?: readonly string[];
    readonly from?: Sources;
  } = {},
) {
  const before = options.from ?? A;
  const after = Object.fromEntries(
    Object.entries({ ...before, ...b }).filter((
      entry,
    ): entry is [string, string] => entry[1] !== null),
  );
  const machine: RunningManifest = running(before, options);
  return classify({ ...packed(after, options), ...options.manifest }, machine, {
    consent: options.consent ?? [],
  });
}
const texts = (it: ReturnType<typeof plan>) => it.refusals.map(refusalText);
const v2 = (path: string) => ({ [path]: `${A[path]} // v2` });
const SHA = "0".repeat(64);

Deno.test("nothing changed: nothing to do", () => {
  const it = plan({});
  assertEquals([it.hot, isEmptyPlan(it)], [true, true]);
  assertEquals(it.unchanged, Object.keys(A).sort());
});

Deno.test("a changed module is reloaded with its importers, up to the boundary, and the report says why", () => {
  const it = plan({ "data.json": "[]" });
  assertEquals([it.hot, it.reload, it.roots], [true, [
    "app.ts",
    "data.json",
    "lib.ts",
  ], ["app.ts"]]);
  assertEquals(planReport(it).because, {
    "data.json": ["data.json"],
    "lib.ts": ["data.json", "lib.ts"],
    "app.ts": ["data.json", "lib.ts", "app.ts"],
  });
  assertEquals(
    it.retained_bytes,
    retainedMemory({
      modules: 3,
      sourceBytes: 2 + A["lib.ts"]!.length + A["app.ts"]!.length,
    }),
  );
});

Deno.test("what is not loaded yet is mapped, other files are laid over their place, none of it is a refusal", () => {
  const it = plan({ ...v2("later.ts"), "style.css": "2", "new.html": "1" });
  assertEquals([it.reload, it.mapped, it.files], [[], ["later.ts"], [
    "later.ts",
    "new.html",
    "style.css",
  ]]);
  assertObjectMatch({ ...planReport(it) }, {
    hot: true,
    mapped: ["later.ts"],
    assets: ["new.html", "style.css"],
    cold: [],
  });
});

Deno.test("boot modules: refused, with the chain and the old sentences", () => {
  assertEquals(texts(plan(v2("main.ts"))), [
    "main.ts: is the main module, which runs only once; run fly deploy",
  ]);
  const boot = plan(v2("boot.ts"));
  assertEquals(texts(boot), [
    "boot.ts: is imported statically by the main module, before reapply(); move the import behind live(), or use import type if only types are used",
  ]);
  assertEquals(planReport(boot).cold, [{
    path: "boot.ts",
    reason:
      "is imported statically by the main module, before reapply(); move the import behind live(), or use import type if only types are used",
    chain: ["boot.ts", "main.ts"],
  }]);
  const deep = plan(v2("deep.ts"));
  assertEquals(texts(deep), [
    "deep.ts: is imported statically on the way from the main module; put a live() boundary in between",
  ]);
  assertEquals(deep.refusals[0]?.chain, ["deep.ts", "boot.ts", "main.ts"]);
  assertEquals(
    plan(v2("lib.ts"), { live: {}, dynamic: { "main.ts": ["app.ts"] } })
      .refusals.map(({ chain }) => chain),
    [["lib.ts", "app.ts", "main.ts"]],
  );
});

Deno.test("a machine whose hooks saw everything says that no module is a boot module", () => {
  const it = plan(v2("deep.ts"), {
    loaded: ["main.ts", "boot.ts", "deep.ts"],
    changes: { boot: [] },
  });
  assertEquals([texts(it), it.reload], [[], ["boot.ts", "deep.ts", "main.ts"]]);
});

Deno.test("main: gone, or not a module of the release", () => {
  const { "main.ts": _, ...modules } = packed(A).modules;
  assertEquals(
    texts(plan({}, { manifest: { modules } }))[0],
    `main.ts: is the main module of a running machine, but no entry of the release; name it under "flyhot".entry in deno.json`,
  );
  assertEquals(
    texts(plan({ "main.ts": null }))[0],
    "main.ts: is the main module of a running machine, and gone from the release; run fly deploy",
  );
});

Deno.test("config: what is read at start, where both sides have it", () => {
  const config = {
    "fly.toml": SHA,
    "Dockerfile": SHA,
    "package.json": SHA,
    "deno.json": SHA,
    "only.here": SHA,
  };
  const other = Object.fromEntries(
    Object.keys(config).map((name) => [name, "1".repeat(64)]),
  );
  delete other["only.here"];
  const it = plan({}, {
    manifest: { config, configKeys: {} },
    changes: { config: other },
  });
  assertEquals(texts(it), [
    "package.json: decides which packages the image holds; run fly deploy",
    "deno.json: has changed in what Deno reads only when it starts (imports, compilerOptions, unstable ...); run fly deploy",
  ]);
});

Deno.test("T4, T5: keys that no running process reads are nothing to do", () => {
  const from = {
    ...A,
    "deno.json": `{"imports":{"a":"./a.ts"},"compilerOptions":{"strict":true}}`,
    "package.json":
      `{"version":"1","devDependencies":{"a":"1"},"dependencies":{"b":"1"}}`,
  };
  const it = plan({
    "deno.json":
      `{"imports":{"a":"./a.ts","testing":"jsr:@std/assert@1"},"compilerOptions":{"strict":false,"lib":[]}}`,
    "package.json":
      `{"version":"2","scripts":{"x":"y"},"dependencies":{"b":"1"}}`,
  }, { from });
  assertEquals([texts(it), isEmptyPlan(it)], [[], true]);
  assertEquals(
    texts(plan({ "package.json": `{"dependencies":{"b":"2"}}` }, { from })),
    ["package.json: decides which packages the image holds; run fly deploy"],
  );
  assertEquals(
    texts(
      plan({
        "deno.json":
          `{"imports":{"a":"./a.ts"},"compilerOptions":{"jsx":"react"}}`,
      }, { from }),
    ),
    [`deno.json: has another "compilerOptions", which Deno reads only when it starts; run fly deploy`],
  );
});

Deno.test("T4: of what package.json says of modules only CommonJS tells them apart", () => {
  const told = (before: string, after: string) =>
    texts(
      plan({ "package.json": after }, {
        from: { ...A, "package.json": before },
      }),
    );
  assertEquals(told("{}", `{"type":"module"}`), []);
  assertEquals(told(`{"type":"module"}`, `{"version":"2"}`), []);
  const cold = [
    `package.json: has another "type", which Deno reads only when it starts; run fly deploy`,
  ];
  assertEquals(told("{}", `{"type":"commonjs"}`), cold);
  assertEquals(told(`{"type":"commonjs"}`, `{"type":"module"}`), cold);
  assertEquals(told(`{"type":"commonjs"}`, "{}"), cold);
});

Deno.test("T2: an import map that an older runtime cannot follow is refused", () => {
  const from = { ...A, "import_map.json": "1" };
  const { specifiers: _, ...machine } = running(from);
  assertEquals(
    classify(packed({ ...from, "import_map.json": "2" }), machine).refusals.map(
      refusalText,
    ),
    ["import_map.json: has changed in what Deno reads only when it starts (imports, compilerOptions, unstable ...); run fly deploy"],
  );
});

Deno.test("lock and packages: other versions and new packages, but only those that the app can load", () => {
  assertEquals(
    texts(
      plan({}, {
        manifest: { locked: { "npm:a@1": "1.2.0", "npm:new@1": "1.0.0" } },
        changes: { locked: { "npm:a@1": "1.1.0" } },
      }),
    ),
    ["deno.lock: npm:a@1 changes from 1.1.0 to 1.2.0, and a running process keeps what it has loaded; run fly deploy"],
  );
  const b = {
    "lib.ts":
      `import "npm:b@2/deep"; import fs from "node:fs"; export const lib = fs;`,
  };
  assertEquals(texts(plan(b)), [
    "lib.ts:1: adds npm:b@2, which needs a new image; run fly deploy",
  ]);
  assertEquals(
    texts(
      plan(b, { changes: { external: ["npm:b@2", "npm:@flyhot/runtime@1"] } }),
    ),
    [],
  );
  assertEquals(
    texts(plan({ "some_test.ts": `import "npm:only-tests@1";` })),
    [],
  );
});

Deno.test("declined: a module that is to be reloaded", () => {
  const it = plan({ "data.json": "[]" }, {
    changes: { declined: { "app.ts": "it owns a socket" } },
  });
  assertEquals(texts(it), [
    "app.ts: declines to be replaced: it owns a socket; run fly deploy",
  ]);
  assertEquals(it.refusals[0]?.chain, ["data.json", "lib.ts", "app.ts"]);
});

Deno.test("analysis: a machine with an older runtime, a release of an older command, a script nobody could read", () => {
  const { analysis: _, ...machine } = running(A);
  assertEquals(
    classify(packed({ ...A, ...v2("lib.ts") }), machine).refusals.map(
      refusalText,
    ),
    [
      "main.ts: the image's runtime is older than this command; run fly deploy",
      "app.ts: was not analyzed, so nobody can tell what its evaluation does; pack the release again",
      "lib.ts: was not analyzed, so nobody can tell what its evaluation does; pack the release again",
    ],
  );
  assertEquals(isEmptyPlan(classify(packed(A), machine)), true);
  const { analysis: __, ...release } = packed({ ...A, ...v2("lib.ts") });
  assertEquals(classify(release, running(A)).refusals.map(refusalText), [
    "main.ts: the release was packed by an older command than this one; pack it again",
  ]);
});

Deno.test("compiler: modules of a workspace member that has compilerOptions of its own", () => {
  const from = {
    "main.ts": A["main.ts"]!.replace("./app.ts", "./server/app.tsx"),
    "boot.ts": `export const boot = (x) => x;`,
    "server/app.tsx": `export const f = () => 1;`,
    "server/deno.json":
      `{"compilerOptions":{"jsx":"react","jsxFactory":"make"}}`,
    "other.ts": `export const o = 1;`,
  };
  const live = { "main.ts": ["server/app.tsx"] };
  assertEquals(
    texts(
      plan({ "server/app.tsx": `export const f = () => 2;` }, { from, live }),
    ),
    [
      "server/deno.json compilerOptions: are the member's own, and server/app.tsx would be translated without them; move them to the deno.json of the root",
    ],
  );
  assertEquals(
    texts(plan({ "other.ts": `export const o = 2;` }, { from, live })),
    [],
  );
  assertEquals(
    texts(
      plan({ "server/deno.json": `{"compilerOptions":{"jsx":"react-jsx"}}` }, {
        from,
        live,
      }),
    ),
    [
      "server/deno.json: changes compilerOptions, by which Deno translates only when it starts; run fly deploy",
    ],
  );
});

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

Deno.test("state: every kind, its sentence, its names", () => {
  const from = {
    ...A,
    "app.ts":
      `import { Game } from "./game.ts"; import { hot } from "@flyhot/runtime";
let hits = 0;
const game = new Game();
const kv = await Deno.openKv();
export const f = () => ++hits + game.n + kv;`,
    "game.ts": `export class Game { n = 0; }`,
  };
  const b = { "app.ts": `${from["app.ts"]} // v2` };
  assertEquals(texts(plan(b, { from })), [
    `app.ts:2 hits: holds state (assignment at line 5), which would be lost; move it into a holder, or add to "flyhot" in deno.json: "startsAnew": ["app.ts#hits"]`,
    `app.ts:3 game: holds what new Game() has become, which would be lost; move it into a holder, or add to "flyhot" in deno.json: "startsAnew": ["app.ts#game"]`,
    `app.ts:4 kv: is open (Deno.openKv()), and would be opened a second time; close it in hot(import.meta).dispose(), or add to "flyhot" in deno.json: "startsAnew": ["app.ts#kv"], or consent to it: "consent": ["handle:app.ts#kv"]`,
  ]);
  const named = plan(b, {
    from,
    flyhot: {
      startsAnew: ["app.ts#hits", "app.ts#game"],
      consent: ["handle:app.ts#kv"],
    },
  });
  assertEquals([texts(named), named.startsAnew, named.notes], [[], [
    "app.ts#hits",
    "app.ts#game",
  ], ["consented to: handle:app.ts#kv"]]);
  const kept = plan(b, {
    from,
    flyhot: {
      keep: ["app.ts#game", "app.ts#main.x"],
      startsAnew: ["app.ts#hits", "app.ts#kv"],
    },
  });
  assertEquals(texts(kept), [
    `app.ts:3 game: is named under "keep", which needs the preload; start the app by --preload, deploy cold once with "keep" in its deno.json, or name it under "startsAnew": ["app.ts#game"]`,
    `app.ts main.x: is named under "keep", which needs the preload; start the app by --preload, deploy cold once with "keep" in its deno.json, or name it under "startsAnew": ["app.ts#main.x"]`,
  ]);
  // A class without fields has nothing to lose; a handle with dispose() has a name.
  const calm = {
    ...from,
    "game.ts": `export class Game { f() {} }`,
    "app.ts":
      `import { Game } from "./game.ts"; import { hot } from "@flyhot/runtime"; const game = new Game(); const kv = await Deno.openKv(); hot(import.meta).dispose(() => kv.close()); export const f = () => game;`,
  };
  assertEquals(
    texts(plan({ "app.ts": `${calm["app.ts"]} // v2` }, { from: calm })),
    [],
  );
});

Deno.test("state: a file that is only renamed does not lose its state without a word", () => {
  const rooms =
    `const rooms = new Map(); export const add = (x) => rooms.set(x, 1);`;
  const from = {
    ...A,
    "app.ts":
      `import { add } from "./rooms.ts"; export const f = () => add(1);`,
    "rooms.ts": rooms,
  };
  const b = {
    "app.ts":
      `import { add } from "./lobby.ts"; export const f = () => add(1);`,
    "lobby.ts": rooms,
  };
  const sentence =
    `rooms.ts:1 rooms: holds state (set() at line 1), and would start empty in lobby.ts; move it into a holder, or add to "flyhot" in deno.json: "startsAnew": ["rooms.ts#rooms"]`;
  assertEquals(texts(plan({ ...b, "rooms.ts": null }, { from })), [sentence]);
  assertEquals(texts(plan(b, { from })), [sentence]);
  assertEquals(
    texts(plan(b, { from, flyhot: { startsAnew: ["rooms.ts#rooms"] } })),
    [],
  );
  // Dropped altogether, there is nobody left to miss it.
  const gone = plan({ "app.ts": `export const f = 1;`, "rooms.ts": null }, {
    from,
  });
  assertEquals([texts(gone), gone.pruned, gone.removed], [[], ["rooms.ts"], [
    "rooms.ts",
  ]]);
});

Deno.test("settings that match nothing are warnings", () => {
  assertEquals(
    plan({}, {
      flyhot: {
        keep: ["app.ts#nothing", "app.ts#f"],
        startsAnew: ["gone.ts#x", "lib.ts#lib"],
        shared: ["lib.ts#nope"],
        assets: ["public", "style.css"],
        consent: ["worker:x.ts", "holder:docs"],
      },
    }).warnings,
    [
      `"keep": "app.ts#nothing" in deno.json matches no variable`,
      `"startsAnew": "gone.ts#x" in deno.json matches no variable`,
      `"shared": "lib.ts#nope" in deno.json matches no export`,
      `"assets": "public" in deno.json matches no file`,
      `consent "worker:x.ts" matches nothing`,
      `consent "holder:docs" matches nothing`,
    ],
  );
  // Whether a holder is lost, or a server, only the machine can tell; what does not run is not.
  const given = ["holder:docs", "holder:dcos", "server:8081", "wroker:w.ts"];
  const holders = { docs: { version: 1, module: "app.ts" } };
  assertEquals(plan({}, { consent: given, changes: { holders } }).warnings, [
    `consent "holder:dcos" matches nothing`,
    `consent "wroker:w.ts" matches nothing`,
  ]);
  const addresses = ["8081", "127.0.0.1:9000", "unix:/run/a.sock"];
  const servers = [...addresses, "8082", "9000", "*:8081", ""]
    .map((address) => `server:${address}`);
  assertEquals(
    plan({}, { consent: servers, changes: { holders, addresses } }).warnings,
    [
      `consent "server:8082" matches nothing`,
      `consent "server:9000" matches nothing`,
      `consent "server:*:8081" matches nothing`,
      `consent "server:" matches nothing`,
    ],
  );
});

Deno.test("a plan is not confused by files called like members of every object", () => {
  const it = plan({
    constructor: "1",
    toString: "1",
    "hasOwnProperty.ts": "export {};",
  });
  assertEquals([it.files, texts(it)], [[
    "constructor",
    "hasOwnProperty.ts",
    "toString",
  ], []]);
});
