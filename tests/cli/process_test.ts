import { assert, assertEquals } from "@std/assert";
import { VERSION } from "../../src/version.ts";

const CLI = new URL("../../cli.ts", import.meta.url).href;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;

async function flyhot(
  ...args: string[]
): Promise<{ code: number; out: string; err: string }> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: ["run", "-A", "--quiet", "--config", CONFIG, CLI, ...args],
    stdin: "null",
  }).output();
  const decode = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  return { code, out: decode(stdout), err: decode(stderr) };
}

Deno.test("the process ends with the exit code, the answer on stdout and the rest on stderr", async () => {
  assertEquals(await flyhot("--version"), {
    code: 0,
    out: `flyhot ${VERSION} (commit unknown, Deno ${Deno.version.deno})\n`,
    err: "",
  });
  const wrong = await flyhot("hot", "--skip-build", "--json");
  assertEquals(wrong.code, 2);
  assertEquals(JSON.parse(wrong.out).error.exit_code, 2);
  assert(
    wrong.err.endsWith(
      "error: Cannot skip the build: --image is missing\nhint: name the image to use: --skip-build --image <reference>\n",
    ),
    wrong.err,
  );
});

Deno.test("the modules do nothing when they are imported", async () => {
  const cli = await import("../../cli.ts");
  assertEquals(Object.keys(cli), []);
  const library = await import("../../mod.ts");
  assert(typeof library.orchestrate === "function");
  assert(typeof library.packRelease === "function");
  assert(typeof library.main === "function");
});
