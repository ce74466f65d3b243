import { assertEquals } from "@std/assert";
import { backoffMs } from "./backoff.ts";

Deno.test("backoffMs() doubles up to its limit, with jitter down to a half", () => {
  const at = (byte: number) => ({ randomBytes: () => Uint8Array.of(byte) });
  const waits = [1, 2, 3, 4, 5].map((n) => backoffMs(at(0), 1_000, n));
  assertEquals(waits, [500, 1_000, 2_000, 2_500, 2_500]);
  assertEquals(backoffMs(at(255), 100, 1), 100);
});
