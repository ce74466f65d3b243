import { assertEquals, assertStringIncludes } from "@std/assert";
import {
  packed,
  running,
  type RunningOptions,
  type Sources,
  type VersionOptions,
} from "../../tests/support/planned_app.ts";
import { refusalText } from "../base/refusal.ts";
import { classify } from "./classify.ts";
import { isEmptyPlan } from "./plan.ts";
import { planReport } from "./report.ts";

type Npm = Readonly<
  Record<string, { readonly dependencies?: string[]; readonly scripts?: true }>
>;
function lock(specifiers: Readonly<Record<string, string>>, npm: Npm): string {
  return JSON.stringify({ version: "5", specifiers, npm });
}
const locked = (zod: string, qs = "6.13.0", more: Npm = {}) =>
  lock({
    "npm:zod@^4": zod,
    "npm:express@^4": "4.21.2",
    "npm:only-tests@1": "1.0.0",
  }, {
    [`zod@${zod}`]: {},
    "express@4.21.2": { dependencies: [`qs@${qs}`, "ms"] },
    [`qs@${qs}`]: { dependencies: ["ms"] },
    "ms@2.1.3": {},
    "only-tests@1.0.0": {},
    ...more,
  });

const A: Sources = {
  "main.ts": `import { live } from "@flyhot/runtime";
await live(() => import("./app.ts"));`,
  "app.ts": `import { check } from "./check.ts";
import { serve } from "./serve.ts";
export const f = () => serve(check);`,
  "check.ts": `import { z } from "zod";
export const check = (x) => z.string().parse(x);`,
  "serve.ts": `
import express from "express";
export const serve = (x) => express(x);`,
  "app_test.ts": `import "npm:only-tests@1"; import "./app.ts";`,
  "deno.lock": locked("4.0.5"),
  "deno.json": `{ "imports": { "zod": "npm:zod@^4" } }`,
  "package.json":
    `{ "version": "1.0.0", "dependencies": { "express": "^4" }, "scripts": {} }`,
  "Dockerfile": "FROM denoland/deno:2.9.6",
  "fly.toml": `app = "shop"`,
};
const ALIASES = {
  zod: "npm:zod@^4",
  express: "npm:express@^4",
  "@flyhot/runtime": "jsr:@flyhot/runtime@1",
};

function plan(
  changes: Readonly<Record<string, string | null>>,
  { aliases = ALIASES, ...options }: VersionOptions = {},
  machine: RunningOptions = {},
) {
  const after = Object.fromEntries(
    Object.entries({ ...A, ...changes }).filter((
      entry,
    ): entry is [string, string] => entry[1] !== null),
  );
  return classify(
    packed(after, { aliases, ...options }),
    running(A, { aliases: ALIASES, ...machine }),
  );
}
const texts = (it: ReturnType<typeof plan>) => it.refusals.map(refusalText);

Deno.test("T4, T5, T11: what the server does not load is nothing to do", () => {
  const cases: Record<string, Record<string, string | null>> = {
    "version, scripts, devDependencies, anything that Deno does not read": {
      "package.json":
        `{ "version": "2.0.0", "dependencies": { "express": "^4" }, "scripts": { "x": "y" }, "devDependencies": { "vitest": "1" }, "engines": {}, "private": true }`,
    },
    "an import that only tests use": {
      "deno.json":
        `{ "imports": { "zod": "npm:zod@^4", "@std/assert": "jsr:@std/assert@1" } }`,
    },
    "options of the type checker, tasks, lint, fmt": {
      "deno.json":
        `{ "imports": { "zod": "npm:zod@^4" }, "compilerOptions": { "strict": true, "lib": ["dom"], "types": ["./x.d.ts"] }, "tasks": { "dev": "deno run" }, "lint": { "exclude": ["x"] }, "fmt": { "lineWidth": 120 }, "test": {}, "bench": {}, "publish": {} }`,
    },
    "a package in the lock file that only tests use": {
      "deno.lock": locked("4.0.5").replaceAll(
        /only-tests@1\.0\.0|"1\.0\.0"/g,
        (it) => it.replace("1.0.0", "1.0.1"),
      ),
    },
    "tests, README, editor settings, declarations, CI": {
      "app_test.ts": `import "npm:another@2"; import "./app.ts";`,
      "lib/x.spec.tsx": "1",
      "README.md": "2",
      ".vscode/settings.json": "{}",
      ".github/workflows/ci.yml": "on: push",
      "types.d.ts": "declare const x: 1;",
      "LICENSE": "MIT",
    },
    "formatting of configuration": {
      "deno.json": `{\n  // why\n  "imports": { "zod": "npm:zod@^4" },\n}`,
      "package.json":
        `{"scripts":{},"dependencies":{"express":"^4"},"version":"1.0.0"}`,
    },
  };
  for (const [what, changes] of Object.entries(cases)) {
    const it = plan(changes);
    assertEquals(texts(it), [], what);
    assertEquals(isEmptyPlan(it), true, what);
  }
});

