/** A folder in the temporary folder that nobody else can have prepared or can change.
 * @module
 */
import { nativeFiles } from "./native_files.ts";
import { errorText } from "../error_text.ts";

/** What is at a path, as far as it decides whether the folder is one's own. */
export interface FolderFacts {
  /** Whether it is a folder, and not a link to one. */
  readonly isDirectory: boolean;
  /** Who owns it; null where the platform has no owners. */
  readonly uid: number | null;
  /** Its permission bits; null where the platform has none. */
  readonly mode: number | null;
}

/** Says why a folder must not be used. Returns half a sentence, or null where the folder is one's own. */
export function foreignFolder(
  facts: FolderFacts,
  uid: number | null,
): string | null {
  if (!facts.isDirectory) return "it is not a folder but a link or a file";
  if (uid !== null && facts.uid !== null && facts.uid !== uid) {
    return `it belongs to the user ${facts.uid}, not to ${uid}`;
  }
  if (facts.mode !== null && (facts.mode & 0o022) !== 0) {
    return "others may write to it";
  }
  return null;
}

/**
 * Makes a folder of this user's own: the one wanted, else one with the user's id in its name, else a new one. Throws if
 * none can be made.
 */
export async function ownFolder(
  wanted: string,
  warn: (text: string) => void,
): Promise<string> {
  const uid = Deno.uid();
  for (
    const folder of [wanted, ...(uid === null ? [] : [`${wanted}-${uid}`])]
  ) {
    const trouble = await claim(folder, uid);
    if (trouble === null) return folder;
    warn(`Cannot use the folder ${folder}: ${trouble}; another one is used`);
  }
  const slash = wanted.lastIndexOf("/");
  return await Deno.makeTempDir({
    dir: wanted.slice(0, slash) || "/",
    prefix: `${wanted.slice(slash + 1)}-`,
  });
}

async function claim(
  folder: string,
  uid: number | null,
): Promise<string | null> {
  try {
    // Not recursive: that would take whatever is there, a link too.
    await Deno.mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) {
      return errorText(error);
    }
  }
  try {
    return foreignFolder(await nativeFiles.lstat(folder), uid);
  } catch (error) {
    return errorText(error);
  }
}
