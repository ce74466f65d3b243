/** What is in a folder for somebody who is to read other files than those at their places.
 * @module
 */

/** What is in a folder besides or instead of what is at its place. */
export interface FolderChange {
  /** What is there as well, by its path in the folder: the file, or null for a folder. */
  readonly added: ReadonlyMap<string, string | null>;
  /** What is not there, by its path in the folder. */
  readonly removed: ReadonlySet<string>;
}

/** Finds out what files that are replaced make of a folder. Returns the difference, or null where there is none. */
export function folderChange(
  folder: string,
  files: ReadonlyMap<string, string | null>,
): FolderChange | null {
  const prefix = folder === "" ? "" : `${folder}/`;
  const added = new Map<string, string | null>();
  const removed = new Set<string>();
  for (const [path, file] of files) {
    if (!path.startsWith(prefix)) continue;
    const inner = path.slice(prefix.length);
    if (file === null) {
      removed.add(inner);
      continue;
    }
    added.set(inner, file);
    for (
      let end = inner.indexOf("/");
      end !== -1;
      end = inner.indexOf("/", end + 1)
    ) added.set(inner.slice(0, end), null);
  }
  return added.size + removed.size === 0 ? null : { added, removed };
}

/** An entry as `Deno.readDir` gives it. */
export function* mergedEntries(
  there: readonly Deno.DirEntry[],
  { added, removed }: FolderChange,
): Generator<Deno.DirEntry> {
  const names = new Set<string>();
  for (const entry of there) {
    names.add(entry.name);
    if (!removed.has(entry.name)) yield entry;
  }
  for (const [name, file] of added) {
    if (names.has(name) || name.includes("/")) continue;
    yield {
      name,
      isFile: file !== null,
      isDirectory: file === null,
      isSymlink: false,
    };
  }
}
