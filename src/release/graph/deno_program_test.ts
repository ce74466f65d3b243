import { assertEquals, assertRejects } from "@std/assert";
import {
  fakeHost,
  type FakeHostOptions,
} from "../../../tests/cli/fake_host.ts";
import { FlyhotError } from "../../errors.ts";
import { denoProgram, requireDeno } from "./deno_program.ts";

Deno.test("denoProgram() is the running deno, and for a compiled flyhot the one on PATH", () => {
  for (
    const [execPath, program] of [
      ["/usr/bin/deno", "/usr/bin/deno"],
      ["C:\\bin\\deno.exe", "C:\\bin\\deno.exe"],
      ["deno", "deno"],
      ["/usr/local/bin/flyhot", "deno"],
      ["/opt/deno/flyhot", "deno"],
    ] as const
  ) assertEquals(denoProgram({ execPath }), program);
});

Deno.test("T18: a compiled flyhot without deno on PATH is told so, and another asks nothing", async () => {
  const compiled = (run: FakeHostOptions["run"]) => ({
    ...fakeHost(run ? { run } : {}),
    execPath: "/usr/local/bin/flyhot",
  });
  const error = await assertRejects(
    () => requireDeno(compiled(() => null), "Cannot pack the working tree"),
    FlyhotError,
    "Cannot pack the working tree: there is no deno on PATH",
  );
  assertEquals(error.code, "not_found");
  await requireDeno(compiled(() => ({ stdout: "deno 2.9.6\n" })), "Cannot");
  const host = fakeHost();
  await requireDeno(host, "Cannot");
  assertEquals(host.ran, []);
});
