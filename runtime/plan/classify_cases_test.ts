import { assertEquals } from "@std/assert";
import {
  packed,
  running,
  type RunningOptions,
  type Sources,
} from "../../tests/support/planned_app.ts";
import { classify } from "./classify.ts";
import { isEmptyPlan, type Plan } from "./plan.ts";
import { refusalText } from "../base/refusal.ts";

const MAIN = `import { live, reapply } from "@flyhot/runtime";
await reapply();
const app = await live(() => import("./app.ts"));
Deno.serve((r) => app.default.fetch(r));`;

/** Plans the step from one version to the next; files not named stay, null removes one. */
function plan(
  a: Sources,
  b: Readonly<Record<string, string | null>>,
  options: RunningOptions & { readonly consent?: readonly string[] } = {},
): Plan {
  const before = { "main.ts": MAIN, ...a };
  const after = Object.fromEntries(
    Object.entries({ ...before, ...b }).filter((entry): entry is [
      string,
      string,
    ] => entry[1] !== null),
  );
  return classify(packed(after, options), running(before, options), {
    consent: options.consent ?? [],
  });
}

const texts = ({ refusals }: Plan) => refusals.map(refusalText);

Deno.test("P1: a changed file that was imported by a computed specifier is a module", () => {
  const app = `const t = { a: "./plug/a.ts" };
export const read = async (n) => (await import(t[n])).v;`;
  const it = plan(
    { "app.ts": app, "plug/a.ts": `export const v = "a1";` },
    { "plug/a.ts": `export const v = "a2";` },
    { dynamic: { "app.ts": ["plug/a.ts"] } },
  );
  assertEquals([it.reload, it.files, texts(it)], [
    ["app.ts", "plug/a.ts"],
    [],
    [],
  ]);
});

Deno.test("P3: a computed import of a module that did not change leaves it where it is", () => {
  const app =
    `const m = await import(new URL("./room.ts", import.meta.url).href); export const f = () => m.c;`;
  const it = plan(
    {
      "app.ts": app,
      "room.ts":
        `import { holder } from "@flyhot/runtime"; export const c = holder("c", {});`,
    },
    { "app.ts": `${app} // v2` },
    { dynamic: { "app.ts": ["room.ts"] } },
  );
  assertEquals([it.reload, it.pruned, texts(it)], [["app.ts"], [], []]);
});

Deno.test("P4: a query in a specifier leads to the same file", () => {
  const it = plan(
    {
      "app.ts": `import { v } from "./x.ts?raw=1"; export const f = () => v;`,
      "x.ts": `export const v = 1;`,
    },
    { "x.ts": `export const v = 2;` },
  );
  assertEquals(it.reload, ["app.ts", "x.ts"]);
});

Deno.test("P8: changed CommonJS is refused, and so is CommonJS that requires what changed", () => {
  const it = plan(
    {
      "app.ts": `import lib from "./lib.cjs"; export const f = () => lib;`,
      "lib.cjs": `const h = require("./helper.cjs"); module.exports = h;`,
      "helper.cjs": `module.exports = 1;`,
    },
    { "helper.cjs": `module.exports = 2;` },
  );
  assertEquals(it.reload, ["app.ts", "helper.cjs", "lib.cjs"]);
  assertEquals(texts(it), [
    "helper.cjs: is CommonJS, which stays as it was first loaded; turn it into an ES module",
    "lib.cjs: is CommonJS, which stays as it was first loaded; turn it into an ES module",
  ]);
});

Deno.test("P13: a module that nothing imports any more is pruned with its holders", () => {
  const a = `import { service, holder } from "@flyhot/runtime";
export const c = holder("c", {});
service("t", {});`;
  const it = plan(
    { "app.ts": `import "./a.ts"; export const f = 1;`, "a.ts": a },
    { "app.ts": `export const f = 2;` },
    { changes: { holders: { c: { version: 1, module: "a.ts" } } } },
  );
  assertEquals([it.reload, it.pruned, it.holders, texts(it)], [
    ["app.ts"],
    ["a.ts"],
    { c: "removed" },
    [],
  ]);
});