Deno.test("T6: a package is added or bumped, and its importers are reloaded", () => {
  const bumped = plan({ "deno.lock": locked("4.0.6") });
  assertEquals(texts(bumped), []);
  assertEquals(bumped.reload, ["app.ts", "check.ts"]);
  assertEquals(bumped.packages, [{
    name: "npm:zod",
    from: "npm:zod@4.0.5",
    to: "npm:zod@4.0.6",
    specifiers: ["npm:zod@4.0.6"],
    importers: ["check.ts"],
    isNew: true,
  }]);
  assertEquals(planReport(bumped).packages, [{
    name: "npm:zod",
    from: "4.0.5",
    to: "4.0.6",
    download: true,
    importers: ["check.ts"],
  }]);
  const added = plan({
    "check.ts":
      `import { z } from "zod";\nimport dep from "npm:dep@1.2.3/deep";\nexport const check = (x) => z.parse(dep, x);`,
    "deno.lock": locked("4.0.5", "6.13.0", { "dep@1.2.3": {} }),
  });
  assertEquals(texts(added), []);
  assertEquals(
    added.packages.map(({ from, specifiers }) => [from, specifiers]),
    [[null, ["npm:dep@1.2.3/deep"]]],
  );
});

Deno.test("T6: an alias leads to another package, and a package is removed", () => {
  const replaced = plan({
    "deno.lock": lock(
      { "npm:valibot@1": "1.0.0", "npm:express@^4": "4.21.2" },
      {
        "valibot@1.0.0": {},
        "express@4.21.2": { dependencies: ["qs", "ms"] },
        "qs@6.13.0": { dependencies: ["ms"] },
        "ms@2.1.3": {},
      },
    ),
    "deno.json": `{ "imports": { "zod": "npm:valibot@1" } }`,
  }, { aliases: { ...ALIASES, zod: "npm:valibot@1" } });
  assertEquals(texts(replaced), []);
  assertEquals(replaced.reload, ["app.ts", "check.ts"]);
  assertEquals(replaced.packages.map(({ to }) => to), ["npm:valibot@1.0.0"]);
  const removed = plan({
    "check.ts": "export const check = (x) => x;",
    "deno.json": "{}",
  });
  assertEquals(texts(removed), []);
  assertEquals([removed.reload, removed.packages], [
    ["app.ts", "check.ts"],
    [],
  ]);
});

Deno.test("a module that nothing has loaded yet gets the release's package when it is", () => {
  const it = plan(
    {
      "late.ts": `import { z } from "zod"; export const late = z;`,
      "app.ts": `${
        A["app.ts"]
      }\nexport const later = () => import("./late.ts");`,
      "deno.lock": locked("4.0.6"),
    },
  );
  assertEquals(texts(it), []);
  assertEquals(it.mapped, ["late.ts"]);
  assertEquals(it.packages[0]?.importers, ["check.ts", "late.ts"]);
});

