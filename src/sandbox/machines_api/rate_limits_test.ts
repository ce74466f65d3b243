import { assertEquals } from "@std/assert";
import { RateLimits } from "./rate_limits.ts";

function taken(limits: RateLimits, action: string, now: number): number {
  let count = 0;
  while (count < 100 && limits.take(action, "m1", now)) count++;
  return count;
}

Deno.test("RateLimits.take() lets bursts through, then so many a second", () => {
  const limits = new RateLimits();
  assertEquals(taken(limits, "list", 0), 3);
  assertEquals(taken(limits, "list", 999), 0);
  assertEquals(taken(limits, "list", 1000), 1);
  assertEquals(taken(limits, "list", 3000), 2);
  assertEquals(taken(limits, "list", 100_000), 3);
});

Deno.test("RateLimits.take() counts every action and id apart, and reads of one machine more kindly", () => {
  const limits = new RateLimits();
  assertEquals(taken(limits, "list", 0), 3);
  assertEquals(limits.take("list", "m2", 0), true);
  assertEquals(taken(limits, "exec", 0), 3);
  assertEquals(taken(limits, "get", 0), 10);
  assertEquals(taken(limits, "get", 1000), 5);
});
