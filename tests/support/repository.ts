/** Git repositories for tests.
 * @module
 */
import { dirname } from "@std/path";
import { runProgram } from "../../scripts/programs/run_program.ts";
import { type TempFolder, tempFolder } from "./temp_folder.ts";

/** A repository that is gone when the test is over. */
export interface Repository extends TempFolder {
  /** Writes files and commits everything. */
  commit(files: Readonly<Record<string, string>>): Promise<void>;
  /** Runs git in it, and returns what it wrote. */
  git(...args: string[]): Promise<string>;
}

// Whatever the person who runs the tests has configured must not matter.
const ENV = { GIT_CONFIG_GLOBAL: "/dev/null", GIT_CONFIG_SYSTEM: "/dev/null" };

/** Makes a repository with one commit of these files. */
export async function newRepository(
  files: Readonly<Record<string, string>>,
): Promise<Repository> {
  const folder = await tempFolder();
  const git = async (...args: string[]) => {
    const { code, stdout, stderr } = await runProgram("git", args, {
      cwd: folder.path,
      env: ENV,
    });
    if (code !== 0) throw new Error(`git ${args.join(" ")}: ${stderr}`);
    return stdout;
  };
  const repository: Repository = {
    ...folder,
    git,
    async commit(files) {
      for (const [path, text] of Object.entries(files)) {
        await Deno.mkdir(dirname(folder.join(path)), { recursive: true });
        await Deno.writeTextFile(folder.join(path), text);
      }
      await git("add", "--all");
      await git("commit", "--quiet", "--allow-empty", "--message", "test");
    },
  };
  await git("init", "--quiet");
  await git("config", "user.name", "test");
  await git("config", "user.email", "test@example.com");
  await repository.commit(files);
  return repository;
}