Deno.test("T3: an unchanged package whose dependency changes is refused, with file and line", () => {
  assertEquals(texts(plan({ "deno.lock": locked("4.0.5", "6.14.1") })), [
    `serve.ts:2 "express": npm:express@4.21.2 stays as it is, but what it depends on changes in deno.lock (npm:qs from 6.13.0 to 6.14.1), and a process never links a loaded package to others; take another version of npm:express as well`,
  ]);
});

Deno.test("what keeps packages out is said with file and line: the process, boot modules, workers, native add-ons, no lock", () => {
  const bump = { "deno.lock": locked("4.0.6") };
  assertEquals(
    texts(plan(bump, {}, {
      changes: {
        canAddPackages: { possible: false, why: "was started with --frozen" },
      },
    })),
    [`check.ts:1 "zod": changes npm:zod from 4.0.5 to 4.0.6, and this process was started with --frozen; run fly deploy`],
  );
  const boot = texts(
    plan(bump, {}, { changes: { boot: ["main.ts", "check.ts"] } }),
  );
  assertEquals(boot.length, 1);
  assertStringIncludes(
    boot[0]!,
    `check.ts:1 "zod": changes npm:zod from 4.0.5 to 4.0.6, and the module that imports it runs only once; import it behind live()`,
  );
  const worker = texts(
    plan(bump, {}, { changes: { workers: ["check.ts"] } }),
  );
  assertStringIncludes(worker[0]!, "a worker loads it");
  assertStringIncludes(
    texts(plan({
      "deno.lock": locked("4.0.6").replace(
        `"zod@4.0.6":{}`,
        `"zod@4.0.6":{"scripts":true}`,
      ),
    }))[0]!,
    "npm:zod@4.0.6 is a native add-on",
  );
  assertStringIncludes(
    texts(plan({
      "check.ts":
        `import { z } from "zod";\nimport dep from "npm:dep@^1";\nexport const check = (x) => z.parse(dep, x);`,
    }))[0]!,
    `check.ts:2 "npm:dep@^1": imports npm:dep@^1, of which no version is locked; run deno install`,
  );
});

Deno.test("without a lock file another range is refused, and the same or a looser one is nothing to do", () => {
  const unlocked = (range: string) => {
    const { "deno.lock": _, ...sources } = A;
    const aliases = { ...ALIASES, zod: `npm:zod@${range}` };
    const machine = running(A, {
      aliases: ALIASES,
      changes: {
        locked: {},
        packages: {},
        external: ["npm:zod@^4", "npm:express@^4", "jsr:@flyhot/runtime@1"],
      },
    });
    return classify(
      { ...packed(sources, { aliases }), packages: packedPackages(range) },
      {
        ...machine,
        specifiers: {
          ...machine.specifiers,
          "check.ts": {
            zod:
              "file:///root/.cache/deno/npm/registry.npmjs.org/zod/4.0.5/index.js",
          },
        },
      },
    );
  };
  const packedPackages = (range: string) =>
    Object.fromEntries(
      [`npm:zod@${range}`, "npm:express@^4", "jsr:@flyhot/runtime@1"].map((
        it,
      ) => [it, { exact: null, closure: "", depends: [] }]),
    );
  for (const range of ["^4", "4", "^4.0.2"]) {
    assertEquals(texts(unlocked(range)), [], range);
  }
  for (const range of ["^5", "^4.1", "3"]) {
    assertStringIncludes(
      texts(unlocked(range)).join(),
      `check.ts:1 "zod": imports npm:zod@${range}, of which no version is locked`,
    );
  }
});

Deno.test("a range that only the release locks gets the release's version, also in modules that nobody loaded", () => {
  const { "deno.lock": _, ...image } = A;
  const it = classify(
    packed({
      ...A,
      "app.ts": `${A["app.ts"]}\nimport { z } from "zod"; export const g = z;`,
    }, { aliases: ALIASES }),
    running(image, {
      aliases: ALIASES,
      changes: { packages: {}, canAddPackages: { possible: true } },
    }),
  );
  assertEquals(texts(it), []);
  assertEquals(
    it.packages.map(({ to, importers }) => [to, importers]),
    [
      ["npm:express@4.21.2", ["serve.ts"]],
      ["npm:zod@4.0.5", ["app.ts", "check.ts"]],
    ],
  );
});

