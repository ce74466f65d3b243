/**
 * Whether a compiled binary runs.
 *
 * @module
 */

import { FlyhotError } from "../../../src/errors.ts";
import { isRecord } from "../../../src/base/values.ts";
import { VERSION } from "../../../src/version.ts";
import { type ProgramOutcome, runProgram } from "../../programs/run_program.ts";

const TIMEOUT_MS = 60_000;

/**
 * Runs a compiled binary, and checks that it says what it is: this version, this commit, and the Deno that compiled it.
 */
export async function proveItRuns(path: string, commit: string): Promise<void> {
  const expected = { version: VERSION, commit, deno: Deno.version.deno };
  let ran: ProgramOutcome;
  try {
    ran = await runProgram(path, ["--version", "--json"], {
      cwd: ".",
      timeoutMs: TIMEOUT_MS,
    });
  } catch (cause) {
    throw unfit(
      `it does not run (${cause instanceof Error ? cause.message : cause})`,
    );
  }
  const { code, stdout, stderr } = ran;
  const said = parsed(stdout);
  const right = code === 0 && isRecord(said) &&
    said.version === expected.version && said.commit === expected.commit &&
    said.deno === expected.deno;
  if (right) return;
  throw unfit(
    `--version --json is to say ${
      JSON.stringify(expected)
    } but ended with ${code} and said ${
      JSON.stringify((stdout + stderr).trim().slice(0, 300))
    }`,
  );
}

function unfit(why: string): FlyhotError {
  return new FlyhotError(
    "unexpected",
    `Cannot use the compiled binary: ${why}`,
    {
      hint:
        "if DENORT_BIN is set, it must be a denort of the version of the deno that compiles",
    },
  );
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return null;
  }
}