Deno.test("P13: what a pruned module registered elsewhere goes with it", () => {
  const it = plan(
    {
      "app.ts":
        `import { routes } from "./routes.ts"; import "./admin.ts"; export default { fetch: () => routes };`,
      "routes.ts": `export const routes = new Map();`,
      "admin.ts":
        `import { routes } from "./routes.ts"; routes.set("/admin", 1);`,
    },
    {
      "app.ts":
        `import { routes } from "./routes.ts"; export default { fetch: () => routes };`,
    },
  );
  assertEquals([it.reload, it.pruned], [["app.ts", "routes.ts"], ["admin.ts"]]);
});

Deno.test("P14: who made a value by a helper of another module is reloaded alone", () => {
  const it = plan(
    {
      "app.ts":
        `import { make } from "./helper.ts"; export const c = make("c");`,
      "helper.ts":
        `import { holder } from "@flyhot/runtime"; export const make = (n) => holder(n, {});`,
    },
    {
      "app.ts":
        `import { make } from "./helper.ts"; export const c = make("c"); // v2`,
    },
  );
  assertEquals([it.reload, texts(it)], [["app.ts"], []]);
});

Deno.test("P30: an import that only serves types is not an edge", () => {
  const a = {
    "app.ts": `import "./counter.ts"; export const f = 1;`,
    "counter.ts":
      `import { Kind } from "./kind.ts"; let n = 0; export const inc = (k: Kind) => ++n;`,
    "kind.ts": `export class Kind { a = 1; }`,
  };
  const it = plan(a, { "kind.ts": `export class Kind { a = 2; }` });
  assertEquals([it.reload, texts(it)], [[], []]);
});

Deno.test("P64: a module whose router is registered into by a changed one joins it", () => {
  for (const from of ["express", "hono"]) {
    const it = plan(
      {
        "app.ts":
          `import { app } from "./router.ts"; import "./routes.ts"; export default app;`,
        "router.ts": `import make from "${from}"; export const app = make();`,
        "routes.ts":
          `import { app } from "./router.ts"; app.get("/", (c) => "one");`,
      },
      {
        "routes.ts":
          `import { app } from "./router.ts"; app.get("/", (c) => "two");`,
      },
    );
    assertEquals([it.reload, texts(it)], [
      ["app.ts", "router.ts", "routes.ts"],
      [],
    ]);
    assertEquals(it.reasons.get("router.ts"), {
      kind: "touched",
      contact: {
        path: "router.ts",
        name: "app",
        grip: "write",
        by: "routes.ts",
        line: 1,
        column: 36,
      },
    });
  }
});

Deno.test("P64: where a boot module has the router, it is refused with file and line", () => {
  const it = plan(
    {
      "main.ts":
        `import { app } from "./router.ts"; import { live } from "@flyhot/runtime"; await live(() => import("./app.ts")); Deno.serve(app.fetch);`,
      "router.ts": `import make from "hono"; export const app = make();`,
      "app.ts":
        `import { app } from "./router.ts";\n app.get("/", (c) => "one");`,
    },
    {
      "app.ts":
        `import { app } from "./router.ts";\n app.get("/", (c) => "two");`,
    },
  );
  assertEquals(texts(it), [
    `app.ts:2 app: is changed while app.ts is evaluated, and router.ts, which declares it, cannot be reloaded; put a live() boundary in front of router.ts, or name it in deno.json: "shared": ["router.ts#app"]`,
  ]);
});

Deno.test("P65: a module whose collection is changed by evaluation joins, unless the app shares it", () => {
  const a = {
    "app.ts":
      `import "./plugin.ts"; import { plugins } from "./plugins.ts"; export const f = () => plugins.size;`,
    "plugins.ts": `export const plugins = new Map();`,
    "plugin.ts": `import { plugins } from "./plugins.ts"; plugins.set("p", 1);`,
  };
  const b = {
    "plugin.ts":
      `import { plugins } from "./plugins.ts"; plugins.set("p", 2); throw new Error();`,
  };
  assertEquals(plan(a, b).reload, ["app.ts", "plugin.ts", "plugins.ts"]);
  assertEquals(
    plan(a, b, { flyhot: { shared: ["plugins.ts#plugins"] } }).reload,
    ["app.ts", "plugin.ts"],
  );
});

