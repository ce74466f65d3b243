import { assert, assertEquals } from "@std/assert";
import { FIXED_CASES } from "./differential/fixed/cases.ts";
import { runFixedCase } from "./differential/fixed/fixed.ts";
import { generate } from "./differential/program/generator.ts";
import { findsPlanted, PLANTED_BUGS } from "./differential/planted.ts";
import {
  describeFigures,
  figuresOf,
  inTurns,
  runSeeds,
} from "./differential/run_seeds.ts";
import { describeFailure } from "./differential/shrink.ts";
import { type ProgramReport, runProgram } from "./differential/oracle.ts";
import { MOST_TOGETHER } from "./differential/program/together.ts";

/** `deno task prove` runs as many as wanted. */
const SEEDS = 100;
/** Of those that ask for rebinding. */
const REBINDING = 16;
/** These are run alone: an upgrade that brings little else shows what one that brings much may hide. */
const ALONE = 4;
/** Among how many a planted bug is looked for: only those run in which it can show, until one does. */
const PLANTED_SEEDS = 100;
/** How many run at a time: each waits now and then, and has two processes for a while. */
const WIDTH = 4;

/** Which seeds keep the law without a planted bug, as far as they have been run. */
const lawful = new Map<number, boolean>();

Deno.test(`after an upgrade that says "applied", ${SEEDS} generated programs answer as fresh processes do, under load; after others, as before`, async () => {
  const reports: ProgramReport[] = [];
  const began = performance.now();
  const options = {
    width: WIDTH,
    onReport: (report: ProgramReport) => {
      reports.push(report);
      for (const { seed } of report.programs) {
        lawful.set(seed, report.violations.length === 0);
      }
    },
  };
  await runSeeds({ ...options, from: 1, seeds: ALONE });
  await runSeeds({
    ...options,
    from: 1 + ALONE,
    seeds: SEEDS - ALONE,
    together: MOST_TOGETHER,
  });
  const figures = figuresOf(reports, performance.now() - began);
  const failures: string[] = [];
  for (const report of figures.failing.slice(0, 3)) {
    failures.push(await describeFailure(report));
  }
  assertEquals(
    figures.failing.length,
    0,
    [...failures, describeFigures(figures)].join("\n"),
  );
  assertEquals(figures.seeds, SEEDS);
  // A generator whose programs are nearly all refused would prove nothing.
  assert(
    figures.appliedPrograms > SEEDS / 2,
    describeFigures(figures),
  );
});

Deno.test(`the same holds for ${REBINDING} programs that ask for rebinding`, async () => {
  const figures = await runSeeds({
    from: 1,
    seeds: REBINDING,
    width: WIDTH,
    together: MOST_TOGETHER,
    rebind: true,
  });
  const failures: string[] = [];
  for (const report of figures.failing.slice(0, 1)) {
    failures.push(await describeFailure(report));
  }
  assertEquals(
    figures.failing.length,
    0,
    [...failures, describeFigures(figures)].join("\n"),
  );
  assert(figures.appliedPrograms > REBINDING / 3, describeFigures(figures));
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
