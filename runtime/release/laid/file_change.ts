/** What an upgrade does to one file under the app root.
 * @module
 */

/** One file to lay, to take away, or to give back to the image. */
export type FileChange =
  | {
    /** New content. */
    readonly kind: "write";
    /** The path under the app root. */
    readonly path: string;
    /** The file with the content, as an absolute path. */
    readonly source: string;
    /** Its digest. */
    readonly sha256: string;
    /** The digest that the image's file has, or null where the image has none. */
    readonly expected: string | null;
    /** Whether it may be left as it is where it cannot be written: hooks supply it. Default false. */
    readonly optional?: true;
  }
  | {
    /** The release does not have it. */
    readonly kind: "remove";
    /** The path under the app root. */
    readonly path: string;
    /** The digest that the image's file has. */
    readonly expected: string | null;
  }
  | {
    /** The image's own again: the way back, and files that a later release leaves as they were. */
    readonly kind: "original";
    /** The path under the app root. */
    readonly path: string;
  };

/** A file that is left as it is. */
export interface FileConflict {
  /** The path under the app root. */
  readonly path: string;
  /** Why. */
  readonly why: string;
}

/** What is known of a file that is not the image's own. */
export interface LaidFile {
  /** Where it is on the disk. */
  readonly place: string;
  /** Digest of the image's own, or null where the image has none. */
  readonly original: string | null;
  /** The name of the kept original in the store, or null where there is none. */
  readonly backup: string | null;
  /** Digest of what was laid, or null where the file was taken away. */
  readonly current: string | null;
  /** The state of what was laid, by {@linkcode stateOf}. */
  readonly state: string;
}

/**
 * Tells one state of a file from another, at once. Returns a text that differs where the file was written or replaced.
 */
export function stateOf(info: Deno.FileInfo | null): string {
  return info === null
    ? "nothing"
    : `${info.dev} ${info.ino} ${info.size} ${info.mtime?.getTime()}`;
}

/** Decides whether what lies at a place may be replaced. Returns null if it may, else why it is left as it is. */
export function conflictOf(
  there: string | null,
  expected: string | null,
  writtenMs: number | null,
  sinceMs: number,
): string | null {
  if (there === null && expected !== null) return "the app has removed it";
  if (there !== null && expected === null) return "the app has made it";
  if (there !== expected) return "the app has written it";
  // Its digest may have been taken after the app wrote it.
  if (writtenMs !== null && writtenMs >= sinceMs) {
    return "it was written after the app had started";
  }
  return null;
}