Deno.test("P65: however a module of plugins is reached while the changed one is evaluated, it joins", () => {
  const shapes: readonly [
    what: string,
    declared: string,
    used: string,
    joins: boolean,
  ][] = [
    ["by assignment", `export const plugins = {};`, `plugins.p = 1;`, true],
    [
      "by a path of names",
      `export const plugins = { deep: { list: [] } };`,
      `plugins.deep.list.push(1);`,
      true,
    ],
    [
      "by a function of the module",
      `const all = new Map(); export const plugins = (k, v) => all.set(k, v);`,
      `plugins("p", 1);`,
      true,
    ],
    [
      "by a function of its own",
      `export const plugins = new Map();`,
      `const add = (it) => it.set("p", 1); add(plugins);`,
      true,
    ],
    [
      "by a class's static block",
      `export const plugins = new Set();`,
      `class P { static { plugins.add(P); } }`,
      true,
    ],
    [
      "by a library function",
      `export const plugins = {};`,
      `Object.assign(plugins, { p: 1 });`,
      true,
    ],
    [
      "by an alias",
      `export const plugins = [];`,
      `const it = plugins; it.push(1);`,
      true,
    ],
    [
      "in a loop that awaits",
      `export const plugins = new Map();`,
      `for (const k of ["a"]) { await 0; plugins.set(k, 1); }`,
      true,
    ],
    [
      "by delete",
      `export const plugins = { p: 1 };`,
      `delete plugins.p;`,
      true,
    ],
    [
      "by destructuring into it",
      `export const plugins = {};`,
      `[plugins.p] = [1];`,
      true,
    ],
    [
      "only later",
      `export const plugins = new Map();`,
      `export const later = () => plugins.get("p");`,
      false,
    ],
    [
      "only to read",
      `export const plugins = new Map();`,
      `const has = plugins.has("p");`,
      false,
    ],
  ];
  for (const [what, declared, used, joins] of shapes) {
    for (
      const [from, more] of [
        ["./plugins.ts", {}],
        ["./barrel.ts", { "barrel.ts": `export * from "./plugins.ts";` }],
      ] as const
    ) {
      const plugin = (thrown: string) =>
        `import { plugins } from "${from}"; ${used} ${thrown}`;
      const { reload } = plan({
        "app.ts":
          `import "./plugin.ts"; import { plugins } from "./plugins.ts"; export const f = () => plugins;`,
        "plugins.ts": declared,
        "plugin.ts": plugin(""),
        ...more,
      }, { "plugin.ts": plugin(`throw new Error();`) });
      assertEquals(
        [what, from, reload.includes("plugins.ts")],
        [what, from, joins],
      );
      assertEquals(reload.includes("plugin.ts"), true, what);
    }
  }
});

Deno.test("P66: a removed export is refused, naming importer and export", () => {
  const it = plan(
    {
      "app.ts": `import { f } from "./user.ts"; export default f;`,
      "user.ts":
        `\nimport { old } from "./x.ts"; export const f = () => old();`,
      "x.ts": `export const old = () => 1;`,
    },
    { "x.ts": `export const renamed = () => 2;` },
  );
  assertEquals(texts(it), [
    "user.ts:2 old: is imported from x.ts, which does not export it; export it there or drop the import",
  ]);
});

Deno.test("T1, T12: what the image has and the release leaves out is not removed", () => {
  const a = { "app.ts": `export const f = 1;`, "notes.txt": "n" };
  const it = plan(a, { "notes.txt": null });
  assertEquals([isEmptyPlan(it), it.removed], [true, []]);
  const later = plan(a, { "notes.txt": null }, {
    changes: { releaseFiles: ["app.ts", "main.ts", "notes.txt"] },
  });
  assertEquals(later.removed, ["notes.txt"]);
});

Deno.test("T1: whatever kind of file the release leaves out, there is nothing to do until something is", () => {
  const a = { "app.ts": `export const f = 1;` };
  const left = {
    "notes.txt": "n",
    "data/deep/rows.json": "[]",
    "unused.ts": `import "./app.ts"; export const u = 1;`,
    "app_test.ts": `import "./app.ts";`,
    "Dockerfile": "FROM denoland/deno",
    "tsconfig.json": `{ "compilerOptions": { "strict": true } }`,
    ".env": "A=1",
  };
  const none = Object.fromEntries(
    Object.keys(left).map((path) => [path, null]),
  );
  const all = plan({ ...a, ...left }, none);
  assertEquals(
    [isEmptyPlan(all), all.reload, all.removed, texts(all)],
    [true, [], [], []],
  );
  // Left out beside a change, the change alone goes in.
  const beside = plan({ ...a, ...left }, {
    ...none,
    "app.ts": `export const f = 2;`,
  });
  assertEquals(
    [beside.reload, beside.removed, texts(beside)],
    [["app.ts"], [], []],
  );
  // What a process has loaded is not left out: it is gone.
  const loaded = plan({
    "app.ts": `import { u } from "./unused.ts"; export const f = u;`,
    "unused.ts": `export const u = 1;`,
  }, { "app.ts": `export const f = 2;`, "unused.ts": null });
  assertEquals([loaded.removed, loaded.pruned], [["unused.ts"], ["unused.ts"]]);
});

