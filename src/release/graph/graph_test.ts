import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FlyhotError } from "../../errors.ts";
import type { Host, RunOutcome } from "../../host.ts";
import { denoHost } from "../../host_deno.ts";
import { edgesOf, type InfoGraph, readGraph } from "./graph.ts";
import { PackageTargets } from "@flyhot/runtime/plan";
import { withApp } from "../../../tests/support/temp_app.ts";

async function graphOf(
  files: Readonly<Record<string, string>>,
  entries = ["main.ts"],
  packages: Readonly<Record<string, string>> = {},
) {
  return await withApp(files, async (root) => {
    using host = denoHost();
    return await readGraph(
      {
        root,
        entries,
        packages: new PackageTargets([{
          folder: "",
          json: { dependencies: packages },
        }]),
      },
      host,
    );
  });
}

Deno.test("readGraph() tells static, dynamic and external imports apart, and forgets types", async () => {
  const graph = await graphOf({
    "deno.json":
      `{ "imports": { "#app/": "./src/", "aws": "npm:aws4fetch@1" } }`,
    "main.ts": `
      import { a } from "#app/a.ts";
      import type { T } from "./types.ts";
      import { AwsClient } from "aws";
      import fs from "node:fs";
      import path from "path";
      import "jsr:@std/path@1/posix";
      import "https://deno.land/x/none/mod.ts";
      import data from "./data.json" with { type: "json" };
      export * from "./again.ts";
      const later = await import("./later.ts");
      const text = await import("./text.txt", { with: { type: "text" } });
      const bytes = await import("./bytes.bin", { with: { type: "bytes" } });
      console.log(a, AwsClient, fs, path, data, later, text, bytes);
      export type U = T;`,
    "src/a.ts": `import "../again.ts?x=1#y"; export const a = 1;`,
    "types.ts": "export interface T {}",
    "again.ts": "export {};",
    "later.ts": `import "./src/a.ts";`,
    "data.json": "{}",
    "text.txt": "hello",
    "bytes.bin": "\0",
    "unused.ts": `import "./nowhere.ts";`,
  });
  const none = { static: [], dynamic: [], external: [], specifiers: {} };
  assertEquals(graph, {
    "again.ts": none,
    "bytes.bin": none,
    "data.json": none,
    "later.ts": {
      ...none,
      static: ["src/a.ts"],
      specifiers: { "./src/a.ts": "src/a.ts" },
    },
    "main.ts": {
      static: ["again.ts", "data.json", "src/a.ts"],
      dynamic: ["bytes.bin", "later.ts", "text.txt"],
      external: [
        "https://deno.land/x/none/mod.ts",
        "jsr:@std/path@1/posix",
        "node:fs",
        "node:path",
        "npm:aws4fetch@1",
      ],
      specifiers: {
        "#app/a.ts": "src/a.ts",
        "./again.ts": "again.ts",
        "./bytes.bin": "bytes.bin",
        "./data.json": "data.json",
        "./later.ts": "later.ts",
        "./text.txt": "text.txt",
        "aws": "npm:aws4fetch@1",
        "https://deno.land/x/none/mod.ts": "https://deno.land/x/none/mod.ts",
        "jsr:@std/path@1/posix": "jsr:@std/path@1/posix",
        "node:fs": "node:fs",
        "path": "node:path",
      },
    },
    "src/a.ts": {
      ...none,
      static: ["again.ts"],
      specifiers: { "../again.ts?x=1#y": "again.ts?x=1#y" },
    },
    "text.txt": none,
  });
});

Deno.test("readGraph() reads import() with a template by what matches it", async () => {
  const graph = await graphOf({
    "main.ts":
      "const n = Deno.args[0]; await import(`./routes/${n}.ts`); await import(n!);",
    "routes/a.ts": "export {};",
    "routes/b.ts": "export {};",
  });
  assertEquals(graph["main.ts"]?.dynamic, ["routes/a.ts", "routes/b.ts"]);
});

Deno.test("readGraph() follows workspace members, and names with blanks and umlauts", async () => {
  const graph = await graphOf({
    "deno.json": `{ "workspace": ["./lib"] }`,
    "lib/deno.json":
      `{ "name": "@w/lib", "version": "1.2.3", "exports": { ".": "./mod.ts", "./deep": "./deep.ts" } }`,
    "lib/mod.ts": "export const lib = 1;",
    "lib/deep.ts": "export const deep = 1;",
    "my app/mäin.ts":
      `import "@w/lib"; import "jsr:@w/lib@^1/deep"; import "./[x].ts";`,
    "my app/[x].ts": "export {};",
  }, ["my app/mäin.ts"]);
  assertEquals(graph["my app/mäin.ts"]?.static, [
    "lib/deep.ts",
    "lib/mod.ts",
    "my app/[x].ts",
  ]);
});

