/**
 * Compiles `flyhot` to a binary. The binary holds one file: the bundle of the
 * CLI, which `tests/cli/bundle_test.ts` runs with the binary's permissions.
 *
 * ```sh
 * deno task compile            # dist/flyhot, for this machine
 * deno task compile --all      # five targets and their checksums
 * deno task compile --check    # everything but Deno's runtime, which is downloaded
 * ```
 *
 * @module
 */

import { dirname, join, relative } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { FlyhotError, toFlyhotError } from "../src/errors.ts";
import { formatBytes } from "../src/ui/format.ts";
import { COMMANDS } from "../src/commands/table.ts";
import { sha256Of } from "./compile/checksums.ts";
import { checkCompile, compileAll, compileHere } from "./compile/modes.ts";

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const HELP = `Compiles flyhot to a binary.

Usage: deno task compile [--all | --check]

  (nothing)  dist/flyhot for this machine; it is run once to see that it is one
  --all      binaries for five targets and SHA256SUMS, in dist/: all or none
  --check    compiles around any executable (DENORT_BIN, else deno itself) and
             throws it away: for networks where Deno's runtime cannot be had
  --help     this text

Exit code 6 if Deno's runtime cannot be downloaded; nothing is left in dist/.`;

/** What to do, and whether anything at all. */
type Mode = "here" | "all" | "check" | "help";

/** Reads the command line. */
export function readMode(args: readonly string[]): Mode {
  let values: { all?: boolean; check?: boolean; help?: boolean };
  try {
    ({ values } = parseArgs({
      args: [...args],
      options: {
        all: { type: "boolean" },
        check: { type: "boolean" },
        help: { type: "boolean", short: "h" },
      },
    }));
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new FlyhotError("usage", `Cannot compile: ${why}`, { cause });
  }
  if (values.help) return "help";
  if (values.all && values.check) {
    throw new FlyhotError("usage", "Cannot combine --all with --check", {
      hint: "--check is for one machine; leave out one of them",
    });
  }
  return values.all ? "all" : values.check ? "check" : "here";
}

async function main(args: readonly string[]): Promise<number> {
  try {
    say((await compile(readMode(args))).join("\n"));
    return 0;
  } catch (thrown) {
    const error = toFlyhotError(thrown);
    complain(`error: ${error.message}`);
    if (error.hint !== null) complain(`hint: ${error.hint}`);
    return error.exitCode;
  }
}

async function compile(mode: Mode): Promise<string[]> {
  const stub = Deno.env.get("DENORT_BIN");
  const options = {
    root: ROOT,
    dist: join(ROOT, "dist"),
    ...(stub ? { stub } : {}),
  };
  switch (mode) {
    case "help":
      return [HELP];
    case "here":
      return [`${await described(await compileHere(options))}: it runs here`];
    case "all": {
      const paths = await compileAll(options);
      return [
        ...await Promise.all(paths.map(described)),
        paths.some((it) => it.includes(Deno.build.target))
          ? `Only the one for ${Deno.build.target} was run; the others are for other machines.`
          : "None was run: they are for other machines.",
      ];
    }
    case "check": {
      const { bundleSize, outputSize, stub } = await checkCompile(options);
      return [
        `The bundle (${
          formatBytes(bundleSize)
        }, ${COMMANDS.length} commands) is whole in what deno compile made of it (${
          formatBytes(outputSize)
        }, thrown away).`,
        `That the binary runs was not proven here: ${stub} stood in for Deno's runtime.`,
      ];
    }
  }
}

async function described(path: string): Promise<string> {
  const { size } = await Deno.stat(path);
  return `${relative(ROOT, path)}  ${
    formatBytes(size)
  }  SHA-256 ${await sha256Of(
    path,
  )}`;
}

function say(text: string): void {
  // deno-lint-ignore no-console -- the answer of this script
  console.log(text);
}

function complain(text: string): void {
  // deno-lint-ignore no-console -- why there is no answer
  console.error(text);
}

if (import.meta.main) Deno.exit(await main(Deno.args));