Deno.test("T2: an alias that leads elsewhere reloads who uses it", () => {
  const files = {
    "main.ts": MAIN,
    "app.ts": `import { v } from "$lib/v.ts"; export const f = () => v;`,
    "other.ts": `export const o = 1;`,
    "lib1/v.ts": `export const v = 1;`,
    "lib2/v.ts": `export const v = 2;`,
  };
  const map = (folder: string) =>
    JSON.stringify({ imports: { "$lib/": `./${folder}/` } });
  const it = classify(
    packed({ ...files, "import_map.json": map("lib2") }, {
      aliases: { "$lib/": "lib2/" },
    }),
    running({ ...files, "import_map.json": map("lib1") }, {
      aliases: { "$lib/": "lib1/" },
    }),
  );
  assertEquals([it.reload, it.fresh, it.pruned, texts(it)], [
    ["app.ts"],
    ["lib2/v.ts"],
    ["lib1/v.ts"],
    [],
  ]);
});

Deno.test("T11: tests, a README and editor settings are nothing to do", () => {
  const a = {
    "app.ts": `export const f = 1;`,
    "app_test.ts": `import "./app.ts";`,
    "README.md": "1",
    ".vscode/settings.json": "{}",
  };
  const it = plan(a, {
    "app_test.ts": `import "./app.ts"; // 2`,
    "README.md": "2",
    ".vscode/settings.json": "{ }",
  });
  assertEquals(isEmptyPlan(it), true);
  assertEquals(it.notes, [
    "changed, but not used by the app: .vscode/settings.json, README.md, app_test.ts",
  ]);
});

Deno.test("T13: state without a name is refused with the line to add, and named it starts again", () => {
  const a = {
    "app.ts": `import { rooms } from "./rooms.ts";
setInterval(() => console.log(rooms.size), 1000);
export default { fetch: (r) => { rooms.set(r.url, 1); return new Response(); } };`,
    "rooms.ts": `\nexport const rooms = new Map();`,
  };
  const b = { "rooms.ts": `\nexport const rooms = new Map(); // v2` };
  assertEquals(texts(plan(a, b)), [
    `rooms.ts:2 rooms: holds state (set() in app.ts:3), which would be lost; move it into a holder, or add to "flyhot" in deno.json: "startsAnew": ["rooms.ts#rooms"]`,
  ]);
  const named = plan(a, b, { flyhot: { startsAnew: ["rooms.ts#rooms"] } });
  assertEquals([named.hot, named.startsAnew, named.warnings], [
    true,
    ["rooms.ts#rooms"],
    [],
  ]);
  assertEquals(
    texts(plan(a, b, { flyhot: { keep: ["rooms.ts#rooms"] } })),
    [
      `rooms.ts:2 rooms: is named under "keep", which needs the preload; start the app by --preload, deploy cold once with "keep" in its deno.json, or name it under "startsAnew": ["rooms.ts#rooms"]`,
    ],
  );
  // With it, the line to add is another one, and it stays.
  const canKeep = { canKeep: { possible: true } };
  assertEquals(texts(plan(a, b, { changes: canKeep })), [
    `rooms.ts:2 rooms: holds state (set() in app.ts:3), which would be lost; add to "flyhot" in deno.json: "keep": ["rooms.ts#rooms"] to keep it, or "startsAnew": ["rooms.ts#rooms"] to lose it`,
  ]);
  const kept = plan(a, b, {
    flyhot: { keep: ["rooms.ts#rooms"] },
    changes: canKeep,
  });
  assertEquals([kept.hot, kept.taken.map(({ at }) => at)], [true, [
    "rooms.ts#rooms",
  ]]);
  const other = {
    "rooms.ts": `\nexport const rooms = new Map([["lobby", 1]]);`,
  };
  assertEquals(
    texts(plan(a, other, {
      flyhot: { keep: ["rooms.ts#rooms"] },
      changes: canKeep,
    })),
    [
      `rooms.ts:2 rooms: is named under "keep", and its initializer, or what that refers to, is another one now; leave the initializer as it was and change the value elsewhere, or name it under "startsAnew": ["rooms.ts#rooms"]`,
    ],
  );
});

