/** Digests of files, each read once for as long as it stays the same.
 * @module
 */
import { nativeFiles } from "../base/platform/native_files.ts";
import { createHash } from "node:crypto";
import { Slices } from "../base/in_slices.ts";

/** Small enough that hashing one takes well under a millisecond. */
const CHUNK_BYTES = 128 * 1024;
/** Read in one go: a thread of its own takes longer to wake than the disk takes. */
const SMALL_BYTES = 64 * 1024;
/** Files change unseen within one tick of the file's clock; it is at most a hundredth of a second. */
const TICK_MS = 20;

interface Known {
  readonly identity: string;
  readonly sha256: Promise<string | null>;
}

/** Remembers the digests of files by path, size, time and inode. */
export class FileDigests {
  readonly #known = new Map<string, Known>();
  readonly #slices = new Slices();
  /** How many files were read through so far. */
  reads = 0;

  /**
   * The digest of one file; it is read in chunks, so that nothing waits for it. Returns SHA-256 in hex, or null if
   * there is no such file. Throws if the file cannot be read.
   */
  async digest(path: string): Promise<string | null> {
    if (this.#slices.over) await this.#slices.next();
    const asked = Date.now();
    const identity = identityOf(path);
    if (identity === null) {
      this.#known.delete(path);
      return null;
    }
    const known = this.#known.get(path);
    if (known?.identity === identity.text) return await known.sha256;
    this.reads++;
    if (identity.size <= SMALL_BYTES) return this.#small(path, identity, asked);
    const sha256 = sha256OfFile(path, identity.size);
    const entry = { identity: identity.text, sha256 };
    this.#known.set(path, entry);
    const forget = () => {
      if (this.#known.get(path) === entry) this.#known.delete(path);
    };
    try {
      const digest = await sha256;
      // Written a moment ago: it may be written once more and keep its time and size.
      if (identity.changedMs > asked - TICK_MS) forget();
      return digest;
    } catch (error) {
      forget();
      throw error;
    }
  }

  #small(path: string, identity: Identity, asked: number): string | null {
    let sha256: string | null;
    try {
      const bytes = nativeFiles.readFileSync(path);
      sha256 = createHash("sha256").update(bytes).digest("hex");
    } catch (error) {
      if (!isMissing(error)) throw error;
      sha256 = null;
    }
    if (identity.changedMs <= asked - TICK_MS) {
      const known = Promise.resolve(sha256);
      this.#known.set(path, { identity: identity.text, sha256: known });
    } else this.#known.delete(path);
    return sha256;
  }
}

/** What tells one state of a file from another. */
interface Identity {
  readonly text: string;
  readonly size: number;
  /** When it was last written, in milliseconds since 1970. */
  readonly changedMs: number;
}

function identityOf(path: string): Identity | null {
  try {
    const found = nativeFiles.statSync(path);
    if (!found.isFile) return null;
    const { dev, ino, size } = found;
    const mtimeMs = found.mtime?.getTime() ?? 0;
    const ctimeMs = found.ctime?.getTime() ?? 0;
    return {
      // The time of the inode tells a write whose author put the old time back.
      text: [dev, ino, size, mtimeMs, ctimeMs].join(" "),
      size,
      changedMs: Math.max(mtimeMs, ctimeMs),
    };
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
}

/** Reads a file through and digests it. Returns SHA-256 in hex, or null if there is no such file. */
export async function sha256OfFile(
  path: string,
  size?: number,
): Promise<string | null> {
  let file: Deno.FsFile;
  try {
    file = await nativeFiles.open(path);
  } catch (error) {
    if (isMissing(error)) return null;
    throw error;
  }
  try {
    if (size === undefined && !(await file.stat()).isFile) return null;
    const hash = createHash("sha256");
    // One buffer for the whole file: memory does not grow with it.
    const buffer = new Uint8Array(
      Math.min(CHUNK_BYTES, (size ?? CHUNK_BYTES) + 1),
    );
    for (;;) {
      const length = await file.read(buffer);
      if (length === null) return hash.digest("hex");
      hash.update(buffer.subarray(0, length));
    }
  } finally {
    file.close();
  }
}

/**
 * Tells whether an error says that there is no such file. Returns true if a path, or a folder on the way to it, is not
 * there.
 */
export function isMissing(error: unknown): boolean {
  if (
    error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory
  ) return true;
  const { code } = error as { readonly code?: unknown };
  return code === "ENOENT" || code === "ENOTDIR";
}
