/** The differential proof of "applied", for as many seeds as wanted.
 *
 * `deno task prove [--seeds N] [--from S] [--width W] [--planted NAME]`
 * @module
 */
import { parseArgs } from "@std/cli/parse-args";
import { describeFailure } from "./upgrade/differential/shrink.ts";
import { PLANTED_BUGS } from "./upgrade/differential/planted.ts";
import { describeFigures, runSeeds } from "./upgrade/differential/run_seeds.ts";

if (import.meta.main) {
  const flags = parseArgs(Deno.args, {
    string: ["seeds", "from", "width", "planted"],
    boolean: ["verbose", "shrink"],
    default: { seeds: "10000", from: "1", width: "3", shrink: true },
    negatable: ["shrink"],
  });
  const planted = PLANTED_BUGS.find((name) => name === flags.planted);
  const write = (text: string) =>
    Deno.stdout.writeSync(new TextEncoder().encode(text + "\n"));
  const figures = await runSeeds({
    from: Number(flags.from),
    seeds: Number(flags.seeds),
    width: Number(flags.width),
    ...(planted ? { planted } : {}),
    onReport: (report) => {
      if (report.violations.length === 0 && !flags.verbose) return;
      write(
        `seed ${report.program.seed}: ${
          report.upgrades.map(({ from, to, end, sound, message }) =>
            `${from}->${to} ${end}${sound ? "" : " (unsound)"} ${message}`
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
