import { assertEquals, assertObjectMatch } from "@std/assert";
import {
  type Manifest,
  type ModuleEdges,
  PROTOCOL_VERSION,
  retainedMemory,
  type RunningManifest,
} from "@flyhot/runtime/protocol";
import { classify, isEmptyPlan, joinPlans } from "./join_plans.ts";

const NONE: ModuleEdges = { static: [], dynamic: [], external: [] };
const MODULES: Readonly<Record<string, ModuleEdges>> = {
  "main.ts": { ...NONE, static: ["boot.ts"], dynamic: ["app.ts"] },
  "boot.ts": { ...NONE, static: ["deep.ts"] },
  "deep.ts": NONE,
  "app.ts": {
    ...NONE,
    static: ["lib.ts"],
    dynamic: ["later.ts"],
    external: ["npm:a@1"],
  },
  "lib.ts": { ...NONE, static: ["data.json"] },
  "data.json": NONE,
  "later.ts": NONE,
};
const CONTENT = {
  ...Object.fromEntries(Object.keys(MODULES).map((path) => [path, "1"])),
  "style.css": "1",
  "deno.json": "1",
};

function digest(content: string): string {
  return content.padEnd(64, "0");
}

function manifest(
  content: Readonly<Record<string, string>> = CONTENT,
  changes: Partial<Manifest> = {},
): Manifest {
  const modules = changes.modules ?? MODULES;
  return {
    protocol: PROTOCOL_VERSION,
    app: "shop",
    version: "1",
    source_image_ref: "local:1",
    entries: ["main.ts"],
    files: Object.fromEntries(
      Object.entries(content).map(([path, text]) => [path, {
        sha256: digest(text),
        size: 1,
        kind: Object.hasOwn(modules, path)
          ? "module"
          : path === "deno.json"
          ? "config"
          : "asset",
      }]),
    ),
    modules,
    config: {},
    locked: {},
    analysis: Object.fromEntries(
      Object.keys(modules).map((path) => [path, {}]),
    ),
    ...changes,
  };
}

function running(changes: Partial<RunningManifest> = {}): RunningManifest {
  return {
    protocol: PROTOCOL_VERSION,
    image_ref: "registry.fly.io/shop:one",
    fingerprint: "abc",
    release_sha256: null,
    main: "main.ts",
    files: Object.fromEntries(
      Object.entries(CONTENT).map(([path, text]) => [path, digest(text)]),
    ),
    config: {},
    locked: {},
    loaded: ["app.ts", "lib.ts", "data.json"],
    live: { "main.ts": ["app.ts"] },
    plain: {},
    external: ["npm:a@1"],
    holders: {},
    analysis: Object.fromEntries(
      Object.keys(MODULES).map((path) => [path, {}]),
    ),
    accepted: {},
    declined: {},
    ...changes,
  };
}

Deno.test("classify() finds nothing to do where nothing changed", () => {
  const plan = classify(manifest(), running());
  assertObjectMatch({ ...plan }, {
    hot: true,
    reload: [],
    mapped: [],
    assets: [],
    removed: [],
    cold: [],
  });
  assertEquals(isEmptyPlan(plan), true);
});

Deno.test("classify() reloads a changed module and its importers, up to a live boundary", () => {
  const plan = classify(manifest({ ...CONTENT, "data.json": "2" }), running());
  assertEquals(plan.hot, true);
  assertEquals(plan.reload, ["app.ts", "data.json", "lib.ts"]);
  assertEquals(isEmptyPlan(plan), false);
});

