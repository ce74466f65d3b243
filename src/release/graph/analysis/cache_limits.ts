/** How much of what earlier packings have found is kept, and for how long.
 * @module
 */

/** A file of the cache. */
export interface CachedFile {
  /** Where it is. */
  readonly path: string;
  /** Its length in bytes. */
  readonly size: number;
  /** When it was written, in milliseconds since 1970. */
  readonly modified: number;
}

/** An app that nobody has packed for so long is not packed any more. */
export const AGE_MAX_MS = 90 * 24 * 3_600_000;
/** What the analyses of all apps of a user may take. */
export const BYTES_MAX = 64 * 1024 * 1024;

/** Finds what is too old, and the oldest of what is too much. */
export function tooMuch(
  files: readonly CachedFile[],
  own: string,
  now: number,
): string[] {
  const removed: string[] = [];
  let bytes = files.find(({ path }) => path === own)?.size ?? 0;
  const others = files.filter(({ path }) => path !== own)
    .sort((a, b) => b.modified - a.modified);
  for (const { path, size, modified } of others) {
    bytes += size;
    if (bytes > BYTES_MAX || now - modified > AGE_MAX_MS) removed.push(path);
  }
  return removed;
}
