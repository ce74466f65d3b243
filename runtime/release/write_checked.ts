/** Bytes from a stream to a new file, checked on the way.
 * @module
 */
import { createHash } from "node:crypto";

/** Enough that few writes are needed where a stream comes in blocks of 512 bytes. */
export const BUFFER_BYTES = 64 * 1024;

/** What was written. */
export interface Written {
  /** SHA-256 in hex. */
  readonly sha256: string;
  /** Length in bytes; more than `sizeMax` if the stream was given up for it. */
  readonly size: number;
}

/**
 * Writes a stream to a file that does not exist yet. One chunk is asked for when the one before is on its way to
 * the disk, so that memory does not grow with the file.
 *
 * @param path the file
 * @param stream its content; cancelled if it cannot be written. Chunks that fill their buffer are used up
 * @param sizeMax the most it may be; whatever comes after is not written
 * @param signal ends the writing
 * @param buffer collects small chunks; one for many files, or thousands of them wait to be freed
 * @returns what was written
 * @throws whatever the stream fails with, or {@linkcode Deno.errors.AlreadyExists} and its like; what was written stays
 */
export async function writeChecked(
  path: string,
  stream: ReadableStream<Uint8Array>,
  sizeMax: number,
  signal: AbortSignal,
  buffer: Uint8Array<ArrayBuffer> = new Uint8Array(BUFFER_BYTES),
): Promise<Written> {
  const reader = stream.getReader();
  const hash = createHash("sha256");
  let filled = 0;
  let size = 0;
  let file: Deno.FsFile | null = null;
  try {
    file = await Deno.open(path, { write: true, createNew: true });
    const flush = async (): Promise<void> => {
      const bytes = buffer.subarray(0, filled);
      filled = 0;
      hash.update(bytes);
      await writeAll(file!, bytes);
    };
    for (;;) {
      signal.throwIfAborted();
      const { done, value } = await reader.read();
      if (done) break;
      size += value.byteLength;
      if (size > sizeMax) {
        await reader.cancel();
        break;
      }
      for (let at = 0; at < value.byteLength;) {
        const part = value.subarray(at, at + buffer.byteLength - filled);
        buffer.set(part, filled);
        filled += part.byteLength;
        at += part.byteLength;
        if (filled === buffer.byteLength) await flush();
      }
      free(value);
    }
    if (filled > 0) await flush();
    return { sha256: hash.digest("hex"), size };
  } catch (error) {
    // Not awaited: it may read on to an end that is far away.
    reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    file?.close();
  }
}

// Hundreds of megabytes pass through in a second; on a busy computer the collector comes too late for them.
function free({ buffer, byteLength }: Uint8Array): void {
  if (buffer instanceof ArrayBuffer && buffer.byteLength === byteLength) {
    buffer.transfer(0);
  }
}

async function writeAll(file: Deno.FsFile, bytes: Uint8Array): Promise<void> {
  for (let at = 0; at < bytes.byteLength;) {
    at += await file.write(bytes.subarray(at));
  }
}