Deno.test("H2: state that is only reloaded because it is touched can be shared instead", () => {
  const a = {
    "app.ts":
      `import { find } from "./repo.ts"; export const f = () => find();`,
    "repo.ts": `import { db } from "./db.ts";
const all = db.prepare("select 1");
export const find = () => all;`,
    "db.ts":
      `import { DatabaseSync } from "node:sqlite"; export const db = new DatabaseSync("x");`,
  };
  const b = { "repo.ts": `${a["repo.ts"]} // v2` };
  const it = plan(a, b);
  assertEquals(it.reload, ["app.ts", "db.ts", "repo.ts"]);
  assertEquals(texts(it), [
    `db.ts:1 db: is open (new DatabaseSync()), and would be opened a second time: repo.ts:2 touches db.ts#db while it is evaluated; close it in hot(import.meta).dispose(), or add to "flyhot" in deno.json: "startsAnew": ["db.ts#db"], or, if that may happen a second time, "shared": ["db.ts#db"], or consent to it: "consent": ["handle:db.ts#db"]`,
  ]);
  const shared = plan(a, b, { flyhot: { shared: ["db.ts#db"] } });
  assertEquals([shared.reload, texts(shared)], [["app.ts", "repo.ts"], []]);
});

Deno.test("a machine that only says where specifiers lead is planned for like one that says all edges", () => {
  const a = {
    "app.ts":
      `import { x } from "./x.ts"; import "./a.ts"; export const f = () => x;`,
    "x.ts": `export const x = 1;`,
    "a.ts": `export {};`,
  };
  const machine = running({ "main.ts": MAIN, ...a });
  const { edges: _, specifiers, ...rest } = machine;
  const { "main.ts": __, ...seen } = specifiers!;
  const b = {
    "main.ts": MAIN,
    ...a,
    "app.ts": `import { x } from "./x.ts"; export const f = () => x;`,
  };
  const it = classify(packed(b), {
    ...rest,
    specifiers: seen,
    plain: { "app.ts": ["x.ts", "a.ts"] },
  });
  assertEquals([it.reload, it.pruned, texts(it)], [["app.ts"], ["a.ts"], []]);
});

Deno.test("T13: what a helper of the app makes of the runtime is not state, nor is an instance without fields", () => {
  const a = {
    "app.ts":
      `import { make } from "./helper.ts"; import { Api } from "./api.ts";
const c = make("c"); const api = new Api();
export const f = (x) => { c.add(x); c.set(x); api.add(x); };`,
    "helper.ts":
      `import { holder } from "@flyhot/runtime"; export const make = (n) => holder(n, {});`,
    "api.ts": `export class Api { add(x) { return x; } }`,
    "other.ts": `import { c } from "./app.ts"; export const g = () => c;`,
  };
  assertEquals(texts(plan(a, { "app.ts": `${a["app.ts"]} // v2` })), []);
  const stateful = {
    ...a,
    "api.ts": `export class Api { all = []; add(x) { this.all.push(x); } }`,
  };
  assertEquals(
    plan(stateful, { "app.ts": `${a["app.ts"]} // v2` }).refusals.map((it) =>
      it.subject
    ),
    ["api"],
  );
});

Deno.test("T13: what others change through a function that hands it out is state", () => {
  const a = {
    "app.ts":
      `import { rooms } from "./rooms.ts"; export const f = (x) => rooms().set(x, 1);`,
    "rooms.ts": `const all = new Map(); export const rooms = () => all;`,
  };
  assertEquals(
    plan(a, { "rooms.ts": `${a["rooms.ts"]} // v2` }).refusals.map((it) =>
      `${it.path}#${it.subject} ${it.why}`
    ),
    ["rooms.ts#all holds state (set() in app.ts:1), which would be lost"],
  );
});
