/** Copies of folders.
 * @module
 */
import { join } from "node:path";

/** One thing that was copied. */
interface CopiedEntry {
  /** Its path under the folder, with `/` between names. */
  readonly path: string;
  /** What it is. */
  readonly kind: "file" | "link";
  /** Length in bytes of a file. */
  readonly size: number;
}

/** What to leave out of a copy. */
interface CopyOptions {
  /** Tells of a path under the folder whether it stays out. Default none. */
  readonly leaveOut?: (path: string) => boolean;
  /** Tells of a folder's name whether nothing in it can be wanted. Default none. */
  readonly skipFolder?: (name: string) => boolean;
  /** Says which mode a file gets, by its path under the folder and its mode before. Default the same. */
  readonly modeOf?: (path: string, before: number) => number;
}

/**
 * Copies the content of a folder into a new one, in path order. Links are copied as links, sockets and devices are left
 * out.
 */
export async function copyFolder(
  from: string,
  to: string,
  options: CopyOptions = {},
): Promise<CopiedEntry[]> {
  const {
    leaveOut = () => false,
    skipFolder = () => false,
    modeOf = (_, before) => before,
  } = options;
  const copied: CopiedEntry[] = [];
  const copyEntry = async (entry: Deno.DirEntry, path: string) => {
    const [source, target] = [join(from, path), join(to, path)];
    if (entry.isSymlink) {
      await Deno.symlink(await Deno.readLink(source), target);
      copied.push({ path, kind: "link", size: 0 });
    } else if (entry.isFile) {
      await Deno.copyFile(source, target);
      const { size, mode } = await Deno.stat(target);
      const wanted = mode === null ? null : modeOf(path, mode);
      if (wanted !== mode) await Deno.chmod(target, wanted!);
      copied.push({ path, kind: "file", size });
    }
  };
  const visit = async (folder: string, isOut: boolean) => {
    if (!isOut) await Deno.mkdir(join(to, folder), { recursive: true });
    const entries = await Array.fromAsync(Deno.readDir(join(from, folder)));
    for (const entry of entries.sort((a, b) => a.name < b.name ? -1 : 1)) {
      const path = folder === "" ? entry.name : `${folder}/${entry.name}`;
      const entryOut = leaveOut(path);
      if (entry.isDirectory) {
        // A pattern may take files back in below a folder that is left out.
        if (!skipFolder(entry.name)) await visit(path, entryOut);
      } else if (!entryOut) {
        if (isOut) await Deno.mkdir(join(to, folder), { recursive: true });
        await copyEntry(entry, path);
      }
    }
  };
  await visit("", false);
  return copied;
}
