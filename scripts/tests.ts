/**
 * Runs the tests of the project: all that CI has time for, the long ones, or
 * those that are named.
 *
 * ```sh
 * deno task test [options of deno test] [paths]
 * deno task test:long
 * ```
 *
 * @module
 */

import { readdir } from "node:fs/promises";
import { join, SEPARATOR } from "@std/path";
import { runDeno } from "./programs/run_deno.ts";
import { testsByRoom } from "./tests/rooms.ts";
import { LONG } from "./tests/long.ts";

const ROOT = join(import.meta.dirname!, "..");
const TEST = ["test", "-A", "--parallel"];
async function main(args: readonly string[]): Promise<number> {
  if (args[0] === "--long") {
    return await runDeno([...TEST, ...args.slice(1), ...LONG]);
  }
  if (await namesFiles(args)) return await runDeno([...TEST, "--doc", ...args]);
  const rooms = testsByRoom(await testFiles());
  // In the project, and no path is named: deno ignores files below the first one only.
  const folder = await Deno.makeTempDir({ dir: ROOT, prefix: ".rooms-" });
  try {
    for (const [room, units] of Object.entries(rooms)) {
      await Deno.writeTextFile(
        join(folder, `${room.replace("/", "_")}_test.ts`),
        units.map((it) => `import "../${it}";\n`).join(""),
      );
    }
    return await runDeno([
      ...TEST,
      "--doc",
      `--ignore=${[...Object.values(rooms).flat(), ...LONG].join(",")}`,
      ...args,
    ]);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function namesFiles(args: readonly string[]): Promise<boolean> {
  for (const arg of args.filter((it) => !it.startsWith("-"))) {
    if (await Deno.stat(arg).then(() => true, () => false)) return true;
  }
  return false;
}

async function testFiles(): Promise<string[]> {
  const found = await Promise.all(
    ["runtime", "src", "scripts", "tests"].map(async (folder) => {
      const below = await readdir(join(ROOT, folder), { recursive: true });
      return below.map((it) => `${folder}/${it.replaceAll(SEPARATOR, "/")}`);
    }),
  );
  return found.flat().filter((it) =>
    /_test\.tsx?$/.test(it) && !it.includes("/node_modules/")
  );
}

if (import.meta.main) Deno.exit(await main(Deno.args));
