/**
 * Runs a program for a script: with a deadline, and with its output kept.
 *
 * @module
 */

/** How to run a program. */
interface ProgramOptions {
  readonly cwd: string;
  /** Variables added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** How long it may take, in milliseconds. Default 5 minutes. */
  readonly timeoutMs?: number;
  /** Show its output instead of keeping it. */
  readonly shown?: boolean;
}

/** How a program ended. */
export interface ProgramOutcome {
  /** Its exit code. */
  readonly code: number;
  /** What it wrote to standard output; empty if it was shown. */
  readonly stdout: string;
  /** What it wrote to standard error; empty if it was shown. */
  readonly stderr: string;
}

const TIMEOUT_MS = 5 * 60_000;

/** Runs a program to its end. */
export async function runProgram(
  program: string,
  args: readonly string[],
  options: ProgramOptions,
): Promise<ProgramOutcome> {
  const { cwd, env, timeoutMs = TIMEOUT_MS, shown = false } = options;
  const deadline = new AbortController();
  const timer = setTimeout(() => deadline.abort(), timeoutMs);
  try {
    const child = new Deno.Command(program, {
      args: [...args],
      cwd,
      env: { NO_COLOR: "1", ...env },
      stdin: "null",
      stdout: shown ? "inherit" : "piped",
      stderr: shown ? "inherit" : "piped",
      signal: deadline.signal,
    }).spawn();
    const [stdout, stderr, { code }] = await Promise.all([
      shown ? "" : new Response(child.stdout).text(),
      shown ? "" : new Response(child.stderr).text(),
      child.status,
    ]);
    if (deadline.signal.aborted) {
      throw new Error(
        `Cannot wait for ${program} ${
          args[0] ?? ""
        } any longer: it has not ended within ${timeoutMs / 1000} s`,
      );
    }
    return { code, stdout, stderr };
  } finally {
    clearTimeout(timer);
  }
}
