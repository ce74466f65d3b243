import { assert, assertEquals } from "@std/assert";
import { dirname, fromFileUrl, join, relative } from "@std/path";

const ROOT = fromFileUrl(new URL("../../", import.meta.url));
/** Static, and not of types only. */
const IMPORT =
  /^(?:import|export)\s+(?!type\b)(?:[^"';]*?\sfrom\s+)?"([^"]+)"/gm;

/** The modules of this repository that are loaded with one of them. */
async function loadedWith(entry: string): Promise<Set<string>> {
  const seen = new Set<string>();
  const left = [join(ROOT, entry)];
  while (left.length > 0) {
    const file = left.pop()!;
    if (seen.has(file)) continue;
    seen.add(file);
    const text = await Deno.readTextFile(file);
    for (const [, specifier = ""] of text.matchAll(IMPORT)) {
      const room = /^@flyhot\/runtime\/(\w+)$/.exec(specifier)?.[1];
      if (room) left.push(join(ROOT, "runtime", room, "mod.ts"));
      else if (/^\.{1,2}\/.*\.ts$/.test(specifier)) {
        left.push(join(dirname(file), specifier));
      }
    }
  }
  return new Set([...seen].map((file) => relative(ROOT, file)));
}

Deno.test("commands that decide nothing about hot or cold load nothing that does", async () => {
  const loaded = async (file: string) =>
    [...await loadedWith(file)].filter((path) =>
      path.startsWith("runtime/plan/")
    );
  for (
    const file of [
      "cli.ts",
      "src/commands/inspect/status.ts",
      "src/commands/inspect/releases.ts",
      "src/commands/rollout/lock.ts",
      "src/commands/rollout/hot.ts",
      "src/commands/project/keygen.ts",
      "src/commands/completions.ts",
      "src/commands/project/sandbox.ts",
    ]
  ) assertEquals(await loaded(file), [], file);
  // Else nothing is looked at.
  assert((await loaded("src/commands/project/plan.ts")).length > 50);
  assert((await loadedWith("cli.ts")).has("runtime/protocol/mod.ts"));
});
