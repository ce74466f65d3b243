/**
 * Reads what decides whether a tree can be released.
 *
 * @module
 */

import { join } from "node:path";
import { runProgram } from "../programs/run_program.ts";
import { type AppImport, importsIn, type ReleaseState } from "./problems.ts";

/** A tree, and the commit it is at. */
interface Tree {
  readonly commit: string;
  /** What decides whether it can be released. */
  readonly state: ReleaseState;
}

/** The packages besides the root. */
const PACKAGES = ["runtime/deno.json"];

/** Reads a tree. */
export async function readTree(root: string): Promise<Tree> {
  const packages = new Map<string, string>();
  for (const path of PACKAGES) packages.set(path, await versionIn(root, path));
  const imports: AppImport[] = [];
  for (const path of lines(await git(root, ["ls-files", "*deno.json"]))) {
    if (path === "deno.json" || PACKAGES.includes(path)) continue;
    imports.push(...importsIn(path, await Deno.readTextFile(join(root, path))));
  }
  return {
    commit: (await git(root, ["rev-parse", "--verify", "HEAD"])).trim(),
    state: {
      version: await versionIn(root, "deno.json"),
      packages,
      imports,
      changelog: await changelogIn(root),
      changed: lines(await git(root, ["status", "--porcelain"]))
        .map((it) => it.slice(3)),
      tags: new Set(lines(await git(root, ["tag", "--list"]))),
    },
  };
}

/** Runs git. */
export async function git(
  root: string,
  args: readonly string[],
): Promise<string> {
  const { code, stdout, stderr } = await runProgram("git", args, { cwd: root });
  if (code === 0) return stdout;
  throw new Error(
    `Cannot ask git in ${root}: git ${
      args[0]
    } ended with ${code} (${stderr.trim()})`,
  );
}

function lines(text: string): string[] {
  return text.split("\n").filter((it) => it !== "");
}

async function versionIn(root: string, path: string): Promise<string> {
  const value: unknown = JSON.parse(await Deno.readTextFile(join(root, path)));
  const version = (value as { version?: unknown } | null)?.version;
  return typeof version === "string" ? version : "";
}

async function changelogIn(root: string): Promise<string> {
  try {
    return await Deno.readTextFile(join(root, "CHANGELOG.md"));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return "";
    throw error;
  }
}
