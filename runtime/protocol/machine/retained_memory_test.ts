import { assert, assertEquals } from "@std/assert";
import {
  forecastMemory,
  isPastBudget,
  memoryOf,
  RETAINED_BUDGET_BYTES,
  retainedMemory,
  upgradesLeft,
} from "./retained_memory.ts";

const MB = 1024 * 1024;

Deno.test("retainedMemory(): small modules cost more than their source, large ones in proportion to it", () => {
  assertEquals(retainedMemory({ modules: 0, sourceBytes: 0 }), 0);
  const small = retainedMemory({ modules: 3, sourceBytes: 1_800 });
  const large = retainedMemory({ modules: 3, sourceBytes: 180_000 });
  assert(small > 20 * 1_800, `${small}`);
  assert(large < 12 * 180_000, `${large}`);
  // As many again cost as much again.
  const twice = retainedMemory({ modules: 6, sourceBytes: 3_600 });
  assertEquals(twice, 2 * small);
});

Deno.test("forecastMemory(): as many more fit as the upgrades so far say", () => {
  const replaced = { modules: 30, sourceBytes: 100_000 };
  const kept = retainedMemory(replaced);
  const forecast = forecastMemory(replaced, 10, kept * 3);
  assertEquals(forecast, {
    retainedBytes: kept,
    budgetBytes: kept * 3,
    upgradeBytes: kept / 10,
    upgradesLeft: 20,
  });
  assertEquals(isPastBudget(forecast), false);
});

Deno.test("forecastMemory(): a budget that is reached fits nothing more, and never less than nothing", () => {
  const replaced = { modules: 1, sourceBytes: 1_000 };
  const kept = retainedMemory(replaced);
  for (
    const [budget, left, past] of [
      [kept * 2, 1, false],
      [kept * 2 - 1, 0, false],
      [kept, 0, false],
      [kept - 1, 0, true],
      [0, 0, true],
    ] as const
  ) {
    const forecast = forecastMemory(replaced, 1, budget);
    assertEquals(
      [forecast.upgradesLeft, isPastBudget(forecast)],
      [left, past],
      `${budget}`,
    );
  }
});

Deno.test("forecastMemory(): nothing is foretold before an upgrade has kept something", () => {
  const nothing = { modules: 0, sourceBytes: 0 };
  for (const upgrades of [0, 7]) {
    const { upgradeBytes, upgradesLeft } = forecastMemory(
      nothing,
      upgrades,
      MB,
    );
    assertEquals([upgradeBytes, upgradesLeft], [null, null]);
  }
  // Kept by attempts that failed: how many upgrades it stands for is not known.
  const failed = forecastMemory({ modules: 2, sourceBytes: 900 }, 0, MB);
  assertEquals(failed.upgradesLeft, null);
  assert(failed.retainedBytes > 0);
});

Deno.test("upgradesLeft(): a plan counts in upgrades like the one it is about", () => {
  const memory = { retainedBytes: 8 * MB, budgetBytes: 128 * MB };
  assertEquals(upgradesLeft(memory, 0.3 * MB), 400);
  assertEquals(upgradesLeft(memory, 121 * MB), 0);
});

Deno.test("memoryOf(): what a machine foretells is taken as it is, an older one is reckoned by the same rule", () => {
  const info = { retainedModules: 30, retainedBytes: 100_000, upgrades: 10 };
  const replaced = { modules: 30, sourceBytes: 100_000 };
  const own = forecastMemory(replaced, 10, 5 * MB);
  assertEquals(memoryOf({ ...info, memory: own }), own);
  assertEquals(
    memoryOf(info),
    forecastMemory(replaced, 10, RETAINED_BUDGET_BYTES),
  );
});
