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

/**
 * Writes a short file that does not exist yet, in this turn: to wake another thread takes several times as long. Throws
 * {@linkcode Deno.errors.AlreadyExists} and its like; what was written stays.
 */
export function writeWhole(path: string, bytes: Uint8Array): void {
  Deno.writeFileSync(path, bytes, { createNew: true });
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
