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

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { findDenoCache } from "./mirror/deno_cache.ts";
import { neededVersions, startMirror } from "./mirror/mod.ts";
import { REPUBLICATION } from "./mirror/std/std_table.ts";
import { chooseUpstream, type Upstream } from "./mirror/upstream.ts";
import { runDeno } from "./programs/run_deno.ts";

/** The command line of this script, taken apart. */
interface Invocation {
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

/** Takes the command line apart. */
export function parseInvocation(
  args: readonly string[],
): Invocation | undefined {
  const plain = args[0] === "--plain";
  let command = plain ? args.slice(1) : args;
  if (command[0] === "--") command = command.slice(1);
  else if (command[0]?.startsWith("-")) return undefined;
  return command.length > 0 ? { plain, command } : undefined;
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
