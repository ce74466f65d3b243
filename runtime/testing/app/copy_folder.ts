/** A copy of an app's folder.
 * @module
 */
import { join } from "node:path";

const LEFT_OUT = new Set([".git", ".flyhot"]);

/** Copies a folder with all in it, links as links, without `.git` and `.flyhot`. */
export async function copyFolder(from: string, to: string): Promise<void> {
  const entries = await Array.fromAsync(Deno.readDir(from));
  await Deno.mkdir(to, { recursive: true });
  for (const { name, isDirectory, isFile, isSymlink } of entries) {
    if (LEFT_OUT.has(name)) continue;
    const [source, target] = [join(from, name), join(to, name)];
    if (isDirectory) await copyFolder(source, target);
    else if (isFile) await Deno.copyFile(source, target);
    else if (isSymlink) await Deno.symlink(await Deno.readLink(source), target);
  }
}
