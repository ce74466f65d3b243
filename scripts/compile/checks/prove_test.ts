import { assertEquals, assertRejects } from "@std/assert";
import { FlyhotError } from "../../../src/errors.ts";
import { VERSION } from "../../../src/version.ts";
import { tempFolder } from "../../../tests/support/temp_folder.ts";
import { proveItRuns } from "./prove.ts";

const RIGHT = { version: VERSION, commit: "1234", deno: Deno.version.deno };

async function prove(script: string): Promise<void> {
  await using folder = await tempFolder();
  const path = folder.join("flyhot");
  await Deno.writeTextFile(path, script, { mode: 0o755 });
  await proveItRuns(path, "1234");
}

function printing(value: unknown, code = 0): string {
  return `#!/bin/sh\ncat <<'END'\n${
    JSON.stringify(value, null, 2)
  }\nEND\nexit ${code}\n`;
}

Deno.test("proveItRuns() takes a binary that says what it is", async () => {
  assertEquals(await prove(printing(RIGHT)), undefined);
});

Deno.test("proveItRuns() refuses one that says anything else, or nothing", async () => {
  const wrong = [
    [printing({ ...RIGHT, commit: "unknown" }), "but ended with 0 and said"],
    [printing({ ...RIGHT, version: "0.0.1" }), "but ended with 0 and said"],
    [printing({ ...RIGHT, deno: "1.0.0" }), "but ended with 0 and said"],
    [printing(RIGHT, 1), "but ended with 1 and said"],
    ["#!/bin/sh\necho 'No archive found' >&2\n", 'said "No archive found"'],
    ["#!/no/such/interpreter\n", "it does not run ("],
  ] as const;
  for (const [script, why] of wrong) {
    const error = await assertRejects(
      () => prove(script),
      FlyhotError,
      "Cannot use the compiled binary: ",
    );
    assertEquals(error.message.includes(why), true, error.message);
    assertEquals(error.exitCode, 1);
  }
});
