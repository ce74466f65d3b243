/**
 * The three things that `deno task compile` does.
 *
 * @module
 */

import { join } from "node:path";
import { FlyhotError } from "../../src/errors.ts";
import { compileBinary } from "./binary.ts";
import { bundleCli } from "./bundle.ts";
import { checksumLines } from "./checksums.ts";
import { commitOf } from "./commit.ts";
import { checkContent } from "./checks/content.ts";
import { proveItRuns } from "./checks/prove.ts";
import { binaryName, TARGETS } from "./targets.ts";

/** Where to compile. */
interface CompileOptions {
  /** The folder of this repository. */
  readonly root: string;
  /** The folder for binaries. */
  readonly dist: string;
  /** The value of `DENORT_BIN`: a runtime to use instead of Deno's own. */
  readonly stub?: string;
}

const CHECKSUMS = "SHA256SUMS";

/** Compiles the binary for this machine, runs it, and leaves nothing. */
export async function compileHere(options: CompileOptions): Promise<string> {
  const { target } = Deno.build;
  return await inWorkshop(options, async ({ bundle, folder, commit }) => {
    const output = join(folder, binaryName(target));
    await compileBinary({ ...options, bundle, output, target });
    await proveItRuns(output, commit);
    const path = join(options.dist, binaryName(target));
    await Deno.rename(output, path);
    return path;
  });
}

/**
 * Compiles the binaries for all targets, with their checksums: all of them or none. The one for this machine is run.
 */
export async function compileAll(options: CompileOptions): Promise<string[]> {
  if (options.stub !== undefined) {
    throw new FlyhotError(
      "usage",
      `Cannot compile for ${TARGETS.length} targets: DENORT_BIN names the runtime of one`,
      { hint: "unset DENORT_BIN, or leave out --all" },
    );
  }
  return await inWorkshop(options, async ({ bundle, folder, commit }) => {
    const made: string[] = [];
    for (const target of TARGETS) {
      const output = join(folder, binaryName(target, true));
      await compileBinary({ bundle, output, target });
      if (target === Deno.build.target) await proveItRuns(output, commit);
      made.push(output);
    }
    const checksums = join(folder, CHECKSUMS);
    await Deno.writeTextFile(checksums, await checksumLines(made));
    const moved: string[] = [];
    for (const path of [...made, checksums]) {
      moved.push(join(options.dist, path.slice(folder.length + 1)));
      await Deno.rename(path, moved.at(-1)!);
    }
    return moved;
  });
}

/** What {@linkcode checkCompile} found. */
interface CompileCheck {
  /** The size of the bundle, in bytes. */
  readonly bundleSize: number;
  /** The size of the file that was thrown away, in bytes. */
  readonly outputSize: number;
  /** What stood in for Deno's runtime. */
  readonly stub: string;
}

/**
 * Compiles the binary for this machine around any executable and throws it away: proves that the CLI bundles, that
 * `deno compile` takes the bundle with the flags we give, and that all of it is in the result; not that the result
 * runs.
 */
export async function checkCompile(
  options: Omit<CompileOptions, "dist">,
): Promise<CompileCheck> {
  const stub = options.stub ?? Deno.execPath();
  const { target } = Deno.build;
  const dist = await Deno.makeTempDir({ prefix: "flyhot-compile-" });
  try {
    return await inWorkshop(
      { ...options, dist },
      async ({ bundle, folder }) => {
        await checkContent(await Deno.readTextFile(bundle));
        const output = join(folder, binaryName(target));
        await compileBinary({ bundle, output, target, stub });
        const { size: bundleSize } = await Deno.stat(bundle);
        const { size: outputSize } = await Deno.stat(output);
        return { bundleSize, outputSize, stub };
      },
    );
  } finally {
    await Deno.remove(dist, { recursive: true });
  }
}

/** What is compiled, and where. */
interface Workshop {
  readonly bundle: string;
  readonly folder: string;
  readonly commit: string;
}

/** Bundles in a folder inside of `dist`, so that results can be renamed into place, and removes it. */
async function inWorkshop<T>(
  { root, dist }: CompileOptions,
  work: (workshop: Workshop) => Promise<T>,
): Promise<T> {
  await Deno.mkdir(dist, { recursive: true });
  const folder = await Deno.makeTempDir({ dir: dist, prefix: ".compile-" });
  try {
    const bundle = join(folder, "flyhot.js");
    const commit = await commitOf(root);
    await bundleCli({ root, output: bundle, commit });
    return await work({ bundle, folder, commit });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
