import { assertEquals } from "@std/assert";
import {
  packed,
  running,
  type Sources,
} from "../../../tests/support/planned_app.ts";
import { classify } from "../classify.ts";
import { isEmptyPlan } from "../plan.ts";
import { planReport } from "../report.ts";
import { A, ALIASES, locked, plan, texts } from "./server_only_fixture_test.ts";

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

Deno.test("T5: what says nothing else, and options of JSX where the server has none, are nothing to do", () => {
  const imports = `"imports": { "zod": "npm:zod@^4" }`;
  const json = (more: string) => `{ ${imports}, ${more} }`;
  const jsx = json(
    `"compilerOptions": { "jsx": "react-jsx", "jsxImportSource": "npm:preact" }`,
  );
  for (
    const text of [
      json(`"vendor": false`),
      json(`"unstable": []`),
      json(`"links": [], "scopes": {}`),
      jsx,
    ]
  ) {
    const it = plan({ "deno.json": text });
    assertEquals([texts(it), isEmptyPlan(it)], [[], true], text);
  }
  // Without a package.json packages lie in no folder, with one in the app's own.
  const { "package.json": own, "deno.json": plain, ...without } = A;
  for (
    const [files, text, isSame] of [
      [{}, `"nodeModulesDir": "none"`, true],
      [{}, `"nodeModulesDir": "auto"`, false],
      [{}, `"nodeModulesDir": "manual"`, false],
      [{ "package.json": own }, `"nodeModulesDir": "manual"`, true],
      [{ "package.json": own }, `"nodeModulesDir": "none"`, false],
    ] as [Sources, string, boolean][]
  ) {
    const all = { ...without, ...files };
    const it = classify(
      packed({ ...all, "deno.json": json(text) }, { aliases: ALIASES }),
      running({ ...all, "deno.json": plain! }, { aliases: ALIASES }),
    );
    assertEquals([text, isEmptyPlan(it)], [text, isSame]);
    assertEquals(texts(it).length, isSame ? 0 : 1);
  }
  const sources: Sources = {
    ...A,
    "app.ts": `import { page } from "./page.tsx"; export const f = () => page;`,
    "page.tsx": "export const page = () => <p />;",
  };
  assertEquals(
    texts(classify(
      packed({ ...sources, "deno.json": jsx }, { aliases: ALIASES }),
      running(sources, { aliases: ALIASES }),
    )),
    [
      `deno.json: has another "compilerOptions", which Deno reads only when it starts; run fly deploy`,
    ],
  );
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

Deno.test("T5: a configuration file that a version removes is compared with what Deno does without one", () => {
  const told = (path: string, before: string) => {
    const { [path]: _, ...bare } = A;
    const it = classify(
      packed(bare, { aliases: ALIASES }),
      running({ ...bare, [path]: before }, { aliases: ALIASES }),
    );
    return [texts(it), isEmptyPlan(it)];
  };
  const without = (path: string, keys: string) => [[
    `${path}: is removed, and with it ${keys}, which Deno reads only when it starts; run fly deploy`,
  ], false];
  const nothing = [[], true];
  const imports = `"imports": { "zod": "npm:zod@^4" }`;
  const json = (text: string) => told("deno.json", text);
  assertEquals(json(`{ "tasks": {}, ${imports} }`), nothing);
  assertEquals(json(`{ "lint": {}, "test": {} }`), nothing);
  assertEquals(
    json(`{ "unstable": ["kv"], "nodeModulesDir": "auto" }`),
    without("deno.json", `"nodeModulesDir", "unstable"`),
  );
  assertEquals(
    json(`{ "compilerOptions": { "experimentalDecorators": true } }`),
    without("deno.json", `"compilerOptions"`),
  );
  assertEquals(
    told("package.json", `{ "type": "commonjs" }`),
    without("package.json", `"type"`),
  );
  assertEquals(told("package.json", `{ "type": "module" }`), nothing);
  assertEquals(
    told("package.json", `{ "version": "1.0.0", "scripts": { "x": "y" } }`),
    nothing,
  );
  // Nobody loads what it is for.
  const jsx = `{ "compilerOptions": { "jsx": "react-jsx" } }`;
  assertEquals(told("tsconfig.json", jsx), nothing);
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
