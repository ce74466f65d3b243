/**
 * Which commit a tree is.
 *
 * @module
 */

import { runProgram } from "../programs/run_program.ts";

/** Names the commit of a tree. */
export async function commitOf(root: string): Promise<string> {
  try {
    const head = await runProgram("git", ["rev-parse", "--verify", "HEAD"], {
      cwd: root,
    });
    if (head.code !== 0) return "unknown";
    const status = await runProgram("git", ["status", "--porcelain"], {
      cwd: root,
    });
    const clean = status.code === 0 && status.stdout === "";
    return head.stdout.slice(0, 12) + (clean ? "" : "-dirty");
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "unknown";
    throw error;
  }
}
