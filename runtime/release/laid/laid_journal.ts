/** What a start needs to put the image's own files back: written before the first of them is touched.
 * @module
 */
import { nativeFiles } from "../../base/platform/native_files.ts";
import { TextEncoder } from "../../base/platform/globals.ts";
import { join } from "node:path";

/** One file that a release was laid over, or is about to be. */
export interface JournalEntry {
  /** Its path under the app root. */
  readonly path: string;
  /** Where it is on the disk. */
  readonly place: string;
  /** Digest of the image's own file, or null where the image has none. */
  readonly original: string | null;
  /** The name of the kept original in the store, or null where there is none. */
  readonly backup: string | null;
  /** Digests of what may lie there now; null means that it was taken away. */
  readonly laid: readonly (string | null)[];
}

/** The journal. */
export interface Journal {
  /** Version of this record. */
  readonly protocol: 1;
  /** Every file that is not the image's own, or soon may not be. */
  readonly entries: readonly JournalEntry[];
  /** New content that waits beside its place. */
  readonly temps: readonly string[];
  /** Folders that were made, outermost first. */
  readonly folders: readonly string[];
}

/** The journal's file in the releases folder. */
export const JOURNAL = "laid.json";
/** The folder for originals in the releases folder. */
export const STORE = "laid";
/** The lock's file in the releases folder. */
export const LOCK = "laid.lock";

/** Reads the journal. Returns the journal, or null where nothing is laid. Throws if it cannot be read. */
export async function readJournal(folder: string): Promise<Journal | null> {
  const path = join(folder, JOURNAL);
  let text: string;
  try {
    text = await nativeFiles.readTextFile(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
  try {
    const journal = JSON.parse(text) as Journal;
    if (journal.protocol === 1 && Array.isArray(journal.entries)) {
      return journal;
    }
  } catch {
    // Said below: a journal appears whole or not at all.
  }
  throw new Error(
    `Cannot put the image's files back: ${path} is not a journal of this version; recycle this machine`,
  );
}

/** Writes the journal so that it is on the disk, whole, when this returns. */
export async function writeJournal(
  folder: string,
  journal: Journal,
): Promise<void> {
  const path = join(folder, JOURNAL);
  const { entries, temps, folders } = journal;
  if (entries.length + temps.length + folders.length === 0) {
    await Deno.remove(path).catch(ignoreMissing);
    return;
  }
  const temporary = `${path}.new`;
  {
    // Only for the disk itself it is worth while to wait for another thread.
    using file = nativeFiles.openSync(temporary, {
      write: true,
      create: true,
      truncate: true,
    });
    const bytes = new TextEncoder().encode(JSON.stringify(journal));
    for (let at = 0; at < bytes.byteLength;) {
      at += file.writeSync(bytes.subarray(at));
    }
    await file.sync();
  }
  // Over a file that is there it waits for the disk, too.
  await Deno.rename(temporary, path);
  using entry = nativeFiles.openSync(folder);
  // The name as well; some file systems know no such thing for folders, and need none.
  await entry.sync().catch(() => {});
}

/** Passes over an error that says there is nothing. Throws everything else. */
export function ignoreMissing(error: unknown): void {
  if (!(error instanceof Deno.errors.NotFound)) throw error;
}
