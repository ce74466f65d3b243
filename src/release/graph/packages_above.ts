/** The workspace of an app that only the `package.json` of a folder above it tells of; of one in a `deno.json`, Deno does.
 * @module
 */
import type { PackageFolder } from "@flyhot/runtime/plan";
import { joinPath } from "../../base/values.ts";
import { recordIn } from "../../config/files/json_text.ts";
import type { Host } from "../../host.ts";
import {
  memberFolders,
  membersOf,
} from "../../config/files/workspace_members.ts";

/** A workspace is not farther up. */
const ABOVE_MAX = 8;

/** Finds it. */
export async function packagesAbove(
  root: string,
  host: Pick<Host, "files" | "cwd">,
): Promise<PackageFolder[]> {
  const { files } = host;
  // Above the app it is not the app's: one that cannot be read is as good as none.
  const packageJson = async (folder: string) =>
    recordIn(await files.readText(joinPath(folder, "package.json")));
  // A member has one of its own.
  if (await files.stat(joinPath(root, "package.json")) === null) return [];
  const full = root.startsWith("/") ? root : joinPath(host.cwd(), root);
  const names = full.split("/").filter((name) => !/^\.?$/.test(name));
  for (let up = 1; up <= Math.min(ABOVE_MAX, names.length); up++) {
    const folder = `/${names.slice(0, names.length - up).join("/")}`;
    const json = await packageJson(folder);
    const patterns = membersOf(json?.workspaces);
    const own = names.slice(names.length - up).join("/");
    if (
      !json || !memberFolders(patterns, [`${own}/package.json`]).includes(own)
    ) {
      continue;
    }
    const above = "../".repeat(up);
    const found: PackageFolder[] = [{ folder: above, json }];
    for (const member of await membersIn(folder, patterns, host)) {
      const json = member === own
        ? null
        : await packageJson(joinPath(folder, member));
      if (json) found.push({ folder: `${above}${member}/`, json });
    }
    return found;
  }
  return [];
}

async function membersIn(
  folder: string,
  patterns: readonly string[],
  { files }: Pick<Host, "files">,
): Promise<string[]> {
  const paths: string[] = [];
  for (const pattern of patterns) {
    const names = pattern.split("/");
    const first = names.findIndex((name) => name.includes("*"));
    if (first === -1 || pattern.startsWith("!")) continue;
    const prefix = names.slice(0, first).map((name) => `${name}/`).join("");
    const isDeep = names.includes("**");
    const enter = (path: string) =>
      !/(?:^|\/)(?:node_modules|\.[^/]*)$/.test(path) &&
      (isDeep || path.split("/").length <= names.length - first);
    if (await files.stat(joinPath(folder, prefix)) === null) continue;
    for await (const it of files.walk(joinPath(folder, prefix), enter)) {
      if (/(?:^|\/)package\.json$/.test(it.path)) paths.push(prefix + it.path);
    }
  }
  return memberFolders(patterns, paths);
}
