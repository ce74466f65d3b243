/** What lies at a place on the disk, links as they are.
 * @module
 */
import { nativeFiles } from "../../base/platform/native_files.ts";
import { isMissing } from "../file_digests.ts";

/** What lies there; null where nothing does. */
export async function lstat(path: string): Promise<Deno.FileInfo | null> {
  try {
    return await nativeFiles.lstat(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** The same in one turn. */
export function lstatSync(path: string): Deno.FileInfo | null {
  try {
    return nativeFiles.lstatSync(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}
