import { assertEquals } from "@std/assert";
import { mayNamePackages, packagesInFile } from "./packages_in_file.ts";
import { tempFolder } from "../../tests/support/temp_folder.ts";

Deno.test("mayNamePackages() says yes to scripts and configuration, no to data", () => {
  for (
    const path of [
      "a.ts",
      "a/b.mjs",
      "x.tsx",
      "c.cjs",
      "deno.json",
      "packages/a/deno.jsonc",
      "package.json",
      "import_map.json",
      "config/import-map.dev.json",
    ]
  ) assertEquals(mayNamePackages(path), true, path);
  for (
    const path of [
      "map.geojson",
      "data.json",
      "deno.json/data.json",
      "deno.lock",
      "README.md",
      "a.css",
      "my-package.json",
    ]
  ) assertEquals(mayNamePackages(path), false, path);
});

Deno.test("packagesInFile() finds a specifier wherever chunks are cut", async () => {
  await using folder = await tempFolder();
  const path = folder.join("bundle.js");
  const chunk = 64 * 1024;
  for (
    const before of [0, 1, chunk - 20, chunk - 9, chunk - 1, 2 * chunk - 3]
  ) {
    await Deno.writeTextFile(
      path,
      `${"é".repeat(before >> 1)}${
        "x".repeat(before & 1)
      } import "npm:left-pad@1.3.0"; "jsr:@a/b@2"`,
    );
    assertEquals([...await packagesInFile(path)].sort(), [
      "jsr:@a/b@2",
      "npm:left-pad@1.3.0",
    ], `after ${before} bytes`);
  }
});

Deno.test("packagesInFile() reads a large script, and no large configuration", async () => {
  await using folder = await tempFolder();
  const text = `"npm:a@1"${" ".repeat(1024 * 1024)}`;
  const found = async (name: string) => {
    await Deno.writeTextFile(folder.join(name), text);
    return [...await packagesInFile(folder.join(name))];
  };
  assertEquals(await found("a.js"), ["npm:a@1"]);
  assertEquals(await found("import_map.json"), []);
});

Deno.test("packagesInFile() finds nothing where there is no file or one long word", async () => {
  await using folder = await tempFolder();
  assertEquals([...await packagesInFile(folder.join("gone.ts"))], []);
  await Deno.writeTextFile(folder.join("word.js"), "x".repeat(300_000));
  assertEquals([...await packagesInFile(folder.join("word.js"))], []);
});