Deno.test("classify() only maps what is not loaded yet, and tells assets and what is gone", () => {
  const { "style.css": _, ...rest } = CONTENT;
  const plan = classify(
    manifest({ ...rest, "later.ts": "2", "new.css": "1", "deno.json": "2" }),
    running({
      config: { "fly.toml": digest("1") },
      files: { ...running().files, "fly.toml": digest("1") },
      releaseFiles: Object.keys(CONTENT),
    }),
  );
  assertObjectMatch({ ...plan }, {
    hot: true,
    reload: [],
    mapped: ["later.ts"],
    assets: ["new.css"],
    removed: ["style.css"],
    cold: [],
  });
  for (
    const change of [{ ...CONTENT, "later.ts": "2" }, {
      ...CONTENT,
      "style.css": "2",
    }, rest]
  ) {
    const now = running({ releaseFiles: Object.keys(CONTENT) });
    assertEquals(isEmptyPlan(classify(manifest(change), now)), false);
  }
});

Deno.test("classify() goes cold on a boot module, with the chain up to the main module", () => {
  const cold = (path: string) =>
    classify(manifest({ ...CONTENT, [path]: "2" }), running()).cold;
  assertEquals(cold("main.ts"), [{
    path: "main.ts",
    reason: "is the main module, which runs only once",
    chain: ["main.ts"],
  }]);
  assertEquals(cold("boot.ts").map(({ chain }) => chain), [[
    "boot.ts",
    "main.ts",
  ]]);
  assertEquals(
    cold("boot.ts")[0]?.reason,
    "is imported statically by the main module, before reapply(); move the import behind live(), or use import type if only types are used",
  );
  assertEquals(cold("deep.ts"), [{
    path: "deep.ts",
    reason:
      "is imported statically on the way from the main module; put a live() boundary in between",
    chain: ["deep.ts", "boot.ts", "main.ts"],
  }]);
});

Deno.test("classify() goes cold where a plain import() of a boot module holds the old code", () => {
  const plan = classify(
    manifest({ ...CONTENT, "lib.ts": "2" }),
    running({ live: {}, plain: { "main.ts": ["app.ts"] } }),
  );
  assertEquals(plan.hot, false);
  assertEquals(plan.cold.map(({ path, chain }) => [path, ...chain]), [[
    "lib.ts",
    "lib.ts",
    "app.ts",
    "main.ts",
  ]]);
});

Deno.test("classify() goes cold on what is read at start, where both sides have it", () => {
  const names = [
    "deno.json",
    "package.json",
    "fly.toml",
    "Dockerfile",
    "map.json",
  ];
  const config = (content: string) =>
    Object.fromEntries(names.map((name) => [name, digest(content)]));
  const plan = classify(
    manifest(CONTENT, { config: config("2") }),
    running({ config: config("1") }),
  );
  assertEquals(plan.cold.map(({ path, reason }) => `${path} ${reason}`), [
    "deno.json has changed in what Deno reads only when it starts (imports, compilerOptions, unstable ...)",
    "package.json decides which packages the image holds",
    "map.json has changed in what Deno reads only when it starts (imports, compilerOptions, unstable ...)",
  ]);
  for (
    const [release, machine] of [[config("2"), {}], [{}, config("1")], [
      config("1"),
      config("1"),
    ]] as const
  ) {
    assertEquals(
      classify(
        manifest(CONTENT, { config: release }),
        running({ config: machine }),
      ).cold,
      [],
    );
  }
});

Deno.test("classify() goes cold where both sides lock different versions of a package", () => {
  const plan = classify(
    manifest(CONTENT, { locked: { "npm:a@1": "1.2.0", "npm:new@1": "1.0.0" } }),
    running({ locked: { "npm:a@1": "1.1.0", "npm:gone@1": "1.0.0" } }),
  );
  assertEquals(plan.cold, [{
    path: "deno.lock",
    reason:
      "npm:a@1 changes from 1.1.0 to 1.2.0, and a running process keeps what it has loaded",
    chain: ["deno.lock"],
  }]);
});

