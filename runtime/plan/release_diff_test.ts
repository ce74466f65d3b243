import { assertEquals } from "@std/assert";
import { type Manifest, parseManifest } from "../protocol/manifest.ts";
import { diffRelease, type RunningFiles } from "./release_diff.ts";
import { sha256 } from "../../tests/support/tar.ts";

const EDGES = { static: [], dynamic: [], external: [] };

function manifestOf(
  files: Record<string, [content: string, kind: string]>,
  overrides: Record<string, unknown> = {},
): Manifest {
  return parseManifest({
    protocol: 1,
    app: "my-app",
    version: "1",
    source_image_ref: "local:x",
    entries: [],
    files: Object.fromEntries(
      Object.entries(files).map(([path, [content, kind]]) => [
        path,
        { sha256: sha256(content), size: content.length, kind },
      ]),
    ),
    modules: {},
    config: {},
    ...overrides,
  });
}

function running(
  files: Record<string, string>,
  overrides: Partial<RunningFiles> = {},
): RunningFiles {
  const known = new Map(Object.entries(files));
  return {
    digest: (path) => known.has(path) ? sha256(known.get(path)!) : null,
    paths: [...known.keys()],
    config: {},
    locked: {},
    external: new Set(),
    ...overrides,
  };
}

Deno.test("diffRelease() finds nothing where nothing differs", () => {
  assertEquals(
    diffRelease(
      manifestOf({ "a.ts": ["1", "module"], "b.css": ["2", "asset"] }),
      running({ "a.ts": "1", "b.css": "2" }),
    ),
    { modules: [], assets: [], removed: [], cold: [] },
  );
});

Deno.test("diffRelease() tells modules from assets, new and changed, in path order", () => {
  assertEquals(
    diffRelease(
      manifestOf({
        "z.ts": ["new", "module"],
        "b.ts": ["2", "module"],
        "a.ts": ["changed", "module"],
        "static/z.css": ["new", "asset"],
        "static/a.css": ["changed", "asset"],
        "same.txt": ["s", "asset"],
      }),
      running({
        "a.ts": "1",
        "b.ts": "2",
        "static/a.css": "1",
        "same.txt": "s",
      }),
    ),
    {
      modules: ["a.ts", "z.ts"],
      assets: ["static/a.css", "static/z.css"],
      removed: [],
      cold: [],
    },
  );
});

Deno.test("diffRelease() counts configuration files by their settings, not by their text", () => {
  const changed = manifestOf(
    { "deno.json": ["changed", "config"], "fly.toml": ["new", "config"] },
    { config: { "deno.json": sha256("same settings") } },
  );
  assertEquals(
    diffRelease(
      changed,
      running({ "deno.json": "1" }, {
        config: { "deno.json": sha256("same settings") },
      }),
    ),
    { modules: [], assets: [], removed: [], cold: [] },
  );
});

Deno.test("diffRelease() finds files that the release no longer has, in path order", () => {
  const { removed } = diffRelease(
    manifestOf({ "a.ts": ["1", "module"] }),
    running({ "z.css": "2", "a.ts": "1", "b.ts": "3" }),
  );
  assertEquals(removed, ["b.ts", "z.css"]);
});

Deno.test("diffRelease() knows paths that are names of object members", () => {
  const names = ["__proto__", "constructor", "toString", "hasOwnProperty"];
  const files = Object.create(null);
  for (const name of names) files[name] = ["new", "module"];
  const { modules, removed } = diffRelease(
    manifestOf(files),
    running({}, { paths: ["valueOf"] }),
  );
  assertEquals(modules, [...names].sort());
  assertEquals(removed, ["valueOf"]);
});

Deno.test("diffRelease() calls a release cold that changes what is read at start only", () => {
  const { cold } = diffRelease(
    manifestOf({}, {
      config: {
        "deno.json": sha256("new"),
        "deno.lock": sha256("same"),
        "Dockerfile": sha256("not in the image"),
      },
    }),
    running({}, {
      config: {
        "deno.json": sha256("old"),
        "deno.lock": sha256("same"),
        "fly.toml": sha256("not in the release"),
      },
    }),
  );
  assertEquals(cold, [
    "deno.json changed, and is only read when the process starts",
  ]);
});

Deno.test("diffRelease() calls a release cold that needs a dependency which the image may lack", () => {
  const { cold } = diffRelease(
    manifestOf({}, {
      modules: {
        "a.ts": { ...EDGES, external: ["npm:hono@4", "npm:zod@3"] },
      },
    }),
    running({}, { external: new Set(["npm:hono@4"]) }),
  );
  assertEquals(cold, [
    "npm:zod@3 is a new dependency, which only a new image brings",
  ]);
});