Deno.test("readGraph() joins the graphs of all entries, in path order", async () => {
  const graph = await graphOf({
    "web.ts": `import "./shared.ts";`,
    "work.ts": `import "./shared.ts"; import "./other.ts";`,
    "shared.ts": "export {};",
    "other.ts": "export {};",
  }, ["work.ts", "web.ts"]);
  assertEquals(Object.keys(graph), [
    "other.ts",
    "shared.ts",
    "web.ts",
    "work.ts",
  ]);
});

Deno.test("readGraph() leads packages of package.json to what it wants of them", async () => {
  const files = {
    "main.ts":
      `import "@scope/pkg/deep.js"; import fs from "fs"; import "alias"; import "@std/path"; import "mine"; console.log(fs);`,
  };
  const graph = await graphOf(files, ["main.ts"], {
    "@scope/pkg": "^1.2",
    alias: "npm:real@2",
    "@std/path": "jsr:^1.1",
    mine: "workspace:*",
  });
  assertEquals(graph["main.ts"]?.external, [
    "jsr:@std/path@^1.1",
    "node:fs",
    "npm:@scope/pkg@^1.2/deep.js",
    "npm:real@2",
  ]);
  const error = await assertRejects(() => graphOf(files), FlyhotError);
  assertEquals(error.code, "usage");
});

Deno.test("T8: readGraph() follows #aliases and members that only have a package.json, however deep", async () => {
  const files = {
    "package.json":
      `{ "imports": { "#one": "./src/x.ts", "#all/*": "./src/*" }, "workspaces": ["./packages/*"] }`,
    "packages/lib/package.json":
      `{ "name": "@me/lib", "exports": { ".": "./mod.ts" } }`,
    "packages/lib/mod.ts": `export * from "./deep.ts";`,
    "packages/lib/deep.ts": `import "zod"; export const x = 1;`,
    "src/x.ts": `import "#all/ü y.ts"; await import("@me/lib");`,
    "src/ü y.ts": "export {};",
    "main.ts": `import "#one"; import fs from "fs"; console.log(fs);`,
  };
  await withApp(files, async (root) => {
    using host = denoHost();
    const packages = new PackageTargets([
      { folder: "", json: JSON.parse(files["package.json"]) },
      {
        folder: "packages/lib/",
        json: {
          name: "@me/lib",
          exports: { ".": "./mod.ts" },
          dependencies: { zod: "4" },
        },
      },
    ]);
    const graph = await readGraph(
      { root, entries: ["main.ts"], packages },
      host,
    );
    assertEquals(Object.keys(graph), [
      "main.ts",
      "packages/lib/deep.ts",
      "packages/lib/mod.ts",
      "src/x.ts",
      "src/ü y.ts",
    ]);
    assertEquals(graph["main.ts"]?.specifiers, {
      "#one": "src/x.ts",
      "fs": "node:fs",
    });
    assertEquals(graph["src/x.ts"]?.dynamic, ["packages/lib/mod.ts"]);
    assertEquals(graph["packages/lib/deep.ts"]?.external, ["npm:zod@4"]);
  });
});

Deno.test("readGraph() refuses what cannot be imported, and names both ends", async () => {
  const cases: [files: Record<string, string>, message: string][] = [
    [
      { "main.ts": `import "./gone.ts";` },
      "Cannot pack main.ts: it imports gone.ts, which is missing",
    ],
    [
      { "main.ts": `await import("./gone.ts");` },
      "Cannot pack main.ts: it imports gone.ts, which is missing",
    ],
    [
      { "main.ts": `import "unmapped";` },
      `Cannot pack main.ts: Import "unmapped" not a dependency`,
    ],
    [
      { "main.ts": `import "./a.ts";`, "a.ts": "let a;\nlet b = ;\n" },
      "Cannot pack a.ts:2:9: SyntaxError: Expression expected",
    ],
    [
      { "other.ts": "" },
      "Cannot pack the app: its main module main.ts is missing",
    ],
    [
      { "main.ts": "", "deno.json": "{" },
      "Cannot read the module graph of main.ts: deno info ended with code 1",
    ],
  ];
  for (const [files, message] of cases) {
    const error = await assertRejects(
      () => graphOf(files),
      FlyhotError,
      message,
    );
    assertEquals(error.code, "usage", message);
  }
});

