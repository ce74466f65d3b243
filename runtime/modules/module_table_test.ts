import { assertEquals, assertNotEquals } from "@std/assert";
import { type CodeOrigin, folderUrl, ModuleTable } from "./module_table.ts";

const ROOT = "file:///srv/app/";
const RELEASES = "file:///srv/app/.flyhot/releases/";
const A = "a".repeat(64);
const B = "b".repeat(64);

function newTable(): ModuleTable {
  return new ModuleTable(ROOT, RELEASES);
}

function originOf(table: ModuleTable, sha256: string | null): CodeOrigin {
  return {
    sha256,
    folder: sha256 === null ? table.root : table.releaseFolder(sha256),
  };
}

/** Stages and commits; the URLs by path, and the undo. */
function upgrade(
  table: ModuleTable,
  sha256: string | null,
  ...paths: string[]
): { url: (path: string) => string; undo: () => void } {
  const staged = table.stage(originOf(table, sha256), paths);
  const undo = table.commit(staged);
  return { url: (path) => staged.urls.get(path)!, undo };
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
  assertEquals(table.current("a/b.ts"), "file:///srv/app/a/b.ts");
  assertEquals(table.generation, 0);
  const { url } = upgrade(table, A, "a/b.ts");
  assertEquals(url("a/b.ts"), `${RELEASES}aaaaaaaaaaaa/a/b.ts?v=1`);
  assertEquals(table.current("a/b.ts"), url("a/b.ts"));
  assertEquals(table.current("a/c.ts"), "file:///srv/app/a/c.ts");
  assertEquals(table.generation, 1);
});

Deno.test("ModuleTable.pathOf() gives back the path of every URL it makes, however odd", () => {
  const table = newTable();
  for (const path of ODD_PATHS) {
    assertEquals(table.pathOf(table.baseUrl(path)), path, "base place");
    const { url } = upgrade(table, A, path);
    assertEquals(table.pathOf(url(path)), path, "release");
    assertEquals(table.current(path), url(path));
    const back = upgrade(table, null, path);
    assertEquals(table.pathOf(back.url(path)), path, "back on the base image");
  }
});

Deno.test("ModuleTable.stage() gives different paths different URLs", () => {
  const table = newTable();
  const { urls } = table.stage(originOf(table, A), ODD_PATHS);
  assertEquals(new Set(urls.values()).size, ODD_PATHS.length);
  for (const url of urls.values()) assertEquals(url.endsWith("?v=1"), true);
});

Deno.test("ModuleTable.stage() never gives the same URL twice, because a failed import poisons it", () => {
  const table = newTable();
  const first = table.stage(originOf(table, A), ["a.ts"]);
  const second = table.stage(originOf(table, A), ["a.ts"]);
  assertEquals([first.attempt, second.attempt], [1, 2]);
  assertNotEquals(first.urls.get("a.ts"), second.urls.get("a.ts"));
  assertEquals(table.current("a.ts"), table.baseUrl("a.ts"));
  assertEquals(table.generation, 0);
});

Deno.test("ModuleTable.pathOf() knows only URLs of the app", () => {
  const table = newTable();
  const cases: Record<string, string | null> = {
    "file:///srv/app/x.ts?v=12": "x.ts",
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
    [`${RELEASES}aaaaaaaaaaaa/x/y.ts?v=3`]: "x/y.ts",
    [`${RELEASES}aaaaaaaaaaaa/`]: "",
    [`${RELEASES}aaaaaaaaaaaa`]: null,
    [`${RELEASES}aaaaaaaaaaaa/%ff.ts`]: null,
    "file:///srv/app/.flyhot/releases.ts": ".flyhot/releases.ts",
  };
  for (const [url, path] of Object.entries(cases)) {
    assertEquals(table.pathOf(url), path, url);
  }
});

Deno.test("ModuleTable.pathOf() knows releases in a folder outside the root", () => {
  const table = new ModuleTable(ROOT, "file:///tmp/flyhot-app/releases/");
  const { url } = upgrade(table, A, "x y.ts");
  assertEquals(
    url("x y.ts"),
    "file:///tmp/flyhot-app/releases/aaaaaaaaaaaa/x%20y.ts?v=1",
  );
  assertEquals(table.pathOf(url("x y.ts")), "x y.ts");
});

Deno.test("ModuleTable.forImporter() keeps every generation's importers in their generation", () => {
  const table = newTable();
  const base = { main: table.baseUrl("main.ts"), x: table.baseUrl("x.ts") };
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
    assertEquals(table.forImporter("x.ts", importer), expected, importer);
  }
});

Deno.test("ModuleTable.forImporter() shows an importer what was current up to the moment it was replaced", () => {
  const table = newTable();
  const x1 = upgrade(table, A, "x.ts");
  assertEquals(
    table.forImporter("x.ts", table.baseUrl("main.ts")),
    x1.url("x.ts"),
    "an importer that is not replaced moves along",
  );
  const x2 = upgrade(table, B, "x.ts");
  const main3 = upgrade(table, A, "main.ts", "x.ts", "y.ts");
  const x4 = upgrade(table, B, "x.ts");
  const oldMain = table.baseUrl("main.ts");
  assertEquals(table.forImporter("x.ts", oldMain), x2.url("x.ts"));
  assertEquals(table.forImporter("y.ts", oldMain), table.baseUrl("y.ts"));
  assertEquals(table.forImporter("z.ts", oldMain), table.baseUrl("z.ts"));
  const newMain = main3.url("main.ts");
  assertEquals(table.forImporter("x.ts", newMain), x4.url("x.ts"));
  assertEquals(table.forImporter("y.ts", newMain), main3.url("y.ts"));
});

