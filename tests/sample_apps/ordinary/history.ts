/** The versions of an app as its repository has them: the first one whole, each later one as a patch on the one before.
 * @module
 */
import { basename, join } from "@std/path";
import { copyFolder } from "../../../runtime/testing/app/copy_folder.ts";
import { runProgram } from "../../../scripts/programs/run_program.ts";

/** A version of an app, on disk. */
export interface Version {
  /** 1 is the first. */
  readonly number: number;
  /** What its patch says of it. */
  readonly subject: string;
  /** Its files. */
  readonly folder: string;
}

/**
 * Writes every version of an app into a folder of its own.
 *
 * @param home where `app/` and `versions/` are
 * @param target the folder for all of them
 */
export async function writeHistory(
  home: string,
  target: string,
): Promise<Version[]> {
  const patches = (await Array.fromAsync(Deno.readDir(join(home, "versions"))))
    .map(({ name }) => join(home, "versions", name)).sort();
  const first = join(target, "v1");
  await copyFolder(join(home, "app"), first);
  const versions: Version[] = [
    { number: 1, subject: "the first version", folder: first },
  ];
  for (const patch of patches) {
    const number = versions.length + 1;
    if (Number.parseInt(basename(patch)) !== number) {
      throw new Error(`${patch} should be the patch to version ${number}`);
    }
    const folder = join(target, `v${number}`);
    await copyFolder(versions.at(-1)!.folder, folder);
    await apply(patch, folder);
    const [subject = ""] = (await Deno.readTextFile(patch)).split("\n");
    versions.push({ number, subject, folder });
  }
  return versions;
}

/** Lets every version ask for rebinding. */
export async function askForRebinding(
  versions: readonly Version[],
): Promise<void> {
  for (const { folder } of versions) {
    const path = join(folder, "deno.json");
    const { flyhot, ...rest } = JSON.parse(await Deno.readTextFile(path));
    await Deno.writeTextFile(
      path,
      JSON.stringify({ ...rest, flyhot: { ...flyhot, rebind: true } }),
    );
  }
}

async function apply(patch: string, folder: string): Promise<void> {
  const { code, stderr } = await runProgram("git", ["apply", patch], {
    cwd: folder,
    // Whatever repository the folder may be in is not asked.
    env: { GIT_DIR: join(folder, "none"), GIT_CONFIG_GLOBAL: "/dev/null" },
  });
  if (code !== 0) throw new Error(`Cannot apply ${patch}: ${stderr}`);
}
