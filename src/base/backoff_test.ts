import { assertEquals } from "@std/assert";
import { backoffMs } from "./backoff.ts";

Deno.test("backoffMs() doubles up to its limit, with jitter down to a half", () => {
  const at = (byte: number) => ({ randomBytes: () => Uint8Array.of(byte) });
  const waits = [1, 2, 3, 4, 5].map((n) => backoffMs(at(0), 100, n, 1_000));
  assertEquals(waits, [50, 100, 200, 400, 500]);
  assertEquals(backoffMs(at(255), 100, 1), 100);
  assertEquals(backoffMs(at(0), 100, 50), 2_500);
});
