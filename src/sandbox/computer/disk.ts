/** The disk of this computer, as far as the sandbox uses it.
 * @module
 */
import { dirname } from "node:path";

/** Whether an error says that a file, folder or program is not there. */
export function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound;
}

/** Reads a file as text; null if it is not there. */
export async function readText(path: string): Promise<string | null> {
  try {
    return await Deno.readTextFile(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Reads a file. */
export function readBytes(path: string): Promise<Uint8Array<ArrayBuffer>> {
  return Deno.readFile(path);
}

/** Writes a file, its folder made if need be. */
export async function writeBytes(
  path: string,
  content: Uint8Array,
  mode?: number,
): Promise<void> {
  await Deno.mkdir(dirname(path), { recursive: true });
  await Deno.writeFile(path, content, mode === undefined ? {} : { mode });
}

/** Makes a folder, and those above it; one that is there is not an error. */
export async function makeFolder(path: string): Promise<void> {
  await Deno.mkdir(path, { recursive: true });
}

/** Makes a folder before this returns; there must be none yet. */
export function makeFolderNow(path: string): void {
  Deno.mkdirSync(path);
}

/** Makes a new empty folder for temporary files, without links in its path where no folder to make it in is named. */
export async function makeTempFolder(
  prefix: string,
  inFolder?: string,
): Promise<string> {
  if (inFolder !== undefined) {
    return await Deno.makeTempDir({ dir: inFolder, prefix });
  }
  return await Deno.realPath(await Deno.makeTempDir({ prefix }));
}

/** The path of a folder without links. */
export function realPath(path: string): Promise<string> {
  return Deno.realPath(path);
}

/** The names in a folder. */
export async function namesIn(folder: string): Promise<readonly string[]> {
  const entries = await Array.fromAsync(Deno.readDir(folder));
  return entries.map(({ name }) => name);
}

/** Removes a file or folder with all in it; nothing there is not an error. */
export async function remove(path: string): Promise<void> {
  try {
    await Deno.remove(path, { recursive: true });
  } catch (error) {
    if (!isMissing(error)) throw error;
  }
}
