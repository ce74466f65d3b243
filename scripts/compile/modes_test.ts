import { assert, assertEquals, assertRejects } from "@std/assert";
import { fromFileUrl } from "@std/path";
import { FlyhotError } from "../../src/errors.ts";
import { tempFolder } from "../../tests/support/temp_folder.ts";
import { checkCompile, compileAll, compileHere } from "./modes.ts";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));

Deno.test("checkCompile() finds the whole bundle in what deno compile wrote around any executable", async () => {
  const stub = Deno.execPath();
  const found = await checkCompile({ root: ROOT, stub });
  assertEquals(found.stub, stub);
  const { size } = await Deno.stat(stub);
  assert(found.outputSize > size + found.bundleSize);
});

Deno.test("compileHere() refuses a binary that does not run flyhot, and leaves nothing", async () => {
  await using dist = await tempFolder();
  // A whole deno around the bundle runs, but not the bundle.
  await assertRejects(
    () => compileHere({ root: ROOT, dist: dist.path, stub: Deno.execPath() }),
    FlyhotError,
    "Cannot use the compiled binary: --version --json is to say ",
  );
  assertEquals(await dist.list(), []);
});

Deno.test("compileHere() says that DENORT_BIN names nothing, and leaves nothing", async () => {
  await using dist = await tempFolder();
  const stub = dist.join("no-such-denort");
  await assertRejects(
    () => compileHere({ root: ROOT, dist: dist.path, stub }),
    FlyhotError,
    `Could not find denort at '${stub}'`,
  );
  assertEquals(await dist.list(), []);
});

Deno.test("compileAll() refuses one runtime for all targets before it does anything", async () => {
  await using dist = await tempFolder();
  const error = await assertRejects(
    () => compileAll({ root: ROOT, dist: dist.path, stub: Deno.execPath() }),
    FlyhotError,
    "Cannot compile for 5 targets: DENORT_BIN names the runtime of one",
  );
  assertEquals([error.exitCode, error.hint], [
    2,
    "unset DENORT_BIN, or leave out --all",
  ]);
  assertEquals(await dist.list(), []);
});