Deno.test("the runtime itself stays that of the image", () => {
  const of = (version: string) =>
    JSON.stringify({
      ...JSON.parse(A["deno.lock"]!),
      specifiers: {
        ...JSON.parse(A["deno.lock"]!).specifiers,
        "jsr:@flyhot/runtime@1": version,
      },
      jsr: { [`@flyhot/runtime@${version}`]: {} },
    });
  const after = packed({ ...A, "deno.lock": of("1.1.0") }, {
    aliases: ALIASES,
  });
  const machine = running({ ...A, "deno.lock": of("1.0.0") }, {
    aliases: ALIASES,
  });
  assertStringIncludes(
    classify(after, machine).refusals.map(refusalText).join("\n"),
    "changes jsr:@flyhot/runtime from 1.0.0 to 1.1.0, and a process has one runtime",
  );
});

Deno.test("an import for types only does not count as use of a package", () => {
  const it = plan({
    "check.ts":
      `import { z } from "zod";\nimport type { X } from "npm:types@3";\nexport const check = (x: X) => z.string().parse(x);`,
  });
  assertEquals([texts(it), it.packages], [[], []]);
});

Deno.test("T7: image files are reported and hold nothing back", () => {
  const image = {
    "Dockerfile": "FROM denoland/deno:2.9.7",
    "fly.toml": `app = "shop"\n[env]\nA = "1"`,
  };
  const alone = plan(image);
  assertEquals([texts(alone), isEmptyPlan(alone)], [[], true]);
  assertEquals(alone.notes, [
    "Dockerfile has changed: takes effect at the next cold deploy",
    "fly.toml has changed: takes effect at the next cold deploy",
  ]);
  const both = plan({ ...image, "app.ts": `${A["app.ts"]} // v2` });
  assertEquals([texts(both), both.reload], [[], ["app.ts"]]);
  assertEquals(planReport(both).notes, alone.notes);
});

Deno.test("T2: what concerns resolution reloads whom it concerns, in import maps and in members", () => {
  const sources = (to: string): Sources => ({
    ...A,
    "lib1/x.ts": "export const x = 1;",
    "lib2/x.ts": "export const x = 2;",
    "check.ts": `import { x } from "$lib/x.ts"; export const check = () => x;`,
    "import_map.json": `{ "imports": { "$lib/": "./${to}/" } }`,
  });
  const aliases = (to: string) => ({ ...ALIASES, "$lib/": `${to}/` });
  const moved = classify(
    packed(sources("lib2"), { aliases: aliases("lib2") }),
    running(sources("lib1"), { aliases: aliases("lib1") }),
  );
  assertEquals(texts(moved), []);
  assertEquals(moved.reload, ["app.ts", "check.ts"]);
  assertEquals(moved.fresh, ["lib2/x.ts"]);
});

Deno.test("T12: what the app writes under its root is not part of any plan", () => {
  const it = plan({}, {}, {
    changes: {
      files: {
        ...running(A, { aliases: ALIASES }).files,
        "data/app.db": "0".repeat(64),
        "log.txt": "1".repeat(64),
      },
    },
  });
  assertEquals([it.removed, isEmptyPlan(it)], [[], true]);
});