Deno.test("readGraph() does not mind a missing module that a program goes on without", async () => {
  const files = {
    "main.ts": `try { await import("./local.ts"); } catch { /* fine */ }`,
  };
  const graph = await graphOf(files);
  assertEquals(Object.keys(graph), ["main.ts"]);
  assertEquals(graph["main.ts"]?.dynamic, ["local.ts"]);
  assertEquals(graph["main.ts"]?.specifiers, { "./local.ts": "local.ts" });
  const needed = { ...files, "other.ts": `import "./local.ts";` };
  const error = await assertRejects(
    () => graphOf(needed, ["main.ts", "other.ts"]),
    FlyhotError,
    "Cannot pack other.ts: it imports local.ts, which is missing",
  );
  assertEquals(error.code, "usage");
});

Deno.test("readGraph() does not mind a missing type, because machines erase it", async () => {
  const graph = await graphOf({
    "main.ts": `import type { T } from "./gone.ts"; export type U = T;`,
  });
  assertEquals(graph["main.ts"]?.static, []);
});

function runner(
  execPath: string,
  run: (program: string, args: readonly string[]) => Promise<RunOutcome>,
): Host {
  return { execPath, run } as Partial<Host> as Host;
}

Deno.test("readGraph() runs the deno that runs it, or the one on PATH when it is compiled", async () => {
  const programs: string[] = [];
  const info: InfoGraph = {
    roots: ["file:///app/main.ts"],
    modules: [{ specifier: "file:///app/main.ts" }],
  };
  for (
    const execPath of [
      "/opt/deno",
      "C:\\bin\\deno.exe",
      "/opt/flyhot",
      "/opt/deno-like",
    ]
  ) {
    await readGraph(
      { root: "/app", entries: ["main.ts"], packages: new PackageTargets() },
      runner(execPath, (program) => {
        programs.push(program);
        return Promise.resolve({
          code: 0,
          stdout: JSON.stringify(info),
          stderr: "",
        });
      }),
    );
  }
  assertEquals(programs, ["/opt/deno", "C:\\bin\\deno.exe", "deno", "deno"]);
});

Deno.test("readGraph() says what to do where there is no deno, or it answers nonsense", async () => {
  const options = {
    root: "/app",
    entries: ["main.ts"],
    packages: new PackageTargets(),
  };
  const missing = runner("/opt/flyhot", () => {
    const error = new Error("no such file");
    error.name = "NotFound";
    return Promise.reject(error);
  });
  const error = await assertRejects(
    () => readGraph(options, missing),
    FlyhotError,
    "Cannot read the module graph of main.ts: there is no deno on PATH",
  );
  assertEquals(error.code, "not_found");
  const broken = runner(
    "/opt/deno",
    () => Promise.reject(new TypeError("broken")),
  );
  await assertRejects(() => readGraph(options, broken), TypeError, "broken");
  const silent = runner(
    "/opt/deno",
    () => Promise.resolve({ code: 0, stdout: "", stderr: "" }),
  );
  await assertRejects(
    () => readGraph(options, silent),
    FlyhotError,
    "deno info gave no JSON",
  );
});

Deno.test("edgesOf() ends on cycles and keeps what errs outside the app out of it", () => {
  const edges = edgesOf({
    roots: ["file:///x/main.ts"],
    modules: [
      {
        specifier: "file:///x/main.ts",
        dependencies: [
          { specifier: "./main.ts", code: { specifier: "file:///x/main.ts" } },
          { specifier: "npm:gone@1", code: { specifier: "npm:gone@1" } },
        ],
      },
      {
        specifier: "npm:gone@1",
        error: "npm specifiers were requested; but --no-npm is specified",
      },
    ],
  }, "main.ts");
  assertEquals([...edges.edges], [[
    "main.ts",
    {
      static: ["main.ts"],
      dynamic: [],
      external: ["npm:gone@1"],
      specifiers: { "./main.ts": "main.ts", "npm:gone@1": "npm:gone@1" },
    },
  ]]);
  assertThrows(
    () =>
      edgesOf({
        roots: ["file:///x/main.ts"],
        modules: [{ specifier: "file:///x/main.ts", error: "Broken\nmore" }],
      }, "main.ts"),
    FlyhotError,
    "Cannot pack main.ts: Broken",
  );
});
