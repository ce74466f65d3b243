import { assert, assertEquals, assertThrows } from "@std/assert";
import { planWaves } from "./waves.ts";

const machines = (count: number) =>
  Array.from({ length: count }, (_, index) => index + 1);

Deno.test("planWaves() lets the canary go first, and the rest in even portions", () => {
  const plan = (count: number, canary: number, maxConcurrency: number) =>
    planWaves(machines(count), { canary, maxConcurrency });
  assertEquals(plan(0, 1, 20), []);
  assertEquals(plan(1, 1, 20), [[1]]);
  assertEquals(plan(3, 1, 20), [[1], [2, 3]]);
  assertEquals(plan(3, 0, 20), [[1, 2, 3]]);
  assertEquals(plan(7, 1, 4), [[1], [2, 3, 4], [5, 6, 7]]);
  assertEquals(plan(3, 5, 20), [[1, 2, 3]]);
  assertEquals(plan(4, 3, 2), [[1, 2], [3, 4]]);
});

Deno.test("planWaves() keeps every machine once, in order, and no wave too large, in all small cases", () => {
  for (let count = 0; count <= 12; count++) {
    for (let canary = 0; canary <= 4; canary++) {
      for (let maxConcurrency = 1; maxConcurrency <= 6; maxConcurrency++) {
        const waves = planWaves(machines(count), { canary, maxConcurrency });
        const name = `${count} ${canary} ${maxConcurrency}`;
        assertEquals(waves.flat(), machines(count), name);
        assert(
          waves.every(({ length }) => length > 0 && length <= maxConcurrency),
          name,
        );
        const first = Math.min(canary, maxConcurrency, count);
        if (first > 0) assertEquals(waves[0]?.length, first, name);
        const rest = Math.ceil((count - first) / maxConcurrency);
        assertEquals(waves.length, rest + (first > 0 ? 1 : 0), name);
      }
    }
  }
});

Deno.test("planWaves() refuses numbers out of range", () => {
  for (const canary of [-1, 0.5, NaN]) {
    assertThrows(
      () => planWaves([], { canary, maxConcurrency: 1 }),
      RangeError,
      `Cannot plan waves: the canary is ${canary}, expected a whole number from 0`,
    );
  }
  for (const maxConcurrency of [0, 1.5, NaN]) {
    assertThrows(
      () => planWaves([], { canary: 0, maxConcurrency }),
      RangeError,
      `Cannot plan waves: the concurrency is ${maxConcurrency}, expected a whole number from 1`,
    );
  }
});
