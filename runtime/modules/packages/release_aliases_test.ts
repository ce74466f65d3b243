import { assertEquals } from "@std/assert";
import { ReleaseAliases } from "./release_aliases.ts";

function aliases(files: Readonly<Record<string, unknown>>, appFolder = "") {
  return new ReleaseAliases(
    Object.keys(files),
    appFolder,
    (path) => path in files ? JSON.stringify(files[path]) : null,
  );
}

Deno.test("aliases and members of a package.json lead by the nearest one", () => {
  const it = aliases({
    "package.json": {
      imports: {
        "#word": "./src/one.ts",
        "#lib/*": { deno: "./lib/*.ts", default: "./none/*.ts" },
      },
      dependencies: { ms: "2.1.3" },
    },
    "deno.json": { imports: { "#own": "./own.ts" } },
    "member/package.json": {
      name: "@app/member",
      exports: { ".": "./mod.ts" },
      imports: { "#word": "./word.ts" },
    },
  });
  const cases: [specifier: string, from: string, wanted: string | null][] = [
    ["#word", "app.ts", "src/one.ts"],
    ["#word", "member/a.ts", "member/word.ts"],
    ["#lib/a/b", "app.ts", "lib/a/b.ts"],
    ["#own", "app.ts", "own.ts"],
    ["#none", "app.ts", null],
    ["@app/member", "app.ts", "member/mod.ts"],
    ["ms", "app.ts", null],
  ];
  for (const [specifier, from, wanted] of cases) {
    assertEquals(it.resolve(specifier, from), wanted, `${specifier} ${from}`);
  }
});

Deno.test("aliases lead as Deno's import map does: exact, longest prefix, scopes, members, packages", () => {
  const it = aliases({
    "deno.json": {
      imports: {
        "one": "./src/one.ts?raw=1",
        "$/": "./src/",
        "$/deep/": "./deep/",
        "hono": "npm:hono@4",
      },
      scopes: { "./lib/": { one: "./lib/own.ts" } },
    },
    "member/deno.json": {
      name: "@app/member",
      exports: { ".": "./mod.ts", "./sub": "./src/sub.ts" },
      imports: { "@/": "./src/", "$/": "../other/" },
    },
  });
  const cases: [specifier: string, from: string, wanted: string | null][] = [
    ["one", "app.ts", "src/one.ts?raw=1"],
    ["one", "lib/a.ts", "lib/own.ts"],
    ["$/a/b.ts", "app.ts", "src/a/b.ts"],
    ["$/deep/b.ts", "app.ts", "deep/b.ts"],
    ["$/b.ts", "member/a.ts", "other/b.ts"],
    ["@/b.ts", "member/a.ts", "member/src/b.ts"],
    ["@/b.ts", "app.ts", null],
    ["@app/member", "app.ts", "member/mod.ts"],
    ["@app/member/sub", "app.ts", "member/src/sub.ts"],
    ["@app/member/none", "app.ts", null],
    ["hono/jsx", "app.ts", "npm:hono@4/jsx"],
    ["unknown", "app.ts", null],
    ["ones", "app.ts", null],
  ];
  for (const [specifier, from, wanted] of cases) {
    assertEquals(it.resolve(specifier, from), wanted, `${specifier} ${from}`);
  }
});

Deno.test("the app's own map serves what lies beside its folder, an import map of its own is read, and a broken one is none", () => {
  const it = aliases({
    "app/deno.json": { importMap: "./map.json" },
    "app/map.json": { imports: { "$/": "../shared/" } },
  }, "app");
  assertEquals(it.resolve("$/a.ts", "shared/b.ts"), "shared/a.ts");
  assertEquals(aliases({ "deno.json": 1 }).resolve("$/a.ts", "b.ts"), null);
  assertEquals(
    new ReleaseAliases(["deno.json"], "", () => "{").resolve("a", "b.ts"),
    null,
  );
});
