import { assertEquals } from "@std/assert";
import { plan, texts } from "./classify_cases_fixture_test.ts";

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
