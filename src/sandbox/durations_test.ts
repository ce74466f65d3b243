import { assertEquals } from "@std/assert";
import { durationMs } from "./durations.ts";

Deno.test("durationMs() reads Go durations and bare numbers", () => {
  assertEquals(durationMs("1m30s", "s"), 90_000);
  assertEquals(durationMs("500ms", "s"), 500);
  assertEquals(durationMs("1.5h", "s"), 5_400_000);
  assertEquals(durationMs("10", "s"), 10_000);
  assertEquals(durationMs(10, "s"), 10_000);
  assertEquals(durationMs(5_000_000_000, "ns"), 5000);
});

Deno.test("durationMs() gives null, when it is not a duration", () => {
  for (const value of ["", "abc", "5 s", "-1s", -1, null, {}, undefined]) {
    assertEquals(durationMs(value, "s"), null, String(value));
  }
});
