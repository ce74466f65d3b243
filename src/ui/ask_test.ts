import { assertEquals, assertRejects } from "@std/assert";
import { fakeHost } from "../../tests/cli/fake_host.ts";
import { confirm, showDiff } from "./ask.ts";
import { diffLines } from "./line_diff.ts";

Deno.test("confirm() takes yes for yes, and all else for no", async () => {
  for (
    const [typed, expected] of [
      ["y", true],
      ["Yes", true],
      [" YES ", true],
      ["", false],
      ["n", false],
      ["yup", false],
      ["no y", false],
    ] as const
  ) {
    const host = fakeHost({ typed: [typed] });
    assertEquals(await confirm("Write a.ts?", host), expected, typed);
    assertEquals(host.err(), "? Write a.ts? [y/N] ");
  }
});

Deno.test("confirm() takes the end of all input for no, and asks nobody where nobody is", async () => {
  const ended = fakeHost({ typed: [] });
  assertEquals(await confirm("Sure?", ended), false);
  assertEquals(ended.err(), "? Sure? [y/N] \n");
  const nobody = fakeHost();
  assertEquals(await confirm("Sure?", nobody), false);
  assertEquals(nobody.err(), "");
});

Deno.test("confirm() gives up with the signal's reason", async () => {
  const error = await assertRejects(
    () =>
      confirm(
        "Sure?",
        fakeHost({ typed: ["y"] }),
        AbortSignal.abort(new Error("interrupted")),
      ),
    Error,
  );
  assertEquals(error.message, "interrupted");
});

Deno.test("showDiff() colors signs on a terminal, and lets no file draw on it", () => {
  const lines = diffLines("a\n\told\n", "a\n\tnew \x1b[2J\n");
  const host = fakeHost({ terminal: true });
  showDiff("main.ts", lines, host);
  assertEquals(
    host.err(),
    "\x1b[1mmain.ts\x1b[22m\n\x1b[2m  a\x1b[22m\n\x1b[31m- \told\x1b[39m\n\x1b[32m+ \tnew\x1b[39m\n\n",
  );
});
