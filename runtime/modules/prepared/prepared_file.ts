/** The file in which the build of an image leaves what it has found out of its scripts.
 * @module
 */
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { nativeFiles } from "../../base/platform/native_files.ts";
import {
  PREPARED_FILE,
  type PreparedScripts,
  preparedText,
  readPrepared,
} from "./prepared_scripts.ts";

/** What is prepared of the scripts under a root; nothing where no build has prepared them. */
export async function preparedIn(root: string): Promise<PreparedScripts> {
  try {
    const text = await nativeFiles.readTextFile(join(root, PREPARED_FILE));
    return readPrepared(text);
  } catch {
    // Then they are parsed as they are loaded.
    return new Map();
  }
}

/** Leaves what is prepared. Returns where. */
export async function leavePrepared(
  root: string,
  scripts: PreparedScripts,
): Promise<string> {
  const file = join(root, PREPARED_FILE);
  await mkdir(dirname(file), { recursive: true });
  await writeFile(file, preparedText(scripts));
  return file;
}
