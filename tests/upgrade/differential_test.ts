import { assert, assertEquals } from "@std/assert";
import { FIXED_CASES } from "./differential/fixed_cases.ts";
import { runFixedCase } from "./differential/fixed.ts";
import { generate } from "./differential/generator.ts";
import { findsPlanted, PLANTED_BUGS } from "./differential/planted.ts";
import {
  describeFigures,
  inTurns,
  runSeeds,
} from "./differential/run_seeds.ts";
import { describeFailure } from "./differential/shrink.ts";
import { runProgram } from "./differential/oracle.ts";

/** Less than a minute on two cores; `deno task prove` runs as many as wanted. */
const SEEDS = 30;
/** Among how many a planted bug is looked for: only those run in which it can show, until one does. */
const PLANTED_SEEDS = 100;
/** How many run at a time: each waits now and then, and has two processes for a while. */
const WIDTH = 4;

/** Which seeds keep the law without a planted bug, as far as they have been run. */
const lawful = new Map<number, boolean>();

Deno.test(`after an upgrade that says "applied", ${SEEDS} generated programs answer as fresh processes do, under load; after others, as before`, async () => {
  const figures = await runSeeds({
    from: 1,
    seeds: SEEDS,
    width: WIDTH,
    onReport: ({ programs, violations }) => {
      for (const { seed } of programs) {
        lawful.set(seed, violations.length === 0);
      }
    },
  });
  const failures: string[] = [];
  for (const report of figures.failing.slice(0, 3)) {
    failures.push(await describeFailure(report));
  }
  assertEquals(
    figures.failing.length,
    0,
    [...failures, describeFigures(figures)].join("\n"),
  );
  // A generator whose programs are nearly all refused would prove nothing.
  assert(
    figures.applied > figures.upgrades / 2,
    describeFigures(figures),
  );
});

Deno.test("fixed programs answer as fresh processes do after an upgrade, or refuse it with the place, under calls", async () => {
  const problems: string[] = [];
  await inTurns(Object.entries(FIXED_CASES), WIDTH, async ([name, fixed]) => {
    const { problem } = await runFixedCase(fixed);
    // One that is known not to hold says so until it does.
    if ((problem === "") === (fixed.open === undefined)) return;
    problems.push(`${name} (${fixed.why}): ${problem || "holds now"}`);
  });
  assertEquals(problems, []);
});

Deno.test(`each planted bug is found within ${PLANTED_SEEDS} seeds`, async () => {
  const missed: string[] = [];
  await inTurns(PLANTED_BUGS, WIDTH, async (planted) => {
    for (let seed = 1; seed <= PLANTED_SEEDS; seed++) {
      const program = generate(seed);
      if (!findsPlanted(program, planted)) continue;
      if (!lawful.has(seed)) {
        const clean = await runProgram(program);
        lawful.set(seed, clean.violations.length === 0);
      }
      if (!lawful.get(seed)) continue;
      const report = await runProgram(program, planted);
      if (report.violations.length > 0) return;
    }
    missed.push(planted);
  });
  assertEquals(missed, []);
});
