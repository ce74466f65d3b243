import { assert, assertEquals, assertThrows } from "@std/assert";
import { dirname, fromFileUrl, join } from "@std/path";
import { neededVersions } from "../mod.ts";
import { jsrVersions, stdPackages } from "./std.ts";
import { REPUBLICATION, STD_MODULES } from "./std_table.ts";

const HERE = dirname(fromFileUrl(import.meta.url));
const ROOT = dirname(dirname(dirname(HERE)));
const VALUE = /^export declare (?:class|function) (\w+)/gm;
const CONSTANTS = /^export declare const ([^;]+);/gm;

/** The values (not types) that a declaration file declares. */
async function declaredValues(types: string): Promise<string[]> {
  const text = await Deno.readTextFile(join(HERE, "types", types));
  const names = [...text.matchAll(VALUE)].map((match) => match[1] ?? "");
  for (const [, list = ""] of text.matchAll(CONSTANTS)) {
    for (const [, name = ""] of list.matchAll(/(?:^|,\s*)(\w+):/g)) {
      names.push(name);
    }
  }
  return [...new Set(names)].sort();
}

async function exportedValues(module: string): Promise<string[]> {
  return Object.keys(await import(`${REPUBLICATION}/${module}`)).sort();
}

Deno.test("stdPackages() has every JSR package of deno.json at its version", async () => {
  const versions = await neededVersions(ROOT);
  const packages = stdPackages(versions);
  assertEquals(packages.map(({ name }) => name), [...versions.keys()]);
  for (const { name, snapshot } of packages) {
    assertEquals((await snapshot()).version, versions.get(name), name);
  }
  // And the table keeps nothing that nobody needs.
  for (const name of Object.keys(STD_MODULES)) assert(versions.has(name), name);
});

Deno.test("stdPackages() exports only files that it serves", async () => {
  for (const { name, snapshot } of stdPackages(await neededVersions(ROOT))) {
    const { exports, files } = await snapshot();
    for (const [entry, path] of Object.entries(exports)) {
      assert(files.has(path.replace("./", "")), `${name} ${entry}`);
    }
  }
});

Deno.test("stdPackages() refuses a package that nobody republishes", () => {
  assertThrows(
    () => stdPackages(new Map([["@std/none", "1.0.0"]])),
    Error,
    "no npm republication of it is known",
  );
});

Deno.test("jsrVersions() reads exact versions and refuses others", () => {
  assertEquals(
    jsrVersions({
      "a": "jsr:@std/a@1.0.0",
      "b": "jsr:/@std/b@1.0.0-rc.1",
      "c": "npm:c@1",
      "d/": "./d/",
    }),
    new Map([["@std/a", "1.0.0"], ["@std/b", "1.0.0-rc.1"]]),
  );
  for (const target of ["jsr:@std/a", "jsr:@std/a@^1.0.0", "jsr:@std/a@1"]) {
    assertThrows(() => jsrVersions({ target }), Error, "no exact version");
  }
});

for (const [name, modules] of Object.entries(STD_MODULES)) {
  for (const { entry, module, types } of modules) {
    Deno.test(`the declarations of ${name} ${entry} name what it exports`, async () => {
      assertEquals(await declaredValues(types), await exportedValues(module));
    });
  }
}