Deno.test("classify() goes cold on a package that the image does not hold", () => {
  const modules = {
    ...MODULES,
    "lib.ts": {
      ...NONE,
      external: ["node:fs", "npm:b@2/deep", "jsr:@x/y@1", "npm:a@1"],
    },
  };
  const plan = classify(
    manifest(CONTENT, { modules }),
    running({ external: ["npm:a@1", "jsr:@x/y@1"] }),
  );
  assertEquals(plan.cold, [{
    path: "lib.ts",
    reason: "adds npm:b@2, which needs a new image",
    chain: ["lib.ts"],
  }]);
});

Deno.test("classify() goes cold where the machine's main module is not part of the release", () => {
  const { "main.ts": _edges, ...modules } = MODULES;
  const { "main.ts": _file, ...content } = CONTENT as Record<string, string>;
  const first = (changed: Manifest) =>
    classify(changed, running()).cold[0]?.reason;
  assertEquals(
    first(manifest(content, { modules })),
    "is the main module of a running machine, and gone from the release",
  );
  assertEquals(
    first(manifest(CONTENT, { modules })),
    `is the main module of a running machine, but no entry of the release; name it under "flyhot".entry in deno.json`,
  );
});

Deno.test("classify() goes cold where a module that is to be reloaded has declined", () => {
  const plan = classify(
    manifest({ ...CONTENT, "lib.ts": "2" }),
    running({ declined: { "app.ts": "it owns a socket" } }),
  );
  assertEquals(plan.cold.map(({ path, reason }) => `${path} ${reason}`), [
    "app.ts declines to be replaced: it owns a socket",
  ]);
});

Deno.test("classify() is not confused by files called like members of every object", () => {
  const odd = { ...CONTENT, constructor: "1", toString: "1" };
  const plan = classify(manifest(odd), running());
  assertEquals(plan.assets, ["constructor", "toString"]);
});

Deno.test("joinPlans() is hot only if all are, and lists each change once", () => {
  const one = classify(
    manifest({ ...CONTENT, "lib.ts": "2", "later.ts": "2" }),
    running(),
  );
  const two = classify(
    manifest({ ...CONTENT, "lib.ts": "2", "later.ts": "2", "style.css": "2" }),
    running({ loaded: ["later.ts"], live: { "main.ts": ["later.ts"] } }),
  );
  assertEquals(joinPlans([one]), one);
  assertObjectMatch({ ...joinPlans([one, two]) }, {
    hot: true,
    reload: ["app.ts", "later.ts", "lib.ts"],
    mapped: [],
    assets: ["style.css"],
    removed: [],
    cold: [],
  });
  const cold = classify(manifest({ ...CONTENT, "main.ts": "2" }), running());
  const all = joinPlans([one, cold, cold]);
  assertEquals([all.hot, all.cold.length], [false, 1]);
});

Deno.test("classify() does not reload what the release no longer has, even if it is loaded and imported what changed", () => {
  const plan = classify(
    manifest({ ...CONTENT, "data.json": "2" }),
    running({
      loaded: ["app.ts", "lib.ts", "data.json", "gone.ts"],
      plain: { "gone.ts": ["data.json"] },
    }),
  );
  assertEquals(plan.reload, ["app.ts", "data.json", "lib.ts"]);
});

Deno.test("classify() says why each module is reloaded, what stays, and about how much memory is kept", () => {
  const plan = classify(manifest({ ...CONTENT, "data.json": "2" }), running());
  assertEquals(plan.reload, ["app.ts", "data.json", "lib.ts"]);
  assertEquals(plan.because, {
    "data.json": ["data.json"],
    "lib.ts": ["data.json", "lib.ts"],
    "app.ts": ["data.json", "lib.ts", "app.ts"],
  });
  assertEquals(plan.unchanged, [
    "boot.ts",
    "deep.ts",
    "deno.json",
    "later.ts",
    "main.ts",
    "style.css",
  ]);
  assertEquals(
    plan.retained_bytes,
    retainedMemory({ modules: 3, sourceBytes: 3 }),
  );
});
