import { assertEquals } from "@std/assert";
import { newPackages, packageOf, packagesIn } from "./packages.ts";
import { parseManifest } from "../protocol/manifest/manifest.ts";
import { manifestOf } from "../../tests/support/archives/tar.ts";

Deno.test("packageOf() cuts a specifier down to scheme, name and version", () => {
  const cases: Record<string, string> = {
    "npm:hono": "npm:hono",
    "npm:hono@4": "npm:hono@4",
    "npm:hono@4/jsx": "npm:hono@4",
    "npm:hono/jsx": "npm:hono",
    "npm:/hono@4.1.0/jsx/dom": "npm:hono@4.1.0",
    "npm:@scope/x": "npm:@scope/x",
    "npm:@scope/x@^1.2.3/y": "npm:@scope/x@^1.2.3",
    "jsr:@std/path@1.1.6": "jsr:@std/path@1.1.6",
    "jsr:/@std/path@1.1.6/posix": "jsr:@std/path@1.1.6",
    "node:fs": "node:fs",
    "https://example.com/a@1/mod.ts": "https://example.com/a@1/mod.ts",
    "": "",
  };
  for (const [specifier, name] of Object.entries(cases)) {
    assertEquals(packageOf(specifier), name, specifier);
  }
});

Deno.test("packagesIn() finds the packages that sources, import maps and lock files name", () => {
  const found = packagesIn(`
    import { Hono } from "npm:hono@4/tiny";
    import x from 'jsr:@std/path@1.1.6';
    const y = await import(\`https://example.com/mod.ts\`);
    { "imports": { "z": "npm:@scope/z@^1", "a/": "npm:/hono@4/" } }
    import "./local.ts"; import "node:fs";
  `);
  assertEquals([...found].sort(), [
    "https://example.com/mod.ts",
    "jsr:@std/path@1.1.6",
    "npm:@scope/z@^1",
    "npm:hono@4",
  ]);
  assertEquals(packagesIn(""), new Set());
});

Deno.test("newPackages() gives each unknown package once, sorted, and never what Deno brings", () => {
  const edges = { static: [], dynamic: [] };
  const manifest = parseManifest(manifestOf({}, {
    modules: {
      "a.ts": {
        ...edges,
        external: ["npm:z@1/sub", "node:fs", "jsr:@a/b@1", "npm:known@1/sub"],
      },
      "b.ts": { ...edges, external: ["npm:z@1", "npm:known@2"] },
      "c.ts": { ...edges, external: [] },
    },
  }));
  assertEquals(newPackages(manifest, new Set(["npm:known@1"])), [
    "jsr:@a/b@1",
    "npm:known@2",
    "npm:z@1",
  ]);
  assertEquals(newPackages(parseManifest(manifestOf({})), new Set()), []);
});
