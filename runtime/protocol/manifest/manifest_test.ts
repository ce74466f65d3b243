import { assertEquals, assertNotEquals, assertThrows } from "@std/assert";
import { isReleasePath, parseManifest, settingsText } from "./manifest.ts";
import { ProtocolError } from "../json/parse.ts";

const DIGEST = "0".repeat(64);

Deno.test("isReleasePath() takes paths that stay inside of the release on every platform", () => {
  const good = [
    "a",
    "main.ts",
    "a/b/c.ts",
    ".well-known/x",
    "a b/ü.ts",
    "..a",
    "a..",
    "...",
    "-",
    "a".repeat(512),
  ];
  assertEquals(good.filter((path) => !isReleasePath(path)), []);
});

Deno.test("isReleasePath() refuses every way out, and names that some platform cannot hold", () => {
  const bad = [
    "",
    "/",
    "/a",
    "a/",
    "a//b",
    ".",
    "..",
    "./a",
    "a/.",
    "../a",
    "a/../b",
    "a/..",
    "\\a",
    "a\\..\\b",
    "C:",
    "C:/a",
    "a:b",
    "a*",
    "a?",
    `a"`,
    "a<",
    "a>",
    "a|b",
    "a\0",
    "a\nb",
    "\x1f",
    "a".repeat(513),
  ];
  assertEquals(bad.filter(isReleasePath), []);
});

Deno.test("parseManifest() refuses paths outside of the release, wherever they stand", () => {
  const file = { sha256: DIGEST, size: 1, kind: "module" };
  const edges = { static: [], dynamic: [], external: [] };
  const manifest = {
    protocol: 1,
    app: "a",
    version: "1",
    source_image_ref: "local:1",
    entries: [],
    files: {},
    modules: {},
    config: {},
    locked: {},
  };
  for (const path of ["../a", "/etc/passwd", "a\\b", ""]) {
    for (
      const changes of [
        { entries: [path] },
        { files: { [path]: file } },
        { modules: { "a.ts": { ...edges, static: [path] } } },
        { modules: { "a.ts": { ...edges, dynamic: [path] } } },
      ]
    ) {
      assertThrows(
        () => parseManifest({ ...manifest, ...changes }),
        ProtocolError,
        "expected a relative path inside the release",
      );
    }
  }
});

Deno.test("parseManifest() keeps files apart from members of every object", () => {
  const files = JSON.parse(
    `{"__proto__":{"sha256":"${DIGEST}","size":1,"kind":"asset"}}`,
  );
  const manifest = parseManifest({
    protocol: 1,
    app: "a",
    version: "1",
    source_image_ref: "x",
    entries: [],
    files,
    modules: {},
    config: {},
  });
  assertEquals(Object.keys(manifest.files), ["__proto__"]);
  assertEquals(manifest.files["constructor"], undefined);
});

Deno.test("settingsText() keeps of a deno.json what Deno reads at start, however it is written", () => {
  const text = (json: string) => settingsText("deno.json", json);
  const base = text(
    `{ "imports": { "a": "./a.ts", "b": "./b.ts" }, "unstable": ["kv"] }`,
  );
  const same = [
    `{"unstable":["kv"],"imports":{"b":"./b.ts","a":"./a.ts"}}`,
    `{ /* why */ "imports": { "a": "./a.ts", "b": "./b.ts", }, "unstable": ["kv"], } // end`,
    `{ "name": "@x/y", "version": "2", "tasks": {}, "fmt": {}, "lint": {}, "flyhot": {}, "imports": { "a": "./a.ts", "b": "./b.ts" }, "unstable": ["kv"] }`,
  ];
  for (const json of same) assertEquals(text(json), base, json);
  assertEquals(settingsText("lib/deno.jsonc", same[1]!), base);
  const keys = [
    "scopes",
    "importMap",
    "compilerOptions",
    "nodeModulesDir",
    "vendor",
    "unstable",
    "workspace",
    "links",
    "permissions",
  ];
  const texts = [
    base,
    text(`{ "imports": { "a": "./other.ts" } }`),
    ...keys.map((key) => text(`{ "${key}": {} }`)),
    text("{}"),
  ];
  assertEquals(new Set(texts).size, texts.length);
  // The order of a list means something.
  assertNotEquals(
    text(`{ "unstable": ["kv", "cron"] }`),
    text(`{ "unstable": ["cron", "kv"] }`),
  );
});

Deno.test("settingsText() takes everything else as it is", () => {
  assertEquals(settingsText("fly.toml", `app = "x"`), `app = "x"`);
  assertEquals(settingsText("static/my-deno.json", "{}  "), "{}  ");
  assertEquals(settingsText("deno.json", "{ broken"), "{ broken");
});
