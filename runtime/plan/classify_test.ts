import { assertEquals, assertObjectMatch } from "@std/assert";
import { packed, running } from "../../tests/support/planned_app.ts";
import { refusalText } from "../base/refusal.ts";
import { classify } from "./classify.ts";
import { isEmptyPlan } from "./plan.ts";
import { planReport } from "./report.ts";
import { retainedMemory } from "../protocol/machine/retained_memory.ts";
import { A, plan, texts, v2 } from "./cases/classify_fixture_test.ts";

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
  // A machine that takes the folder of a workspace's member for the app's.
  const { "main.ts": main, ...files } = packed(A).files;
  const moved = {
    entries: ["apps/api/main.ts"],
    modules: { ...modules, "apps/api/main.ts": packed(A).modules["main.ts"]! },
    files: { ...files, "apps/api/main.ts": main! },
  };
  assertEquals(
    texts(plan({}, { manifest: moved }))[0],
    `main.ts: the release has it as apps/api/main.ts: this machine takes the folder apps/api for the app's, since no deno.json above it says "flyhot"; write "flyhot" into the deno.json of the app's folder (flyhot init does), and run fly deploy once`,
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
          `{"imports":{"a":"./a.ts"},"compilerOptions":{"experimentalDecorators":true}}`,
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
