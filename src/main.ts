/** From a command line to an exit code.
 * @module
 */
import type { CommandEnvironment } from "./commands/command.ts";
import { overviewText } from "./commands/help.ts";
import { COMMANDS } from "./commands/table.ts";
import { nearestName } from "./config/suggest.ts";
import { FlyhotError, toFlyhotError } from "./errors.ts";
import type { Host } from "./host.ts";
import { AnswerWriter } from "./ui/answer.ts";
import { liveReporter } from "./ui/reporters/live_reporter.ts";
import { paintFor } from "./ui/style.ts";
import {
  type ClosableReporter,
  textReporter,
} from "./ui/reporters/text_reporter.ts";
import { COMMIT, DENO_VERSION, VERSION } from "./version.ts";

/**
 * Runs one command line: the answer goes to stdout, everything else to stderr. Never throws.
 *
 * @param args the arguments
 * @param host the outside
 * @returns the exit code
 *
 * @example
 * ```ts ignore
 * import { denoHost, main } from "@flyhot/cli/mod";
 * using host = denoHost();
 * await main(["hot", "--local", "--json"], host);
 * ```
 */
export async function main(
  args: readonly string[],
  host: Host,
): Promise<number> {
  const writer = new AnswerWriter(host, wantsJson(args));
  const reporter = reporterFor(host);
  try {
    return await dispatch(args, {
      host,
      reporter,
      signal: host.interrupted,
      answer(answer) {
        reporter.close();
        writer.answer(answer);
      },
    });
  } catch (thrown) {
    reporter.close();
    const error = host.interrupted.aborted && thrown === host.interrupted.reason
      ? new FlyhotError("unexpected", "Cannot finish: interrupted")
      : toFlyhotError(thrown);
    writer.error(error);
    return error.exitCode;
  } finally {
    reporter.close();
  }
}

async function dispatch(
  args: readonly string[],
  environment: CommandEnvironment,
): Promise<number> {
  const overview = overviewText(COMMANDS.filter((it) => !it.hidden));
  const at = args.findIndex((it) => !it.startsWith("-"));
  const flags = at === -1 ? args : args.slice(0, at);
  for (const flag of flags) {
    switch (flag) {
      case "--json":
        break;
      case "--help":
      case "-h":
        environment.answer({ text: overview, json: { help: overview } });
        return 0;
      case "--version":
        environment.answer({
          text: `flyhot ${VERSION} (commit ${COMMIT}, Deno ${DENO_VERSION})`,
          json: { version: VERSION, commit: COMMIT, deno: DENO_VERSION },
        });
        return 0;
      default:
        throw unknown(flag, ["--json", "--help", "--version"], "flag");
    }
  }
  const [name, ...rest] = at === -1 ? [] : args.slice(at);
  if (name === undefined) {
    environment.host.stderr.write(`${overview}\n`);
    throw new FlyhotError("usage", "Cannot tell what to do: no command given", {
      hint: "to upgrade the app in this folder: flyhot hot",
    });
  }
  if (name === "help") {
    return await dispatch(
      rest.length > 0 ? [rest[0]!, "--help"] : ["--help"],
      environment,
    );
  }
  const listed = COMMANDS.find((it) => it.name === name);
  if (!listed) {
    const names = COMMANDS.filter((it) => !it.hidden).map((it) => it.name);
    throw unknown(name, names, "command");
  }
  const command = await listed.load();
  return await command.run(rest, environment);
}

function unknown(
  word: string,
  names: readonly string[],
  kind: "flag" | "command",
): FlyhotError {
  const near = nearestName(word, names);
  return new FlyhotError("usage", `Cannot read ${word}: no such ${kind}`, {
    hint: near === null ? "see: flyhot --help" : `did you mean ${near}?`,
  });
}

function wantsJson(args: readonly string[]): boolean {
  const end = args.indexOf("--");
  return (end === -1 ? args : args.slice(0, end)).includes("--json");
}

function reporterFor(host: Host): ClosableReporter {
  const paint = paintFor(host, host.stderr);
  // Where lines are kept for later, or the terminal cannot move its cursor, every event is a line of its own.
  const live = host.stderr.isTerminal && host.env("CI") === undefined &&
    host.env("TERM") !== "dumb";
  return live
    ? liveReporter(host.stderr, paint)
    : textReporter(host.stderr, paint);
}
