/** Runs the command as a person would: in a process of its own.
 * @module
 */
import { fromFileUrl } from "@std/path";

const ROOT = new URL("../../../", import.meta.url);

/** How the command ended. */
export interface CliOutcome {
  /** Its exit code. */
  readonly code: number;
  /** The answer. */
  readonly stdout: string;
  /** The conversation. */
  readonly stderr: string;
}

/** Runs `flyhot` with these arguments, in this folder and with these variables and flags of Deno added. */
export async function runCli(
  args: readonly string[],
  env: Readonly<Record<string, string>>,
  cwd: string,
  flags: readonly string[] = [],
): Promise<CliOutcome> {
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      "run",
      "-A",
      "--quiet",
      "--config",
      fromFileUrl(new URL("deno.json", ROOT)),
      ...flags,
      fromFileUrl(new URL("cli.ts", ROOT)),
      ...args,
    ],
    cwd,
    env: { ...env, NO_COLOR: "1" },
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}
