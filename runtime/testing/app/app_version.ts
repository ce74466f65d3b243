/** A version of an app that a test names: a folder, or a commit of the repository that the folder is in.
 * @module
 */
import { errorText } from "../../base/error_text.ts";
import { join, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import { TestAppError } from "../test_app_error.ts";

/** A version in the history of a git repository. */
export interface GitVersion {
  /** A branch, a tag or a commit. */
  readonly git: string;
  /** The app's folder, as it is called in the working tree. Default the working folder. */
  readonly path?: string | URL;
}

/** A version of an app: a folder (relative to the working folder, or a `file:` URL) or a commit. */
export type AppVersion = string | URL | GitVersion;

/** Names a version for people. */
export function nameOf(version: AppVersion): string {
  if (typeof version === "string") return version;
  if (version instanceof URL) return fileURLToPath(version);
  const { git, path } = version;
  return path === undefined ? git : `${git}:${nameOf(path)}`;
}

/** Finds the folder of a version; that of a commit is written out. */
export async function folderOf(
  version: AppVersion,
  target: string,
): Promise<string> {
  if (typeof version === "object" && "git" in version) {
    await writeCommit(version, target);
    return target;
  }
  const folder = pathOf(version);
  const found = await Deno.stat(folder).catch(() => null);
  if (found?.isDirectory) return folder;
  throw new TestAppError(
    `Cannot find the version ${nameOf(version)}: ${folder} is not a folder`,
  );
}

function pathOf(path: string | URL): string {
  return resolve(path instanceof URL ? fileURLToPath(path) : path);
}

async function writeCommit(
  version: GitVersion,
  target: string,
): Promise<void> {
  const cwd = pathOf(version.path ?? ".");
  const git = async (...args: string[]): Promise<string> => {
    try {
      // An index of its own: the repository's stays as it is.
      return await runGit(args, cwd, { GIT_INDEX_FILE: `${target}.index` });
    } catch (cause) {
      const why = errorText(cause);
      throw new TestAppError(
        `Cannot check out the version ${nameOf(version)}: ${why}`,
        { cause },
      );
    }
  };
  const prefix = await git("rev-parse", "--show-prefix");
  const root = await git("rev-parse", "--show-toplevel");
  await git("read-tree", `${version.git}:${prefix}`);
  await git(
    "-C",
    root,
    "checkout-index",
    "--all",
    `--prefix=${join(target, "/")}`,
  );
  await Deno.remove(`${target}.index`);
}

async function runGit(
  args: readonly string[],
  cwd: string,
  env: Readonly<Record<string, string>>,
): Promise<string> {
  const { success, stdout, stderr } = await new Deno.Command("git", {
    args: [...args],
    cwd,
    env: { ...env },
  }).output();
  const decoder = new TextDecoder();
  if (success) return decoder.decode(stdout).replace(/\r?\n$/, "");
  throw new Error(
    `git ${args.join(" ")} says: ${decoder.decode(stderr).trim()}`,
  );
}
