/**
 * The CLI as one file without imports but `node:`: what a binary holds, and
 * what `tests/cli/bundle_test.ts` runs.
 *
 * @module
 */

import { FlyhotError } from "../../src/errors.ts";
import { runProgram } from "../programs/run_program.ts";

/** What to bundle. */
interface BundleOptions {
  /** The folder of this repository. */
  readonly root: string;
  /** The file to write. */
  readonly output: string;
  /** The commit that `flyhot --version` prints. */
  readonly commit: string;
}

/** Bundles and type-checks the CLI. */
export async function bundleCli(options: BundleOptions): Promise<void> {
  const { root, output, commit } = options;
  const { code, stderr } = await runProgram(
    Deno.execPath(),
    ["bundle", "--check", "--output", output, "cli.ts"],
    { cwd: root },
  );
  if (code !== 0) {
    throw new FlyhotError(
      "unexpected",
      `Cannot bundle cli.ts: deno bundle ended with ${code}:\n${
        stderr.replaceAll(
          /^(?:Download|Check) .*\n|.*is experimental.*\n/gm,
          "",
        )
          .replace(/\n\s*Stack backtrace:[^]*/, "").trim()
      }`,
    );
  }
  const text = await Deno.readTextFile(output);
  await Deno.writeTextFile(output, bakeCommit(withoutOrigins(text), commit));
}

/** Writes the commit into a bundle, in place of the `unknown` of `src/version.ts`. */
export function bakeCommit(bundle: string, commit: string): string {
  // A module that commands load when they run is a function in the bundle, and its variables are declared outside.
  const parts = bundle.split(/(?<=\n(?:var | +)COMMIT = )"unknown"(?=;\n)/);
  if (parts.length !== 2) {
    throw new Error(
      `Cannot write the commit into the bundle: it has ${
        parts.length - 1
      } places for it instead of one`,
    );
  }
  return parts.join(JSON.stringify(commit));
}

/**
 * Takes out the comments that tell where on this machine, and on which port of
 * its mirror, a module from outside of the tree was found.
 */
export function withoutOrigins(bundle: string): string {
  return bundle.replaceAll(
    /^\/\/ (?:\.\.\/|\/|[A-Za-z]:\/|deno:)\S*\.[mc]?[jt]s\n/gm,
    "",
  );
}
