/** What an app's folder holds, as far as one must look to tell how the app is made.
 * @module
 */
import { findEntries, type FoundEntries } from "../graph/entries.ts";
import { type ConfigFiles, readConfigFiles } from "./config_files.ts";
import type { Host } from "../../host.ts";
import { joinPath } from "../../base/values.ts";

/** An app's folder. */
export interface ProjectFiles {
  /** What its configuration files say. */
  readonly config: ConfigFiles;
  /** Its files, without those of packages, repositories and releases; at most {@linkcode FILES_MAX}. */
  readonly paths: ReadonlySet<string>;
  /** Its main modules and where they are named; null if there are none. */
  readonly entries: FoundEntries | null;
  /** Reads one of its files; null if it is not there. */
  readonly read: (path: string) => Promise<string | null>;
}

/** How many files are looked at. */
const FILES_MAX = 5000;

const SKIPPED = new Set([
  "node_modules",
  ".git",
  ".flyhot",
  "vendor",
  "_fresh",
]);

/** Looks at an app's folder. */
export async function readProject(
  folder: string,
  host: Pick<Host, "files" | "cwd">,
  named: readonly string[] | null = null,
): Promise<ProjectFiles> {
  const root = folder === "" || folder === "." ? host.cwd() : folder;
  const config = await readConfigFiles(folder, host);
  const paths = new Set<string>();
  const enter = (path: string) => !SKIPPED.has(path.split("/").at(-1) ?? "");
  for await (const { path, kind } of host.files.walk(root, enter)) {
    if (kind === "file") paths.add(path);
    if (paths.size >= FILES_MAX) break;
  }
  return {
    config,
    paths,
    entries: named
      ? { entries: named, origin: `deno.json "flyhot".entry` }
      : findEntries({ ...config, root, has: (path) => paths.has(path) }),
    read: (path) => host.files.readText(joinPath(folder, path)),
  };
}
