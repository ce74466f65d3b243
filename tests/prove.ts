/** The large proofs, for as many seeds as wanted: the law of "applied" on generated programs, the promises on lives of
 * simulated fleets, the parsers on hostile texts, processes that are killed, one process that is upgraded again and again,
 * ordinary apps on ways back and forth through their histories, programs that do something when they start.
 *
 * ```sh
 * deno task prove [law] [--seeds 10000] [--from 1] [--width 3] [--together 1] [--rebind] [--verbose] [--no-shrink] [--planted "stale data file"]
 * deno task prove fleet [--seeds 100000] [--from 1]
 * deno task prove parsers [--seeds 200000] [--from 1]
 * deno task prove kills [--only "half is unpacked"]
 * deno task prove soak [--seeds 1000]
 * deno task prove apps [--seeds 10] [--from 1] [--rebind] [--verbose]
 * deno task prove starts [--seeds 100] [--from 1] [--width 3]
 * ```
 *
 * Exits with 1 where a seed breaks what is proven, which is named; lives go on with the next. Of the law the first three are shrunk, and their
 * programs written to folders.
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { describeFailure } from "./upgrade/differential/shrink.ts";
import { PLANTED_BUGS } from "./upgrade/differential/planted.ts";
import { DEPLOYER_POINTS, killDeployerAt } from "./prove/kill_deployer.ts";
import { killMachineAt, MACHINE_POINTS } from "./prove/kill_machine.ts";
import { soak } from "./prove/soak.ts";
import { proveApps } from "./sample_apps/ordinary/prove_apps.ts";
import { proveParsers } from "./prove/parsers.ts";
import { proveFleet } from "./sim/fleet_lives.ts";
import {
  describeFigures,
  inTurns,
  runSeeds,
} from "./upgrade/differential/run_seeds.ts";
import { compareStarts, VERSIONS } from "./upgrade/started/compare_starts.ts";

const SEEDS = {
  law: 10_000,
  fleet: 100_000,
  parsers: 200_000,
  kills: 0,
  soak: 1_000,
  apps: 10,
  starts: 100,
} as const;
const LIVES_AT_ONCE = 1_000;

if (import.meta.main) {
  const flags = parseArgs(Deno.args, {
    string: ["seeds", "from", "width", "together", "planted", "only"],
    boolean: ["verbose", "shrink", "rebind"],
    default: { from: "1", width: "3", together: "1", shrink: true },
    negatable: ["shrink"],
    unknown: (argument, key) => {
      if (key === undefined) return;
      refuse(
        `Cannot read ${argument}; the options are --seeds --from --width --together --verbose --no-shrink --rebind --planted --only`,
      );
    },
  });
  const [subject = "law"] = flags._;
  if (!isSubject(subject)) {
    refuse(
      `Cannot prove ${subject}; there are ${Object.keys(SEEDS).join(", ")}`,
    );
  } else {
    const seeds = Number(flags.seeds ?? SEEDS[subject]);
    const from = Number(flags.from);
    if (subject === "law") await proveLaw({ ...flags, seeds, from });
    else if (subject === "fleet") await proveLives(seeds, from);
    else if (subject === "parsers") proveTexts(seeds, from);
    else if (subject === "kills") await proveKills(flags.only);
    else if (subject === "soak") await proveSoak(seeds);
    else if (subject === "starts") await proveStarts(seeds, from, flags.width);
    else if (!await proveApps(seeds, from, flags, write)) Deno.exit(1);
  }
}

async function proveLives(seeds: number, from: number): Promise<void> {
  const broken: string[] = [];
  for (let done = 0; done < seeds; done += LIVES_AT_ONCE) {
    const count = Math.min(LIVES_AT_ONCE, seeds - done);
    const { tally, looks } = await proveFleet(count, from + done, {
      onBroken: (error) => {
        broken.push(error.message);
        write(error.message);
      },
    });
    write(`${done + count} lives, ${looks} looks: ${JSON.stringify(tally)}`);
  }
  write(`${seeds} lives, ${broken.length} broken`);
  if (broken.length > 0) Deno.exit(1);
}

async function proveStarts(
  seeds: number,
  from: number,
  width: string,
): Promise<void> {
  const lives = Array.from({ length: seeds }, (_, index) => from + index);
  let upgrades = 0, alone = 0, broken = 0;
  await inTurns(lives, Number(width), async (seed) => {
    const { problems, reloaded } = await compareStarts(seed, VERSIONS);
    upgrades += reloaded.length;
    alone += reloaded.filter((it) => it.length === 1).length;
    if (problems.length > 0) broken++;
    for (const problem of problems) write(problem);
  });
  write(
    `${seeds} programs, ${upgrades} upgrades, ${alone} of which evaluated one module; ${broken} have not done what a fresh start does`,
  );
  if (broken > 0) Deno.exit(1);
}

async function proveKills(only: string | undefined): Promise<void> {
  const wanted = <T extends string>(points: readonly T[]): readonly T[] =>
    points.filter((point) => only === undefined || point === only);
  const from = performance.now();
  const seconds = () => ((performance.now() - from) / 1000).toFixed(0);
  const machine = wanted(MACHINE_POINTS);
  await killMachineAt(
    machine,
    (point) => write(`${seconds()} s  machine: ${point}`),
  );
  const deployer = wanted(DEPLOYER_POINTS);
  if (deployer.length > 0) {
    await killDeployerAt(
      deployer,
      (point) => write(`${seconds()} s  deployer: ${point}`),
    );
  }
  write(
    `${machine.length} points of a machine, ${deployer.length} of a deployer: nothing lost, nothing half done, ${seconds()} s`,
  );
}

async function proveSoak(upgrades: number): Promise<void> {
  const figures = await soak(
    upgrades,
    (seen) => write(JSON.stringify(seen)),
  );
  write(JSON.stringify(figures));
}

function proveTexts(seeds: number, from: number): void {
  const { taken, growth } = proveParsers(seeds, from);
  for (const [what, count] of Object.entries(taken)) {
    write(
      `${what}: took ${count} of ${seeds}; 16 times the length took ${
        growth[what]?.toFixed(1)
      } times as long`,
    );
  }
}

async function proveLaw(flags: {
  readonly seeds: number;
  readonly from: number;
  readonly width: string;
  readonly together: string;
  readonly verbose: boolean;
  readonly shrink: boolean;
  readonly rebind: boolean;
  readonly planted?: string | undefined;
}): Promise<void> {
  const planted = PLANTED_BUGS.find((name) => name === flags.planted);
  if (flags.planted !== undefined && !planted) {
    refuse(
      `No planted bug is called ${flags.planted}; there are: ${
        PLANTED_BUGS.join(", ")
      }`,
    );
  }
  const figures = await runSeeds({
    from: flags.from,
    seeds: flags.seeds,
    width: Number(flags.width),
    together: Number(flags.together),
    ...(planted ? { planted } : {}),
    rebind: flags.rebind,
    onReport: (report) => {
      if (report.violations.length === 0 && !flags.verbose) return;
      write(
        `seed ${report.programs.map(({ seed }) => seed).join()}: ${
          report.upgrades.map(({ what, end, sound, message }) =>
            `${what} ${end}${sound ? "" : " (unsound)"} ${message}`
          ).join("; ")
        }\n${report.violations.map((text) => `  ${text}`).join("\n")}`,
      );
    },
  });
  for (const report of figures.failing.slice(0, flags.shrink ? 3 : 0)) {
    write(await describeFailure(report, planted));
  }
  write(describeFigures(figures));
  Deno.exit(figures.failing.length > 0 ? 1 : 0);
}

function isSubject(subject: unknown): subject is keyof typeof SEEDS {
  return typeof subject === "string" && Object.hasOwn(SEEDS, subject);
}

function refuse(why: string): void {
  write(why);
  Deno.exit(2);
}

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text + "\n"));
}
