import { assertEquals, assertThrows } from "@std/assert";
import { FlyhotError } from "../src/errors.ts";
import { readMode } from "./compile.ts";

Deno.test("readMode() reads every way to compile", () => {
  assertEquals(
    [[], ["--all"], ["--check"], ["--help"], ["-h", "--all"]].map(readMode),
    ["here", "all", "check", "help", "help"],
  );
});

Deno.test("readMode() refuses flags that it does not know, and two at once", () => {
  const wrong = [
    [["--alll"], "Unknown option '--alll'"],
    [["dist"], "Unexpected argument 'dist'"],
    [["--all", "--check"], "Cannot combine --all with --check"],
  ] as const;
  for (const [args, message] of wrong) {
    const error = assertThrows(() => readMode(args), FlyhotError, message);
    assertEquals(error.exitCode, 2);
  }
});
