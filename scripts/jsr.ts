/**
 * Runs a deno command so that `jsr:` imports resolve: on a closed network from
 * an npm republication, and `@flyhot/*` always from the working tree.
 *
 * ```sh
 * deno run -A scripts/jsr.ts [--plain] [--] <deno subcommand and arguments>
 * ```
 *
 * Nothing here may need JSR itself: no imports but `node:` and relative ones.
 *
 * @module
 */

import { delimiter, dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { findDenoCache } from "./mirror/deno_cache.ts";
import { neededVersions, startMirror } from "./mirror/mod.ts";
import { REPUBLICATION } from "./mirror/std_table.ts";
import { chooseUpstream, type Upstream } from "./mirror/upstream.ts";

/** The command line of this script, taken apart. */
export interface Invocation {
  /** Step aside where JSR can be had. */
  readonly plain: boolean;
  /** The deno subcommand and its arguments. */
  readonly command: readonly string[];
}

const ROOT = dirname(dirname(fileURLToPath(import.meta.url)));
const UPSTREAM_VARIABLE = "FLYHOT_JSR_UPSTREAM";
const HELP = `Runs a deno command so that jsr: imports resolve.

Usage: deno run -A scripts/jsr.ts [--plain] [--] <deno subcommand and arguments>

Serves @flyhot/* from the working tree on loopback and sets JSR_URL for the
command and its children. All other packages come from jsr.io or, where that
cannot be reached, from their npm republication.

  --plain  serve nothing where jsr.io can be reached: for commands that need no
           @flyhot/* outside of the workspace (check, lint, doc, publish)
  --help   this text

${UPSTREAM_VARIABLE}=jsr or =npm decides where other packages come from.
With JSR_URL set already, the command is simply run.

Examples:
  deno run -A scripts/jsr.ts test -A
  deno run -A scripts/jsr.ts --plain publish --dry-run
`;

/**
 * Takes the command line apart.
 *
 * @param args The arguments of this script.
 * @returns What to run, or undefined if help is wanted or nothing is to be run.
 */
export function parseInvocation(
  args: readonly string[],
): Invocation | undefined {
  const plain = args[0] === "--plain";
  let command = plain ? args.slice(1) : args;
  if (command[0] === "--") command = command.slice(1);
  else if (command[0]?.startsWith("-")) return undefined;
  return command.length > 0 ? { plain, command } : undefined;
}

/**
 * Puts the folder of the running deno first in a search path, so that children
 * find it where it was started without being installed (`npx deno`).
 *
 * @param path The search path so far.
 * @param deno The path of the deno executable.
 * @returns The search path for children.
 */
export function withDeno(path: string | undefined, deno: string): string {
  return path ? dirname(deno) + delimiter + path : dirname(deno);
}

async function main(args: readonly string[]): Promise<number> {
  const invocation = parseInvocation(args);
  if (!invocation) {
    const asked = args.includes("--help") || args.includes("-h");
    await say(asked ? Deno.stdout : Deno.stderr, HELP);
    return asked ? 0 : 2;
  }
  const { plain, command } = invocation;
  if (Deno.env.get("JSR_URL")) return await runDeno(command, {});
  const cache = await findDenoCache();
  const upstream = forcedUpstream() ??
    await chooseUpstream({ versions: await neededVersions(ROOT), cache });
  if (plain && upstream === "jsr") return await runDeno(command, {});
  if (upstream === "npm") {
    await say(
      Deno.stderr,
      `jsr.io cannot be reached; its packages come from ${REPUBLICATION}\n`,
    );
  }
  await using registry = await startMirror({ root: ROOT, upstream, cache });
  return await runDeno(command, { JSR_URL: registry.url });
}

/** What the environment says about the upstream, if anything. */
function forcedUpstream(): Upstream | undefined {
  const value = Deno.env.get(UPSTREAM_VARIABLE);
  if (!value) return undefined;
  if (value === "jsr" || value === "npm") return value;
  throw new Error(
    `Cannot choose where packages come from: ${UPSTREAM_VARIABLE} is "${value}", expected jsr or npm`,
  );
}

/** Runs deno with our streams and signals, and returns its exit code. */
async function runDeno(
  args: readonly string[],
  env: Record<string, string>,
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

async function say(
  stream: { writable: WritableStream<Uint8Array> },
  text: string,
): Promise<void> {
  const writer = stream.writable.getWriter();
  await writer.write(new TextEncoder().encode(text));
  writer.releaseLock();
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    await say(
      Deno.stderr,
      `jsr: ${error instanceof Error ? error.message : error}\n`,
    );
    Deno.exit(1);
  }
}
