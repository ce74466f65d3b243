import { assertEquals, assertStringIncludes } from "@std/assert";
import { packed, running } from "../../../tests/support/planned_app.ts";
import { refusalText } from "../../base/refusal.ts";
import { classify } from "../classify.ts";
import { planReport } from "../report.ts";
import {
  A,
  ALIASES,
  lock,
  locked,
  type Npm,
  plan,
  texts,
} from "./server_only_fixture_test.ts";

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
