import { assert, assertEquals } from "@std/assert";
import { inTurns } from "../differential/run_seeds.ts";
import {
  type Compared,
  compareStarts,
  type PlantedBug,
  VERSIONS,
} from "./compare_starts.ts";

async function compared(
  seeds: readonly number[],
  planted?: PlantedBug,
): Promise<Compared> {
  const problems: string[] = [];
  const reloaded: (readonly string[])[] = [];
  await inTurns(seeds, 2, async (seed) => {
    const found = await compareStarts(seed, VERSIONS, planted);
    problems.push(...found.problems);
    reloaded.push(...found.reloaded);
  });
  return { problems, reloaded };
}

Deno.test("programs that do something when they start have done in an upgraded process what a fresh one does", async () => {
  const { problems, reloaded } = await compared([1, 6, 9, 12]);
  assertEquals(problems, []);
  // Both are there: starts that hold modules back, and such that do not.
  const alone = reloaded.filter((it) => it.length === 1).length;
  assert(alone > 0 && alone < reloaded.length, `${alone}`);
});

Deno.test("planted: what a start has done with old code is found", async () => {
  const { problems } = await compared([6, 12], "what the start has done stays");
  assert(problems.length > 0);
});
