import { assertEquals, assertRejects } from "@std/assert";
import { runProgram } from "./run_program.ts";

const HERE = { cwd: "." };

Deno.test("runProgram() keeps code and both outputs, and adds variables", async () => {
  const code =
    'console.log(Deno.env.get("WORD")); console.error("aside"); Deno.exit(3);';
  assertEquals(
    await runProgram(Deno.execPath(), ["eval", code], {
      ...HERE,
      env: { WORD: "said" },
    }),
    { code: 3, stdout: "said\n", stderr: "aside\n" },
  );
});

Deno.test("runProgram() ends a program that takes too long, and says so", async () => {
  await assertRejects(
    () =>
      runProgram(Deno.execPath(), ["eval", "setInterval(() => {}, 1000)"], {
        ...HERE,
        timeoutMs: 50,
      }),
    Error,
    "eval any longer: it has not ended within 0.05 s",
  );
});

Deno.test("runProgram() throws NotFound for a program that is not there", async () => {
  await assertRejects(
    () => runProgram("no-such-program-here", [], HERE),
    Deno.errors.NotFound,
  );
});
