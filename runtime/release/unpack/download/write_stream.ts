/** Bytes from a stream to a new file.
 * @module
 */
import { Buffer } from "node:buffer";
import { nativeFiles } from "../../../base/platform/native_files.ts";

/**
 * Writes a stream to a file that does not exist yet. Returns its bytes where they are no more than `memoryMax`: then no
 * file is made; else null. Throws whatever the stream fails with, or {@linkcode Deno.errors.AlreadyExists} and its like;
 * what was written stays.
 */
export async function writeStream(
  path: string,
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  onChunk: (chunk: Uint8Array) => void = () => {},
  memoryMax = -1,
): Promise<Uint8Array<ArrayBuffer> | null> {
  const reader = stream.getReader();
  const cancel = () => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", cancel);
  try {
    signal.throwIfAborted();
    const short: Uint8Array[] = [];
    let length = 0;
    let next = await reader.read();
    for (; !next.done; next = await reader.read()) {
      signal.throwIfAborted();
      onChunk(next.value);
      short.push(next.value);
      length += next.value.byteLength;
      if (length > memoryMax) break;
    }
    signal.throwIfAborted();
    if (length <= memoryMax) {
      return new Uint8Array(Buffer.concat(short, length));
    }
    // In this turn: the pieces are small, and a thread of its own takes longer to wake than the disk takes.
    using file = nativeFiles.openSync(path, { write: true, createNew: true });
    for (const chunk of short) writeAll(file, chunk);
    while (!next.done) {
      next = await reader.read();
      signal.throwIfAborted();
      if (next.done) break;
      onChunk(next.value);
      writeAll(file, next.value);
    }
    return null;
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", cancel);
    reader.releaseLock();
  }
}

function writeAll(file: Deno.FsFile, bytes: Uint8Array): void {
  for (let at = 0; at < bytes.byteLength;) {
    at += file.writeSync(bytes.subarray(at));
  }
}
