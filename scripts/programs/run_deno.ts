/**
 * Runs the deno of this process again, as if it had been called instead.
 *
 * Nothing here may need JSR: `scripts/jsr.ts` starts with it.
 *
 * @module
 */

import { delimiter, dirname } from "node:path";

/**
 * Puts the folder of the running deno first in a search path, so that children
 * find it where it was started without being installed (`npx deno`).
 */
export function withDeno(path: string | undefined, deno: string): string {
  return path ? dirname(deno) + delimiter + path : dirname(deno);
}

/** Runs deno with our streams, and passes signals on. */
export async function runDeno(
  args: readonly string[],
  env: Readonly<Record<string, string>> = {},
): Promise<number> {
  const deno = Deno.execPath();
  const child = new Deno.Command(deno, {
    args: [...args],
    env: { ...env, PATH: withDeno(Deno.env.get("PATH"), deno) },
    stdin: "inherit",
    stdout: "inherit",
    stderr: "inherit",
  }).spawn();
  const forward = forwardSignals(child);
  try {
    return (await child.status).code;
  } finally {
    forward.stop();
  }
}

function forwardSignals(child: Deno.ChildProcess): { stop(): void } {
  const signals: Deno.Signal[] = Deno.build.os === "windows"
    ? ["SIGINT", "SIGBREAK"]
    : ["SIGINT", "SIGTERM", "SIGHUP", "SIGQUIT"];
  // A terminal sends ^C to the child as well; twice would mean "at once".
  const terminal = Deno.stdin.isTerminal();
  const listeners = signals.map((signal) => {
    const fromTerminal = signal === "SIGINT" || signal === "SIGQUIT" ||
      signal === "SIGBREAK";
    const listener = () => {
      if (terminal && fromTerminal) return;
      try {
        child.kill(signal);
      } catch {
        // It ended just now, which is what the signal wanted.
      }
    };
    Deno.addSignalListener(signal, listener);
    return { signal, listener };
  });
  return {
    stop() {
      for (const { signal, listener } of listeners) {
        Deno.removeSignalListener(signal, listener);
      }
    },
  };
}
