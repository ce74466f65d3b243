/** What git says about the folder that a release is packed from.
 * @module
 */
import type { Host } from "../../host.ts";

/** Tells whether files in a folder differ from the last commit. */
export async function isDirty(
  root: string,
  host: Pick<Host, "run">,
  signal?: AbortSignal,
): Promise<boolean> {
  return !!await git(["status", "--porcelain", "--", "."], root, host, signal);
}

/**
 * What git calls the state of a folder: the newest tag, how many commits are behind it and the last commit, as `git
 * describe` tells them.
 */
export async function describedVersion(
  root: string,
  host: Pick<Host, "run">,
  signal?: AbortSignal,
): Promise<string | null> {
  const args = ["describe", "--tags", "--always", "--dirty"];
  return await git(args, root, host, signal) || null;
}

/** The last commit, where a folder is exactly as in it. */
export interface CleanCommit {
  /** Its hash. */
  readonly commit: string;
  /** The first line of its message; empty where git does not say. */
  readonly subject: string;
}

/** Names the commit that a folder is exactly as in. */
export async function cleanCommit(
  root: string,
  host: Pick<Host, "run">,
  signal?: AbortSignal,
): Promise<CleanCommit | null> {
  const said = (...args: string[]) => git(args, root, host, signal);
  const commit = await said("rev-parse", "--verify", "--quiet", "HEAD");
  if (commit === "" || await isDirty(root, host, signal)) return null;
  return { commit, subject: await said("log", "-1", "--format=%s", commit) };
}

/** What git says; empty where it refuses, or is not there. */
async function git(
  args: readonly string[],
  root: string,
  host: Pick<Host, "run">,
  signal?: AbortSignal,
): Promise<string> {
  try {
    const options = { cwd: root, signal };
    const { code, stdout } = await host.run("git", args, options);
    return code === 0 ? stdout.trim() : "";
  } catch (error) {
    if (error instanceof Error && error.name === "NotFound") return "";
    throw error;
  }
}
