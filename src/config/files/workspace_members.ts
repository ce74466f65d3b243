/** The members of a workspace, as `deno.json` and `package.json` name them.
 * @module
 */
import { isRecord } from "../../base/values.ts";
import { ignoreTest } from "../ignore.ts";

/** The folders that patterns mean: those with a configuration of their own. */
export function memberFolders(
  patterns: readonly string[],
  paths: Iterable<string>,
): string[] {
  const folders = new Set(patterns.filter((it) => !it.includes("*")));
  const tests = patterns.filter((it) => it.includes("*") && !it.startsWith("!"))
    .map((it) => ignoreTest([it]));
  if (tests.length > 0) {
    for (const path of paths) {
      const folder = /^(.+)\/(?:deno\.jsonc?|package\.json)$/.exec(path)?.[1];
      if (folder === undefined) continue;
      if (tests.some((test) => test(folder))) folders.add(folder);
    }
  }
  return [...folders].sort();
}

/** The patterns by which a configuration names its members. */
export function membersOf(workspace: unknown): string[] {
  const members = isRecord(workspace)
    ? workspace.members ?? workspace.packages
    : workspace;
  if (!Array.isArray(members)) return [];
  return members.filter((member) => typeof member === "string").map((member) =>
    member.replace(/^\.\//, "").replace(/\/$/, "")
  );
}
