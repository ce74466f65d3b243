/** Bytes from a stream to a new file.
 * @module
 */
import { nativeFiles } from "../../../base/platform/native_files.ts";

/**
 * Writes a stream to a file that does not exist yet. Throws whatever the stream fails with, or {@linkcode
 * Deno.errors.AlreadyExists} and its like; what was written stays.
 */
export async function writeStream(
  path: string,
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
  onChunk: (chunk: Uint8Array) => void = () => {},
): Promise<void> {
  const reader = stream.getReader();
  const cancel = () => void reader.cancel(signal.reason).catch(() => {});
  signal.addEventListener("abort", cancel);
  try {
    signal.throwIfAborted();
    // In this turn: the pieces are small, and a thread of its own takes longer to wake than the disk takes.
    using file = nativeFiles.openSync(path, { write: true, createNew: true });
    for (;;) {
      const { done, value } = await reader.read();
      signal.throwIfAborted();
      if (done) return;
      onChunk(value);
      for (let at = 0; at < value.byteLength;) {
        at += file.writeSync(value.subarray(at));
      }
    }
  } catch (error) {
    await reader.cancel(error).catch(() => {});
    throw error;
  } finally {
    signal.removeEventListener("abort", cancel);
    reader.releaseLock();
  }
}
