import { assert, assertEquals, assertFalse } from "@std/assert";
import { runMain } from "../tests/cli/run_main.ts";
import { COMMANDS } from "./commands/table.ts";
import { VERSION } from "./version.ts";

Deno.test("main() shows the overview, and refuses to guess without a command", async () => {
  const help = await runMain(["--help"]);
  assertEquals([help.code, help.err], [0, ""]);
  assert(help.out.startsWith("Upgrades running Deno programs on Fly.io"));
  assertFalse(help.out.includes("orchestrate"));
  const none = await runMain([]);
  assertEquals([none.code, none.out], [2, ""]);
  assert(none.err.includes("Commands:\n"));
  assert(
    none.err.includes("error: Cannot tell what to do: no command given\n"),
  );
});

Deno.test("main() shows version, commit and Deno's version in both forms", async () => {
  const deno = Deno.version.deno;
  assertEquals(
    (await runMain(["--version"])).out,
    `flyhot ${VERSION} (commit unknown, Deno ${deno})\n`,
  );
  assertEquals(
    JSON.parse((await runMain(["--json", "--version"])).out),
    { version: VERSION, commit: "unknown", deno },
  );
});

for (const { name } of COMMANDS) {
  Deno.test(`main() shows the help of ${name}, in 80 columns, with every way to ask`, async () => {
    const { code, out, err } = await runMain([name, "--help"]);
    assertEquals([code, err], [0, ""]);
    assert(out.includes(`Usage: flyhot ${name} `));
    for (const line of out.split("\n")) {
      // Commands to be copied are never broken.
      assert(line.length <= 80 || line.startsWith("  flyhot "), line);
    }
    assertEquals((await runMain([name, "-h"])).out, out);
    assertEquals((await runMain(["help", name])).out, out);
    assertEquals(JSON.parse((await runMain([name, "-h", "--json"])).out), {
      help: out.trimEnd(),
    });
  });
}

Deno.test("main() colors errors only on a terminal, and not with NO_COLOR", async () => {
  const args = ["statsu"];
  assertFalse((await runMain(args)).err.includes("\x1b"));
  assert((await runMain(args, { terminal: true })).err.includes("\x1b[31m"));
  const noColor = { terminal: true, env: { NO_COLOR: "1" } };
  assertFalse((await runMain(args, noColor)).err.includes("\x1b"));
});
