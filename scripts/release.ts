/**
 * Tags a release: a clean tree, one version everywhere, a section in the change
 * log, every check passed. Pushes and publishes nothing.
 *
 * ```sh
 * deno run -A scripts/release.ts --dry-run
 * deno run -A scripts/release.ts
 * ```
 *
 * Needs no JSR: `deno task ok` brings its own way there.
 *
 * @module
 */

import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { releaseProblems, tagOf } from "./release/problems.ts";
import { git, readTree } from "./release/state.ts";
import { runProgram } from "./programs/run_program.ts";

/** How to release. */
interface ReleaseOptions {
  /** The folder of the repository. */
  readonly root: string;
  /** Only say what would happen. */
  readonly dryRun: boolean;
  /** The program that runs every check, and its arguments. */
  readonly check: readonly [program: string, ...args: string[]];
  /** Is told what happens. */
  readonly say: (line: string) => void;
}

const CHECK_TIMEOUT_MS = 60 * 60_000;
const HELP = `Checks the tree, runs deno task ok, and tags the release.

Usage: deno run -A scripts/release.ts [--dry-run]

  --dry-run  check the tree and say what would be done
  --help     this text

The version is the one in deno.json. Nothing is pushed or published.`;

/** Releases a tree, which is to tag its commit. */
export async function release(options: ReleaseOptions): Promise<boolean> {
  const { root, dryRun, check, say } = options;
  const { commit, state } = await readTree(root);
  const problems = releaseProblems(state);
  if (problems.length > 0) {
    for (const problem of problems) {
      say(`Cannot release ${state.version || "anything"}: ${problem}`);
    }
    return false;
  }
  const tag = tagOf(state.version);
  if (dryRun) {
    say(`Would run: ${["deno", ...check.slice(1)].join(" ")}`);
    say(`Would tag ${commit} as ${tag}`);
    return true;
  }
  const [program, ...args] = check;
  const { code } = await runProgram(program, args, {
    cwd: root,
    timeoutMs: CHECK_TIMEOUT_MS,
    shown: true,
  });
  if (code !== 0) {
    say(`Cannot release ${state.version}: the checks ended with ${code}`);
    return false;
  }
  const after = await readTree(root);
  if (after.commit !== commit || after.state.changed.length > 0) {
    say(
      `Cannot release ${state.version}: the tree changed while it was checked`,
    );
    return false;
  }
  await git(root, ["tag", "-a", tag, "-m", `flyhot ${state.version}`, commit]);
  say(`Tagged ${commit} as ${tag}. What is left to do:`);
  say(`  git push origin ${tag}`);
  say(
    "It starts .github/workflows/release.yml: binaries, checksums, both packages on JSR.",
  );
  return true;
}

async function main(args: readonly string[]): Promise<number> {
  if (args.includes("--help") || args.includes("-h")) {
    say(HELP);
    return 0;
  }
  const unknown = args.find((it) => it !== "--dry-run");
  if (unknown !== undefined) {
    complain(`Cannot read ${unknown}: no such flag; see --help`);
    return 2;
  }
  const released = await release({
    root: dirname(dirname(fileURLToPath(import.meta.url))),
    dryRun: args.includes("--dry-run"),
    check: [Deno.execPath(), "task", "ok"],
    say,
  });
  return released ? 0 : 1;
}

function say(line: string): void {
  // deno-lint-ignore no-console -- the answer of this script
  console.log(line);
}

function complain(line: string): void {
  // deno-lint-ignore no-console -- why there is no answer
  console.error(line);
}

if (import.meta.main) {
  try {
    Deno.exit(await main(Deno.args));
  } catch (error) {
    complain(error instanceof Error ? error.message : String(error));
    Deno.exit(1);
  }
}
