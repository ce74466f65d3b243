/**
 * Writes the reference in `docs/` from the code.
 *
 * ```sh
 * deno task reference
 * ```
 *
 * @module
 */

import { join } from "node:path";
import { fileURLToPath } from "node:url";
import {
  commandPage,
  configurationPage,
  SOURCES,
  type SourceTexts,
} from "./reference/pages.ts";
import { runProgram } from "./programs/run_program.ts";

const ROOT = fileURLToPath(new URL("../", import.meta.url));

/** Makes the pages of the reference. */
export async function referencePages(): Promise<ReadonlyMap<string, string>> {
  const texts = Object.fromEntries(
    await Promise.all(
      Object.entries(SOURCES).map(async ([name, path]) =>
        [name, await Deno.readTextFile(join(ROOT, path))] as const
      ),
    ),
  ) as SourceTexts;
  const folder = await Deno.makeTempDir({ prefix: "flyhot-reference-" });
  try {
    const pages = new Map([
      ["docs/cli.md", await commandPage()],
      ["docs/configuration.md", configurationPage(texts)],
    ]);
    const temporary = [...pages.keys()].map((_, index) =>
      join(folder, `${index}.md`)
    );
    for (const [index, text] of [...pages.values()].entries()) {
      await Deno.writeTextFile(temporary[index]!, text);
    }
    const { code, stderr } = await runProgram(Deno.execPath(), [
      "fmt",
      "--no-config",
      "--quiet",
      ...temporary,
    ], { cwd: folder });
    if (code !== 0) throw new Error(`Cannot format the reference: ${stderr}`);
    return new Map(
      await Promise.all(
        [...pages.keys()].map(async (path, index) =>
          [path, await Deno.readTextFile(temporary[index]!)] as const
        ),
      ),
    );
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

if (import.meta.main) {
  await Deno.mkdir(join(ROOT, "docs"), { recursive: true });
  for (const [path, text] of await referencePages()) {
    await Deno.writeTextFile(join(ROOT, path), text);
    // deno-lint-ignore no-console -- what this script did
    console.log(path);
  }
}
