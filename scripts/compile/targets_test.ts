import { assertEquals } from "@std/assert";
import { binaryName, TARGETS } from "./targets.ts";

Deno.test("binaryName() gives every target a name of its own, with .exe only on Windows", () => {
  assertEquals(TARGETS.map((it) => binaryName(it, true)), [
    "flyhot-x86_64-unknown-linux-gnu",
    "flyhot-aarch64-unknown-linux-gnu",
    "flyhot-x86_64-apple-darwin",
    "flyhot-aarch64-apple-darwin",
    "flyhot-x86_64-pc-windows-msvc.exe",
  ]);
  assertEquals(
    new Set(TARGETS.map((it) => binaryName(it))),
    new Set([
      "flyhot",
      "flyhot.exe",
    ]),
  );
});
