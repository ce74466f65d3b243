/** The journal of files that a release has laid over the image's own: what every start puts back before it decides anything.
 * @module
 */
import { dirname, join } from "node:path";

/** One file of the image that something else lies over. */
export interface LaidEntry {
  /** Its path under the app root. */
  readonly path: string;
  /** Where the image's own file is kept, by name; null where the image has none. */
  readonly backup: string | null;
  /** SHA-256 of the image's own file; null where it has none. */
  readonly original: string | null;
  /** SHA-256 of what lies there; null where the release has none. */
  readonly laid: string | null;
}

/** The files that are laid, and the folders that were made for them. */
export interface LaidJournal {
  /** The files. */
  readonly entries: readonly LaidEntry[];
  /** Folders that the image does not have, outermost first. */
  readonly folders: readonly string[];
  /** Files that are only there while an upgrade is under way. */
  readonly temporary: readonly string[];
}

/** Nothing is laid. */
export const NOTHING_LAID: LaidJournal = {
  entries: [],
  folders: [],
  temporary: [],
};

const JOURNAL = "journal.json";

/**
 * Writes the journal so that it survives the end of the process at any moment.
 *
 * @param folder the folder it is in
 * @param journal what is laid, or is about to be
 */
export async function writeJournal(
  folder: string,
  journal: LaidJournal,
): Promise<void> {
  const temporary = join(folder, `.${JOURNAL}`);
  const bytes = new TextEncoder().encode(JSON.stringify(journal));
  {
    using file = await Deno.open(temporary, {
      write: true,
      create: true,
      truncate: true,
    });
    for (let written = 0; written < bytes.length;) {
      written += await file.write(bytes.subarray(written));
    }
    await file.sync();
  }
  await Deno.rename(temporary, join(folder, JOURNAL));
}

/**
 * Reads the journal.
 *
 * @param folder the folder it is in
 * @returns what is laid; nothing where there is no journal
 * @throws {Error} if there is one that cannot be read
 */
export async function readJournal(folder: string): Promise<LaidJournal> {
  let text: string;
  try {
    text = await Deno.readTextFile(join(folder, JOURNAL));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return NOTHING_LAID;
    throw error;
  }
  return JSON.parse(text) as LaidJournal;
}

/**
 * Puts the image's own files back, whatever an earlier process was doing when it ended.
 *
 * @param root the app root
 * @param folder the folder with the journal and the image's own files
 */
export async function restoreImage(
  root: string,
  folder: string,
): Promise<void> {
  const journal = await readJournal(folder);
  for (const { path, backup } of journal.entries) {
    const place = join(root, path);
    if (backup === null) {
      await removeIfThere(place);
      continue;
    }
    const kept = join(folder, backup);
    try {
      await Deno.mkdir(dirname(place), { recursive: true });
      await putBack(kept, place);
    } catch (error) {
      // It is back already: the start before this one ended in the middle.
      if (!(error instanceof Deno.errors.NotFound)) throw error;
    }
  }
  for (const path of journal.temporary) await removeIfThere(join(root, path));
  for (const path of journal.folders.toReversed()) {
    // The app may have put files of its own there.
    await Deno.remove(join(root, path)).catch(() => {});
  }
  await removeIfThere(join(folder, JOURNAL));
  await removeLeftovers(folder);
}

/** What was kept for an upgrade that ended before it wrote its journal. */
async function removeLeftovers(folder: string): Promise<void> {
  try {
    for await (const { name, isFile } of Deno.readDir(folder)) {
      if (isFile && name !== "lock") await removeIfThere(join(folder, name));
    }
  } catch (error) {
    if (!(error instanceof Deno.errors.NotFound)) throw error;
  }
}

/**
 * Moves a kept file to its place, over what is there.
 *
 * @param kept where it is kept
 * @param place where it belongs
 * @throws {Deno.errors.NotFound} if it is not kept any more
 */
async function putBack(kept: string, place: string): Promise<void> {
  try {
    await Deno.rename(kept, place);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) throw error;
    // Another disk: beside its place first, so that nobody sees half of it.
    const beside = `${place}.flyhot-back`;
    await Deno.copyFile(kept, beside);
    const { atime, mtime } = await Deno.stat(kept);
    if (atime && mtime) await Deno.utime(beside, atime, mtime);
    await Deno.rename(beside, place);
    await Deno.remove(kept);
  }
}

async function removeIfThere(path: string): Promise<void> {
  try {
    await Deno.remove(path);
  } catch (error) {
    if (
      !(error instanceof Deno.errors.NotFound ||
        error instanceof Deno.errors.NotADirectory)
    ) throw error;
  }
}