Deno.test("T4, T5, T7, T11: more of what no server loads is nothing to do, alone and all at once", () => {
  const cases: Record<string, Record<string, string | null>> = {
    "fields of package.json for publishers and editors": {
      "package.json":
        `{ "version": "1.0.0", "dependencies": { "express": "^4" }, "description": "x", "author": "me", "files": ["dist"], "bin": "./x.js", "config": { "a": 1 }, "browserslist": ["last 1 version"], "sideEffects": false, "packageManager": "pnpm@9" }`,
    },
    "a dependency for developers that a test loads": {
      "package.json":
        `{ "version": "1.0.0", "dependencies": { "express": "^4" }, "devDependencies": { "only-tests": "1" } }`,
      "other_test.ts": `import "only-tests"; import "./app.ts";`,
    },
    "what deno.json says to commands": {
      "deno.json":
        `{ "imports": { "zod": "npm:zod@^4" }, "exclude": ["x"], "lint": { "plugins": ["./lint.ts"] }, "test": { "include": ["tests/"] }, "compilerOptions": { "noUncheckedIndexedAccess": true, "checkJs": true, "noUnusedLocals": true } }`,
    },
    "an alias that nothing uses": {
      "deno.json":
        `{ "imports": { "zod": "npm:zod@^4", "$lib/": "./lib/", "lodash": "npm:lodash@4" } }`,
    },
    "tests, benches, and settings of editors and CI": {
      "__tests__/x.ts": "1",
      "check.test.ts": `import "./check.ts";`,
      "speed_bench.ts": `import "./check.ts";`,
      ".editorconfig": "root = true",
      ".idea/x.xml": "<x/>",
      ".gitlab-ci.yml": "x: 1",
      "CHANGELOG.md": "2",
    },
    "image files of other kinds": {
      "Dockerfile.worker": "FROM x",
      "fly.staging.toml": `app = "staging"`,
      ".dockerignore": "x",
      "Dockerfile": null,
    },
  };
  const all = Object.assign({}, ...Object.values(cases));
  delete all["package.json"];
  delete all["deno.json"];
  for (const [what, changes] of [...Object.entries(cases), ["all", all]]) {
    const it = plan(changes);
    assertEquals(texts(it), [], what);
    assertEquals(it.reload, [], what);
    assertEquals(isEmptyPlan(it), true, `${what}: ${JSON.stringify(it.files)}`);
  }
});

Deno.test("T3: whatever changes beneath an unchanged package is refused: deeper, added, gone", () => {
  const beneath = (npm: Npm) =>
    lock({ "npm:zod@^4": "4.0.5", "npm:express@^4": "4.21.2" }, {
      "zod@4.0.5": {},
      "express@4.21.2": { dependencies: ["qs", "ms"] },
      "qs@6.13.0": { dependencies: ["ms"] },
      "ms@2.1.3": {},
      ...npm,
    });
  const cases: Record<string, Npm> = {
    "two levels down": {
      "qs@6.13.0": { dependencies: ["ms", "deep"] },
      "deep@1.0.1": {},
    },
    "added": {
      "express@4.21.2": { dependencies: ["qs", "ms", "send"] },
      "send@1.0.0": {},
    },
    "gone": { "express@4.21.2": { dependencies: ["ms"] } },
  };
  for (const [what, npm] of Object.entries(cases)) {
    const it = plan({ "deno.lock": beneath(npm) });
    assertEquals(it.refusals.map(({ path }) => path), ["serve.ts"], what);
  }
  assertEquals(texts(plan({ "deno.lock": beneath({}) })), []);
});

Deno.test("T2: whatever leads a specifier elsewhere reloads who uses it, and nobody else", () => {
  const sources: Sources = {
    ...A,
    "lib1/x.ts": "export const x = 1;",
    "lib2/x.ts": "export const x = 2;",
    "lib1/y.ts": "export const y = 1;",
    "lib2/y.ts": "export const y = 2;",
    "check.ts": `import { x } from "#x"; export const check = () => x;`,
    "serve.ts": `import { y } from "$lib/y.ts"; export const serve = () => y;`,
  };
  const aliases = (x: string, y: string) => ({
    ...ALIASES,
    "#x": `lib${x}/x.ts`,
    "$lib/": `lib${y}/`,
  });
  const json = (x: string, y: string): Sources => ({
    "package.json": `{ "imports": { "#x": "./lib${x}/x.ts" } }`,
    "deno.json": `{ "imports": { "$lib/": "./lib${y}/" } }`,
  });
  const moved = (x: string, y: string) =>
    classify(
      packed({ ...sources, ...json(x, y) }, { aliases: aliases(x, y) }),
      running({ ...sources, ...json("1", "1") }, {
        aliases: aliases("1", "1"),
      }),
    );
  for (
    const [x, y, reload] of [
      ["2", "1", ["app.ts", "check.ts"]],
      ["1", "2", ["app.ts", "serve.ts"]],
      ["2", "2", ["app.ts", "check.ts", "serve.ts"]],
      ["1", "1", []],
    ] as const
  ) {
    const it = moved(x, y);
    assertEquals([texts(it), it.reload], [[], reload], `${x} ${y}`);
  }
});