Deno.test("ModuleTable.forImporter() keeps code of the image in the image after the way back to it", () => {
  const table = newTable();
  const one = upgrade(table, A, "main.ts", "x.ts");
  const back = upgrade(table, null, "main.ts", "x.ts");
  assertEquals(back.url("x.ts"), `${ROOT}x.ts?v=2`);
  assertEquals(
    table.forImporter("x.ts", table.baseUrl("main.ts")),
    table.baseUrl("x.ts"),
  );
  assertEquals(
    table.forImporter("x.ts", one.url("main.ts")),
    one.url("x.ts"),
  );
  assertEquals(
    table.forImporter("x.ts", back.url("main.ts")),
    back.url("x.ts"),
  );
});

Deno.test("ModuleTable.forImporter() gives current code to importers that it cannot place", () => {
  const table = newTable();
  const poisoned = table.stage(originOf(table, A), ["main.ts"]);
  const one = upgrade(table, A, "main.ts", "x.ts");
  for (
    const importer of [
      poisoned.urls.get("main.ts")!,
      "npm:preact@10",
      "https://example.com/main.ts",
      "data:text/javascript,1",
      "",
      `${table.baseUrl("main.ts")}?mine`,
      table.baseUrl("never-replaced.ts"),
    ]
  ) {
    assertEquals(
      table.forImporter("x.ts", importer),
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
  assertEquals(table.current("x.ts"), one.url("x.ts"));
  assertEquals(table.current("y.ts"), table.baseUrl("y.ts"));
  one.undo();
  assertEquals(table.current("x.ts"), table.baseUrl("x.ts"));
});

Deno.test("ModuleTable.commit() gives an undo that takes back its own upgrade only, once, in any order", () => {
  const table = newTable();
  const one = upgrade(table, A, "x.ts", "y.ts");
  const two = upgrade(table, B, "x.ts");
  one.undo();
  one.undo();
  assertEquals(table.current("x.ts"), two.url("x.ts"));
  assertEquals(table.current("y.ts"), table.baseUrl("y.ts"));
  const three = upgrade(table, A, "y.ts");
  one.undo();
  assertEquals(table.current("y.ts"), three.url("y.ts"));
});

Deno.test("ModuleTable.commit() keeps code in its generation across an undo", () => {
  const table = newTable();
  const one = upgrade(table, A, "main.ts", "x.ts");
  upgrade(table, B, "main.ts", "x.ts").undo();
  const main = one.url("main.ts");
  assertEquals(table.forImporter("x.ts", main), one.url("x.ts"));
  const three = upgrade(table, B, "main.ts", "x.ts");
  assertEquals(table.forImporter("x.ts", main), one.url("x.ts"));
  assertEquals(
    table.forImporter("x.ts", three.url("main.ts")),
    three.url("x.ts"),
  );
});

Deno.test("ModuleTable.generation counts swaps", () => {
  const table = newTable();
  upgrade(table, A, "x.ts");
  upgrade(table, B);
  assertEquals(table.generation, 2);
});

Deno.test("folderUrl() spells a folder as Deno spells the modules in it, slash or no slash", () => {
  assertEquals(folderUrl("/srv/app"), "file:///srv/app/");
  assertEquals(folderUrl("/srv/app///"), "file:///srv/app/");
  assertEquals(folderUrl("/"), "file:///");
});

Deno.test("folderUrl() matches import.meta.url in a folder of any name", async () => {
  const folder = await Deno.realPath(await Deno.makeTempDir());
  const odd = `${folder}/odd [a] b#c%20d^e|f{g}\`~'é(1)`;
  try {
    await Deno.mkdir(odd);
    const names = [
      "[id] #1 100%.ts",
      "(x)^|{}`~'.ts",
      "a%41.ts",
      "日本 é.ts",
      "@x&y=z;$,!.ts",
    ];
    const table = new ModuleTable(folderUrl(odd), `${RELEASES}`);
    for (const name of names) {
      await Deno.writeTextFile(
        `${odd}/${name}`,
        "export const url = import.meta.url;",
      );
      const { url } = await import(table.baseUrl(name));
      assertEquals(url, table.baseUrl(name));
      assertEquals(table.pathOf(url), name);
    }
    // The main module's URL is made by Deno from a path.
    await Deno.writeTextFile(
      `${odd}/${names[0]}`,
      "console.log(import.meta.url)",
    );
    const { stdout } = await new Deno.Command(Deno.execPath(), {
      args: ["run", "--no-config", `${odd}/${names[0]}`],
    }).output();
    assertEquals(
      new TextDecoder().decode(stdout).trim(),
      table.baseUrl(names[0]!),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
