import { assertEquals } from "@std/assert";
import { ModuleTable } from "./module_table.ts";
import { instanceUrl } from "./module_urls.ts";

const ROOT = "file:///srv/app/";
const RELEASES = "file:///srv/app/.flyhot/releases/";
const A = "a".repeat(64);
const B = "b".repeat(64);

function newTable(): ModuleTable {
  return new ModuleTable(ROOT, RELEASES);
}

function folderOf(table: ModuleTable, sha256: string | null): string {
  return sha256 === null ? table.root : table.releaseFolder(sha256);
}

/** Stages and commits; the instances by path, and the undo. */
function upgrade(
  table: ModuleTable,
  sha256: string | null,
  ...paths: string[]
): { url: (path: string) => string; undo: () => void } {
  const staged = table.stage(folderOf(table, sha256), paths);
  const undo = table.commit(staged);
  const url = (path: string) =>
    instanceUrl(table.placeOf(path), staged.attempt);
  return { url, undo };
}

const ODD_PATHS = [
  "app.ts",
  "routes/[id].tsx",
  "routes/[...rest].tsx",
  "with space.ts",
  " leading.ts",
  "trailing ",
  "hash#1.ts",
  "100%.ts",
  "50%25.ts",
  "a%41.ts",
  "what?.ts",
  "back\\slash.ts",
  "(group)/page.ts",
  "~tilde^pipe|{}`.ts",
  "colon:v=1.ts",
  "file:/x.ts",
  "https:/x.ts",
  "été/naïve.ts",
  "e\u0301te\u0301.ts",
  "日本/語.ts",
  "😀.ts",
  "plus+and&eq=.ts",
  "quote'\".ts",
  "v=1",
  "@scope/x.ts",
  "__proto__",
  "constructor",
];

Deno.test("ModuleTable.current() is the place under the root, until an upgrade touches the path", () => {
  const table = newTable();
  assertEquals(
    table.current(table.placeOf("a/b.ts")),
    "file:///srv/app/a/b.ts",
  );
  assertEquals(table.generation, 0);
  const { url } = upgrade(table, A, "a/b.ts");
  assertEquals(url("a/b.ts"), `${ROOT}a/b.ts?flyhot=1`);
  assertEquals(table.fileOf(url("a/b.ts")), `${RELEASES}aaaaaaaaaaaa/a/b.ts`);
  assertEquals(table.current(table.placeOf("a/b.ts")), url("a/b.ts"));
  assertEquals(
    table.current(table.placeOf("a/c.ts")),
    "file:///srv/app/a/c.ts",
  );
  assertEquals(table.generation, 1);
});

Deno.test("ModuleTable.pathOf() gives back the path of every URL it makes, however odd", () => {
  const table = newTable();
  for (const path of ODD_PATHS) {
    assertEquals(table.pathOf(table.placeOf(path)), path, "base place");
    const { url } = upgrade(table, A, path);
    assertEquals(table.pathOf(url(path)), path, "release");
    assertEquals(table.current(table.placeOf(path)), url(path));
    const back = upgrade(table, null, path);
    assertEquals(table.pathOf(back.url(path)), path, "back on the base image");
  }
});

Deno.test("ModuleTable.fileOf() leads every instance to its own file, however odd its name", () => {
  const table = newTable();
  const one = upgrade(table, A, ...ODD_PATHS);
  const back = upgrade(table, null, ...ODD_PATHS);
  assertEquals(new Set(ODD_PATHS.map(one.url)).size, ODD_PATHS.length);
  for (const path of ODD_PATHS) {
    const place = table.placeOf(path);
    assertEquals(
      table.fileOf(one.url(path)),
      `${RELEASES}aaaaaaaaaaaa/${place.slice(ROOT.length)}`,
    );
    assertEquals(table.fileOf(back.url(path)), place);
    assertEquals(table.fileOf(place), null, "Deno finds it");
  }
});

Deno.test("ModuleTable.stage() counts every attempt, because a failed import poisons its URL", () => {
  const table = newTable();
  const first = table.stage(folderOf(table, A), ["a.ts"]);
  const second = table.stage(folderOf(table, A), ["a.ts"]);
  assertEquals([first.attempt, second.attempt], [1, 2]);
  assertEquals(table.current(table.placeOf("a.ts")), table.placeOf("a.ts"));
  assertEquals(table.generation, 0);
});

