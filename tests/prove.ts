/** The differential proof of "applied", for as many generated programs as wanted.
 *
 * ```sh
 * deno task prove [--seeds 10000] [--from 1] [--width 3] [--verbose] [--no-shrink] [--planted "stale data file"]
 * ```
 *
 * Exits with 1 if a seed breaks the law; the first three are shrunk, and their programs written to folders.
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
    unknown: (argument) => {
      write(
        `Cannot read ${argument}; the options are --seeds --from --width --verbose --no-shrink --planted`,
      );
      Deno.exit(2);
    },
  });
  const planted = PLANTED_BUGS.find((name) => name === flags.planted);
  if (flags.planted !== undefined && !planted) {
    write(
      `No planted bug is called ${flags.planted}; there are: ${
        PLANTED_BUGS.join(", ")
      }`,
    );
    Deno.exit(2);
  }
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

function write(text: string): void {
  Deno.stdout.writeSync(new TextEncoder().encode(text + "\n"));
}
