/**
 * From the bundle to a binary: `deno compile`, and what went wrong with it.
 *
 * @module
 */

import { Buffer } from "node:buffer";
import { basename, dirname } from "node:path";
import { FlyhotError } from "../../src/errors.ts";
import { runProgram } from "../programs/run_program.ts";
import { ENGINE_FLAGS } from "./engine.ts";
import { PERMISSION_FLAGS } from "./permissions.ts";

/** What to compile. */
interface BinaryOptions {
  readonly bundle: string;
  /** The binary to write. */
  readonly output: string;
  /** What it is for, as Deno names it. */
  readonly target: string;
  /** The runtime to put the bundle into. Default: Deno's own, downloaded. */
  readonly stub?: string;
}

/** Compiles the bundle to a binary that holds it unchanged, and nothing else. */
export async function compileBinary(options: BinaryOptions): Promise<void> {
  const { bundle, output, target, stub } = options;
  const { code, stderr } = await runProgram(
    Deno.execPath(),
    [
      "compile",
      // The bundle is all there is: whatever else it would ask for is a mistake.
      "--no-config",
      "--no-lock",
      "--no-remote",
      "--no-npm",
      "--node-modules-dir=none",
      ...PERMISSION_FLAGS,
      ...ENGINE_FLAGS,
      "--target",
      target,
      "--output",
      output,
      basename(bundle),
    ],
    {
      cwd: dirname(bundle),
      ...(stub === undefined ? {} : { env: { DENORT_BIN: stub } }),
    },
  );
  if (code !== 0) throw compileFailure(target, code, stderr);
  if (!await holds(output, bundle)) {
    throw new FlyhotError(
      "unexpected",
      `Cannot use what deno compile wrote for ${target}: the bundle is not in it`,
    );
  }
}

/** Says why `deno compile` failed. */
export function compileFailure(
  target: string,
  code: number,
  stderr: string,
): FlyhotError {
  const said = stderr.replace(/^[^]*?(?=^error: )/m, "")
    .replace(/\n\s*Stack backtrace:[^]*/, "").trim();
  const url = /https?:\/\/\S*\/denort-[\w.-]+\.zip/.exec(said)?.[0];
  if (url !== undefined) {
    const why = said.split("\n").at(-1)!.replace(/^(?:\s*\d+:|error:) /, "");
    return new FlyhotError(
      "network",
      `Cannot compile for ${target}: Deno's runtime for it cannot be had from ${url} (${why})`,
      {
        hint:
          "try where that host can be reached, or set DENORT_BIN to a denort of this version; deno task compile --check proves everything else",
      },
    );
  }
  return new FlyhotError(
    "unexpected",
    `Cannot compile for ${target}: deno compile ended with ${code} (${
      said.replaceAll(/\s*\n\s*/g, " ")
    })`,
  );
}

/** Tells whether a file has all the bytes of another in it. */
async function holds(path: string, part: string): Promise<boolean> {
  const whole = Buffer.from((await Deno.readFile(path)).buffer);
  return whole.includes(Buffer.from((await Deno.readFile(part)).buffer));
}
