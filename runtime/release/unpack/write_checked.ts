/** Bytes to a new file, checked on the way.
 * @module
 */
import { nativeFiles } from "../../base/platform/native_files.ts";
import { createHash } from "node:crypto";

/** Files up to this length are written at once. */
export const BUFFER_BYTES = 64 * 1024;

/** The digest of some bytes. Returns SHA-256 in hex. */
export function digestOf(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}

/** Writes a file that does not exist yet, in this turn. Throws and its like; what was written stays. */
export function writeWhole(path: string, bytes: Uint8Array): void {
  Deno.writeFileSync(path, bytes, { createNew: true });
}

/** So many short files are on their way to the disk at a time. */
const WIDTH = 16;

/** Writes short files that do not exist yet, while the next ones are read. */
export class ShortFiles {
  readonly #writing = new Set<Promise<void>>();
  #failure: { readonly error: unknown } | null = null;

  /**
   * Begins to write a file; waits where many are on their way. Throws what an earlier file failed with: {@linkcode
   * Deno.errors.AlreadyExists} and its like.
   */
  async write(
    path: string,
    bytes: Uint8Array,
    written: () => void,
  ): Promise<void> {
    const writing = Deno.writeFile(path, bytes.slice(), { createNew: true })
      .then(written)
      .catch((error) => void (this.#failure ??= { error }))
      .finally(() => this.#writing.delete(writing));
    this.#writing.add(writing);
    if (this.#writing.size >= WIDTH) await Promise.race(this.#writing);
    this.#refuse();
  }

  /** Waits for all of them. Throws what one of them failed with. */
  async end(): Promise<void> {
    await Promise.all(this.#writing);
    this.#refuse();
  }

  #refuse(): void {
    if (this.#failure) throw this.#failure.error;
  }
}

/**
 * Writes a file that does not exist yet. One chunk is asked for when the one before is on the disk, so that memory does
 * not grow with the file. Returns the digest of what was written: SHA-256 in hex. Throws whatever the chunks fail with,
 * or {@linkcode Deno.errors.AlreadyExists} and its like; what was written stays.
 */
export async function writeChunks(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  signal: AbortSignal,
): Promise<string> {
  const hash = createHash("sha256");
  using file = await nativeFiles.open(path, { write: true, createNew: true });
  for await (const chunk of chunks) {
    signal.throwIfAborted();
    hash.update(chunk);
    await writeAll(file, chunk);
  }
  return hash.digest("hex");
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    at += await file.write(bytes.subarray(at));
  }
}