Deno.test("ModuleTable keeps the queries and fragments of the app, each an instance of its own", () => {
  const table = newTable();
  const { url } = upgrade(table, A, "x.ts");
  const instances = ["", "?raw=1", "#part", "?raw=1#part"].map((own) =>
    table.current(`${ROOT}x.ts${own}`)
  );
  assertEquals(instances, [
    `${ROOT}x.ts?flyhot=1`,
    `${ROOT}x.ts?raw=1&flyhot=1`,
    `${ROOT}x.ts?flyhot=1#part`,
    `${ROOT}x.ts?raw=1&flyhot=1#part`,
  ]);
  assertEquals(instances[0], url("x.ts"));
  for (const instance of instances) {
    assertEquals(table.pathOf(instance), "x.ts");
    assertEquals(table.isCurrent(instance), true);
    assertEquals(table.fileOf(instance), `${RELEASES}aaaaaaaaaaaa/x.ts`);
  }
  assertEquals(table.isCurrent(`${ROOT}x.ts?raw=1`), false);
});

Deno.test("ModuleTable.commit() gives what nothing reaches a new instance, for whoever wants it later", () => {
  const table = newTable();
  const staged = table.stage(folderOf(table, A), ["a.ts"]);
  table.commit(staged, ["left.ts"]);
  assertEquals(table.current(`${ROOT}left.ts`), `${ROOT}left.ts?flyhot=1`);
});

Deno.test("ModuleTable.pathOf() knows only URLs of the app", () => {
  const table = newTable();
  const cases: Record<string, string | null> = {
    "file:///srv/app/x.ts?v=12": "x.ts",
    "file:///srv/app/x.ts?flyhot=12": "x.ts",
    "file:///srv/app/x.ts#part": "x.ts",
    "file:///srv/app/x.ts?a#b": "x.ts",
    "file:///srv/app2/x.ts": null,
    "file:///srv/app": null,
    "file:///srv/x.ts": null,
    "https://srv/app/x.ts": null,
    "npm:hono@4": null,
    "node:fs": null,
    "": null,
    "file:///srv/app/%ff.ts": null,
    [`${RELEASES}aaaaaaaaaaaa/x/y.ts`]: null,
    [`${RELEASES}aaaaaaaaaaaa`]: null,
    "file:///srv/app/.flyhot/releases.ts": ".flyhot/releases.ts",
    // Packages are not the app's, wherever they lie.
    "file:///srv/app/node_modules/x/y.js": null,
    "file:///srv/app/node_modules/.deno/x@1.0.0/node_modules/x/y.js": null,
    "file:///srv/app/member/node_modules/x/y.js?flyhot=1": null,
    "file:///srv/app/node_modules.ts": "node_modules.ts",
    "file:///srv/app/my_node_modules/x.ts": "my_node_modules/x.ts",
  };
  for (const [url, path] of Object.entries(cases)) {
    assertEquals(table.pathOf(url), path, url);
  }
});

Deno.test("ModuleTable.fileOf() knows releases in a folder outside the root", () => {
  const table = new ModuleTable(ROOT, "file:///tmp/flyhot-app/releases/");
  const { url } = upgrade(table, A, "x y.ts");
  assertEquals(
    table.fileOf(url("x y.ts")),
    "file:///tmp/flyhot-app/releases/aaaaaaaaaaaa/x%20y.ts",
  );
});

Deno.test("ModuleTable.forImporter() keeps every generation's importers in their generation", () => {
  const table = newTable();
  const base = { main: table.placeOf("main.ts"), x: table.placeOf("x.ts") };
  const one = upgrade(table, A, "main.ts", "x.ts");
  const two = upgrade(table, B, "main.ts", "x.ts");
  const three = upgrade(table, A, "main.ts", "x.ts");
  const importers: [string, string][] = [
    [base.main, base.x],
    [one.url("main.ts"), one.url("x.ts")],
    [two.url("main.ts"), two.url("x.ts")],
    [three.url("main.ts"), three.url("x.ts")],
  ];
  for (const [importer, expected] of importers) {
    assertEquals(
      table.forImporter(table.placeOf("x.ts"), importer),
      expected,
      importer,
    );
  }
});

