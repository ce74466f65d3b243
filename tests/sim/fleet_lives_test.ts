import { assert } from "@std/assert";
import { proveFleet } from "./fleet_lives.ts";
import { PLANTED_BUGS } from "./planted_bugs.ts";
import { BrokenPromise } from "./promises.ts";

/** How many lives one CI run lives. */
const SEEDS = 3_000;
const SEEDS_FOR_A_BUG = 300;

Deno.test(`a fleet keeps its promises at every step of ${SEEDS} random lives`, async () => {
  const { tally, looks } = await proveFleet(SEEDS);
  const told = JSON.stringify(tally);
  // The lives must reach what they are there for.
  for (
    const [what, least] of [
      ["committed", SEEDS / 2],
      ["rolled_back", SEEDS / 5],
      ["abandoned", SEEDS / 50],
      ["deployer killed", SEEDS / 20],
      ["deployer frozen", SEEDS / 20],
      ["conflict", SEEDS / 20],
      ["incomplete", SEEDS / 100],
      ["cold deploy", SEEDS / 50],
    ] as const
  ) {
    assert((tally[what] ?? 0) >= least, `${what}: ${told}`);
  }
  assert(looks > 100 * SEEDS, `${looks}`);
});

// Seeds that found something before it was mended.
for (
  const [seed, found] of [
    [1753, "a fleet that vanished ended in an unexpected error"],
    [2101, "a machine restarted just before its wave could prove nothing"],
    [21015, "a word of a process that had died was taken for its successor's"],
    [22993, "a machine was stopped that the rollout had not started"],
    [40377, "a machine slept, woke, and died of it unseen"],
    [31944, "nobody saw the canary die of it in the second wave, and vanish"],
    [17404, "an orderly end that the bucket did not hear of was a death"],
    [17553, "another image hid that a process had died of the release"],
    [13394, "a release was charged with the death of the one that it replaced"],
    [49827, "a machine was restarted, took the release again and died of it"],
    [
      42086,
      "a release was charged with the death of an image a few seconds old",
    ],
  ] as const
) {
  Deno.test(`a fleet keeps its promises in life ${seed}, in which ${found}`, async () => {
    assert((await proveFleet(1, seed)).looks > 0);
  });
}

for (const { name, promises, plant } of PLANTED_BUGS) {
  Deno.test(`random lives find that ${name}`, async () => {
    let found: unknown = null;
    try {
      await proveFleet(SEEDS_FOR_A_BUG, 1, { plant });
    } catch (error) {
      found = error instanceof Error ? error.cause : error;
    }
    assert(found instanceof BrokenPromise, `nothing was found: ${found}`);
    assert(promises.includes(found.promise), found.message);
  });
}
