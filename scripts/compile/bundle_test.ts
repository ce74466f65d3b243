import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { FlyhotError } from "../../src/errors.ts";
import { tempFolder } from "../../tests/support/temp_folder.ts";
import { bakeCommit, bundleCli, withoutOrigins } from "./bundle.ts";

Deno.test("bakeCommit() writes the commit where src/version.ts has it, and nowhere else", () => {
  assertEquals(
    bakeCommit(
      'var A = "unknown";\nvar COMMIT = "unknown";\nvar B = COMMIT;\n',
      '12"34',
    ),
    'var A = "unknown";\nvar COMMIT = "12\\"34";\nvar B = COMMIT;\n',
  );
  assertEquals(
    bakeCommit('var COMMIT;\n{\n    COMMIT = "unknown";\n}\n', "12"),
    'var COMMIT;\n{\n    COMMIT = "12";\n}\n',
  );
});

Deno.test("bakeCommit() refuses a bundle without the one place for it", () => {
  const place = '\nvar COMMIT = "unknown";\n';
  for (const [bundle, count] of [["", 0], [place + place, 2]] as const) {
    assertThrows(
      () => bakeCommit(bundle, "1234"),
      Error,
      `it has ${count} places for it instead of one`,
    );
  }
});

Deno.test("withoutOrigins() takes out where modules were found, and leaves all else", () => {
  const kept = [
    "// src/main.ts",
    "// ../ is not a module",
    'const code = "// ../a.ts";',
    "  // ../indented.ts",
  ];
  assertEquals(
    withoutOrigins(
      [
        "// ../../home/ada/.cache/deno/npm/aws4fetch/1.0.20/dist/aws4fetch.esm.mjs",
        "// deno:http://127.0.0.1:4711/04f7849b/@std/tar/0.1.10/header.ts",
        "// deno:https://jsr.io/@std/path/1.1.6/join.ts",
        "// /root/deno/std/a.js",
        "// C:/deno/b.ts",
        ...kept,
        "",
      ].join("\n"),
    ),
    kept.join("\n") + "\n",
  );
});

Deno.test("bundleCli() says why, and no more, when a module has a wrong type", async () => {
  await using folder = await tempFolder();
  await Deno.writeTextFile(folder.join("deno.json"), "{}");
  await Deno.writeTextFile(
    folder.join("cli.ts"),
    "export const count: number = 'one';\n",
  );
  const error = await assertRejects(
    () =>
      bundleCli({
        root: folder.path,
        output: folder.join("out.js"),
        commit: "1234",
      }),
    FlyhotError,
    "Cannot bundle cli.ts: deno bundle ended with 1:\nTS2322 [ERROR]: Type 'string' is not assignable to type 'number'.",
  );
  assertEquals(/Download|experimental|backtrace/.test(error.message), false);
});