Deno.test("T5: an app that had no deno.json is compared with what Deno does without one", () => {
  const told = (before: Sources, after: Sources) => {
    const { "deno.json": _, ...bare } = A;
    const it = classify(
      packed({ ...bare, ...after }, { aliases: ALIASES }),
      running({ ...bare, ...before }, { aliases: ALIASES }),
    );
    return [texts(it), isEmptyPlan(it)];
  };
  const imports = `"imports": { "zod": "npm:zod@^4" }`;
  const plain = { "deno.json": `{ "tasks": {}, ${imports} }` };
  assertEquals(told({}, plain), [[], true]);
  assertEquals(told({}, { "deno.json": `{ "unstable": ["kv"] }` }), [[
    `deno.json: has another "unstable", which Deno reads only when it starts; run fly deploy`,
  ], false]);
  const decorated = `{ "compilerOptions": { "experimentalDecorators": true } }`;
  assertEquals(told({}, { "deno.json": decorated }), [[
    `deno.json: has another "compilerOptions", which Deno reads only when it starts; run fly deploy`,
  ], false]);
  // By another name it is the same file.
  assertEquals(told({ "deno.jsonc": decorated }, { "deno.json": decorated }), [
    [],
    true,
  ]);
  assertEquals(
    told(
      { "deno.json": `{ "unstable": ["kv", "cron"] }` },
      { "deno.jsonc": `{ "unstable": ["cron", "kv"] } // the same` },
    ),
    [[], true],
  );
});

Deno.test("T2: what JSX imports without a word in the text is followed too", () => {
  const sources: Sources = {
    ...A,
    "app.ts": `import { page } from "./page.tsx"; export const f = () => page;`,
    "page.tsx": "export const page = () => <p />;",
    "jsx1.ts": "export const jsx = () => 1;",
    "jsx2.ts": "export const jsx = () => 2;",
  };
  const specifier = "$own/jsx-runtime";
  const release = (to: string) => {
    const manifest = packed(sources, { aliases: ALIASES });
    const edges = {
      static: [to],
      dynamic: [],
      external: [],
      specifiers: { [specifier]: to },
    };
    return {
      ...manifest,
      modules: { ...manifest.modules, "page.tsx": edges },
    };
  };
  const machine = running(sources, { aliases: ALIASES });
  const now = {
    ...machine,
    specifiers: {
      ...machine.specifiers,
      "page.tsx": { [specifier]: "jsx1.ts" },
    },
  };
  assertEquals(classify(release("jsx2.ts"), now).reload, [
    "app.ts",
    "page.tsx",
  ]);
  assertEquals(isEmptyPlan(classify(release("jsx1.ts"), now)), true);
});

Deno.test("T12: what the app writes beside its own files, over and over, is not part of any plan", () => {
  const files = running(A, { aliases: ALIASES }).files;
  for (
    const written of [
      { "lib/cache/a.json": "0".repeat(64) },
      { "generated.ts": "1".repeat(64) },
      { ".cache/x": "2".repeat(64), "uploads/a b.png": "3".repeat(64) },
      { "app.ts.bak": "4".repeat(64), "node_modules/.x": "5".repeat(64) },
    ]
  ) {
    const it = plan({}, {}, { changes: { files: { ...files, ...written } } });
    assertEquals([it.removed, texts(it), isEmptyPlan(it)], [[], [], true]);
    const edited = plan({ "app.ts": `${A["app.ts"]} // v2` }, {}, {
      changes: { files: { ...files, ...written } },
    });
    assertEquals([edited.removed, edited.reload], [[], ["app.ts"]]);
  }
});
