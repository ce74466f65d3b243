import { assertEquals } from "@std/assert";
import { packed, running } from "../../../tests/support/planned_app.ts";
import { classify } from "../classify.ts";
import { isEmptyPlan } from "../plan.ts";
import { MAIN, plan, texts } from "./classify_cases_fixture_test.ts";

Deno.test("T1, T12: what the image has and the release leaves out is not removed", () => {
  const a = { "app.ts": `export const f = 1;`, "notes.txt": "n" };
  const it = plan(a, { "notes.txt": null });
  assertEquals([isEmptyPlan(it), it.removed], [true, []]);
  const later = plan(a, { "notes.txt": null }, {
    changes: { releaseFiles: ["app.ts", "main.ts", "notes.txt"] },
  });
  assertEquals(later.removed, ["notes.txt"]);
});

Deno.test("T1: whatever kind of file the release leaves out, there is nothing to do until something is", () => {
  const a = { "app.ts": `export const f = 1;` };
  const left = {
    "notes.txt": "n",
    "data/deep/rows.json": "[]",
    "unused.ts": `import "./app.ts"; export const u = 1;`,
    "app_test.ts": `import "./app.ts";`,
    "Dockerfile": "FROM denoland/deno",
    "tsconfig.json": `{ "compilerOptions": { "strict": true } }`,
    ".env": "A=1",
  };
  const none = Object.fromEntries(
    Object.keys(left).map((path) => [path, null]),
  );
  const all = plan({ ...a, ...left }, none);
  assertEquals(
    [isEmptyPlan(all), all.reload, all.removed, texts(all)],
    [true, [], [], []],
  );
  // Left out beside a change, the change alone goes in.
  const beside = plan({ ...a, ...left }, {
    ...none,
    "app.ts": `export const f = 2;`,
  });
  assertEquals(
    [beside.reload, beside.removed, texts(beside)],
    [["app.ts"], [], []],
  );
  // What a process has loaded is not left out: it is gone.
  const loaded = plan({
    "app.ts": `import { u } from "./unused.ts"; export const f = u;`,
    "unused.ts": `export const u = 1;`,
  }, { "app.ts": `export const f = 2;`, "unused.ts": null });
  assertEquals([loaded.removed, loaded.pruned], [["unused.ts"], ["unused.ts"]]);
});

Deno.test("T2: an alias that leads elsewhere reloads who uses it", () => {
  const files = {
    "main.ts": MAIN,
    "app.ts": `import { v } from "$lib/v.ts"; export const f = () => v;`,
    "other.ts": `export const o = 1;`,
    "lib1/v.ts": `export const v = 1;`,
    "lib2/v.ts": `export const v = 2;`,
  };
  const map = (folder: string) =>
    JSON.stringify({ imports: { "$lib/": `./${folder}/` } });
  const it = classify(
    packed({ ...files, "import_map.json": map("lib2") }, {
      aliases: { "$lib/": "lib2/" },
    }),
    running({ ...files, "import_map.json": map("lib1") }, {
      aliases: { "$lib/": "lib1/" },
    }),
  );
  assertEquals([it.reload, it.fresh, it.pruned, texts(it)], [
    ["app.ts"],
    ["lib2/v.ts"],
    ["lib1/v.ts"],
    [],
  ]);
});

Deno.test("T11: tests, a README and editor settings are nothing to do", () => {
  const a = {
    "app.ts": `export const f = 1;`,
    "app_test.ts": `import "./app.ts";`,
    "README.md": "1",
    ".vscode/settings.json": "{}",
  };
  const it = plan(a, {
    "app_test.ts": `import "./app.ts"; // 2`,
    "README.md": "2",
    ".vscode/settings.json": "{ }",
  });
  assertEquals(isEmptyPlan(it), true);
  assertEquals(it.notes, [
    "changed, but not used by the app: .vscode/settings.json, README.md, app_test.ts",
  ]);
});

Deno.test("a machine that only says where specifiers lead is planned for like one that says all edges", () => {
  const a = {
    "app.ts":
      `import { x } from "./x.ts"; import "./a.ts"; export const f = () => x;`,
    "x.ts": `export const x = 1;`,
    "a.ts": `export {};`,
  };
  const machine = running({ "main.ts": MAIN, ...a });
  const { edges: _, specifiers, ...rest } = machine;
  const { "main.ts": __, ...seen } = specifiers!;
  const b = {
    "main.ts": MAIN,
    ...a,
    "app.ts": `import { x } from "./x.ts"; export const f = () => x;`,
  };
  const it = classify(packed(b), {
    ...rest,
    specifiers: seen,
    plain: { "app.ts": ["x.ts", "a.ts"] },
  });
  assertEquals([it.reload, it.pruned, texts(it)], [["app.ts"], ["a.ts"], []]);
});
