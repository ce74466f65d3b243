/** The command as one file, run as nearly as can be as the compiled binary runs it.
 * @module
 */
import { join } from "@std/path";
import { bundleCli } from "../../../scripts/compile/bundle.ts";
import { ENGINE_FLAGS } from "../../../scripts/compile/engine.ts";
import { PERMISSION_FLAGS } from "../../../scripts/compile/permissions.ts";
import type { CliOutcome } from "./run_cli.ts";

const ROOT = new URL("../../../", import.meta.url).pathname;

/** How to run it. */
export interface BundledOptions {
  /** The working folder. Default: that of the bundle, which holds nothing else. */
  readonly cwd?: string;
  /** Variables added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Its permissions. Default: those of the compiled binary. */
  readonly permissions?: readonly string[];
}

/** The bundle, and a Deno that is called `flyhot`. */
export interface BundledCli extends AsyncDisposable {
  /** The text of the bundle. */
  readonly text: string;
  /** Runs a command line. */
  run(args: readonly string[], options?: BundledOptions): Promise<CliOutcome>;
}

/** Bundles the command with this commit; disposing removes it. */
export async function bundledCli(commit: string): Promise<BundledCli> {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-bundle-" });
  const bundle = join(folder, "flyhot.js");
  // A binary is its own execPath: whoever takes that for a deno is wrong there, and here.
  const program = join(folder, "flyhot");
  try {
    await bundleCli({ root: ROOT, output: bundle, commit });
    await Deno.copyFile(Deno.execPath(), program);
    return {
      text: await Deno.readTextFile(bundle),
      run: (args, options = {}) => run(program, bundle, args, options),
      [Symbol.asyncDispose]: () => Deno.remove(folder, { recursive: true }),
    };
  } catch (error) {
    await Deno.remove(folder, { recursive: true });
    throw error;
  }
}

async function run(
  program: string,
  bundle: string,
  args: readonly string[],
  { cwd, env = {}, permissions = PERMISSION_FLAGS }: BundledOptions,
): Promise<CliOutcome> {
  const { code, stdout, stderr } = await new Deno.Command(program, {
    args: [
      "run",
      "--no-config",
      "--no-lock",
      "--no-remote",
      "--no-npm",
      ...permissions,
      ...ENGINE_FLAGS,
      bundle,
      ...args,
    ],
    cwd: cwd ?? join(bundle, ".."),
    env: { ...env, NO_COLOR: "1" },
    stdin: "null",
  }).output();
  const decoder = new TextDecoder();
  return {
    code,
    stdout: decoder.decode(stdout),
    stderr: decoder.decode(stderr),
  };
}
