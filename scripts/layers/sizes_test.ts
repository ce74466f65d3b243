import { assertEquals } from "@std/assert";
import { join } from "@std/path";

const ROOT = new URL("../../", import.meta.url).pathname;
const FILES_MAX = 16;
const LINES_MAX = 400;

/** Apps that tests upgrade are laid out as their authors would. */
const NOT_OURS = ["tests/sample_apps/ordinary", "node_modules"];

/** What is too large in a folder and below it, a sentence each. */
async function* tooLarge(folder: string): AsyncGenerator<string> {
  let files = 0;
  for await (const { name, isDirectory } of Deno.readDir(join(ROOT, folder))) {
    const path = `${folder}/${name}`;
    if (NOT_OURS.some((it) => path.endsWith(it))) continue;
    if (isDirectory) yield* tooLarge(path);
    if (!name.endsWith(".ts")) continue;
    files++;
    const text = await Deno.readTextFile(join(ROOT, path));
    const lines = text.split("\n").length - 1;
    if (lines > LINES_MAX) yield `${path} has ${lines} lines`;
  }
  if (files > FILES_MAX) yield `${folder}/ has ${files} files`;
}

Deno.test("no room has more than sixteen files, and no file more than four hundred lines", async () => {
  const found: string[] = [];
  for (const folder of ["runtime", "src", "scripts", "tests"]) {
    for await (const what of tooLarge(folder)) found.push(what);
  }
  assertEquals(found, []);
});
