import { assert, assertEquals } from "@std/assert";
import { measure } from "../bench.ts";
import { BENCHES, type BenchName } from "./benches.ts";

Deno.test("every bench measures, in a size in which the figures mean nothing", async () => {
  const names = Object.keys(BENCHES) as BenchName[];
  const measured = await measure(names, { tiny: true, seconds: 1 }, () => {});
  assertEquals(
    measured.filter(({ error }) => error !== undefined)
      .map(({ bench, error }) => `${bench}: ${error}`),
    [],
  );
  assertEquals(measured.map(({ bench }) => bench), names);
  for (const { bench, figures } of measured) {
    assert(figures.length > 0, bench);
    for (const { name, value, note } of figures) {
      assert(
        value === null ? note !== undefined : Number.isFinite(value),
        `${bench}, ${name}: ${value}`,
      );
    }
  }
});