Deno.test("ModuleTable.forImporter() shows an importer what was current up to the moment it was replaced", () => {
  const table = newTable();
  const x1 = upgrade(table, A, "x.ts");
  assertEquals(
    table.forImporter(table.placeOf("x.ts"), table.placeOf("main.ts")),
    x1.url("x.ts"),
    "an importer that is not replaced moves along",
  );
  const x2 = upgrade(table, B, "x.ts");
  const main3 = upgrade(table, A, "main.ts", "x.ts", "y.ts");
  const x4 = upgrade(table, B, "x.ts");
  const oldMain = table.placeOf("main.ts");
  assertEquals(
    table.forImporter(table.placeOf("x.ts"), oldMain),
    x2.url("x.ts"),
  );
  assertEquals(
    table.forImporter(table.placeOf("y.ts"), oldMain),
    table.placeOf("y.ts"),
  );
  assertEquals(
    table.forImporter(table.placeOf("z.ts"), oldMain),
    table.placeOf("z.ts"),
  );
  const newMain = main3.url("main.ts");
  assertEquals(
    table.forImporter(table.placeOf("x.ts"), newMain),
    x4.url("x.ts"),
  );
  assertEquals(
    table.forImporter(table.placeOf("y.ts"), newMain),
    main3.url("y.ts"),
  );
});

Deno.test("ModuleTable.forImporter() keeps code of the image in the image after the way back to it", () => {
  const table = newTable();
  const one = upgrade(table, A, "main.ts", "x.ts");
  const back = upgrade(table, null, "main.ts", "x.ts");
  assertEquals(back.url("x.ts"), `${ROOT}x.ts?flyhot=2`);
  assertEquals(
    table.forImporter(table.placeOf("x.ts"), table.placeOf("main.ts")),
    table.placeOf("x.ts"),
  );
  assertEquals(
    table.forImporter(table.placeOf("x.ts"), one.url("main.ts")),
    one.url("x.ts"),
  );
  assertEquals(
    table.forImporter(table.placeOf("x.ts"), back.url("main.ts")),
    back.url("x.ts"),
  );
});

Deno.test("ModuleTable.forImporter() gives current code to importers that it cannot place", () => {
  const table = newTable();
  const poisoned = table.stage(folderOf(table, A), ["main.ts"]);
  const one = upgrade(table, A, "main.ts", "x.ts");
  for (
    const importer of [
      instanceUrl(table.placeOf("main.ts"), poisoned.attempt),
      "npm:preact@10",
      "https://example.com/main.ts",
      "data:text/javascript,1",
      "",
      table.placeOf("never-replaced.ts"),
    ]
  ) {
    assertEquals(
      table.forImporter(table.placeOf("x.ts"), importer),
      one.url("x.ts"),
      importer,
    );
  }
});

Deno.test("ModuleTable.commit() gives an undo that puts back what was current", () => {
  const table = newTable();
  const one = upgrade(table, A, "x.ts");
  const two = upgrade(table, B, "x.ts", "y.ts");
  two.undo();
  assertEquals(table.current(table.placeOf("x.ts")), one.url("x.ts"));
  assertEquals(table.current(table.placeOf("y.ts")), table.placeOf("y.ts"));
  one.undo();
  assertEquals(table.current(table.placeOf("x.ts")), table.placeOf("x.ts"));
});

Deno.test("ModuleTable.commit() gives an undo that takes back its own upgrade only, once, in any order", () => {
  const table = newTable();
  const one = upgrade(table, A, "x.ts", "y.ts");
  const two = upgrade(table, B, "x.ts");
  one.undo();
  one.undo();
  assertEquals(table.current(table.placeOf("x.ts")), two.url("x.ts"));
  assertEquals(table.current(table.placeOf("y.ts")), table.placeOf("y.ts"));
  const three = upgrade(table, A, "y.ts");
  one.undo();
  assertEquals(table.current(table.placeOf("y.ts")), three.url("y.ts"));
});

Deno.test("ModuleTable.commit() keeps code in its generation across an undo", () => {
  const table = newTable();
  const one = upgrade(table, A, "main.ts", "x.ts");
  upgrade(table, B, "main.ts", "x.ts").undo();
  const main = one.url("main.ts");
  assertEquals(table.forImporter(table.placeOf("x.ts"), main), one.url("x.ts"));
  const three = upgrade(table, B, "main.ts", "x.ts");
  assertEquals(table.forImporter(table.placeOf("x.ts"), main), one.url("x.ts"));
  assertEquals(
    table.forImporter(table.placeOf("x.ts"), three.url("main.ts")),
    three.url("x.ts"),
  );
});

Deno.test("ModuleTable.generation counts swaps", () => {
  const table = newTable();
  upgrade(table, A, "x.ts");
  upgrade(table, B);
  assertEquals(table.generation, 2);
});
