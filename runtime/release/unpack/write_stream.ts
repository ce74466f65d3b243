/** Bytes from a stream to a new file.
 * @module
 */
import { nativeFiles } from "../../base/native_files.ts";

/**
 * Writes a stream to a file that does not exist yet.
 *
 * @param path the file
 * @param stream its content; cancelled if it cannot be written
 * @param signal ends the writing
 * @throws whatever the stream fails with, or {@linkcode Deno.errors.AlreadyExists} and its like; what was written stays
 */
export async function writeStream(
  path: string,
  stream: ReadableStream<Uint8Array>,
  signal: AbortSignal,
): Promise<void> {
  let file: Deno.FsFile;
  try {
    file = await nativeFiles.open(path, { write: true, createNew: true });
  } catch (error) {
    await stream.cancel(error).catch(() => {});
    throw error;
  }
  // Not Deno.writeFile(): with a stream and a signal it keeps a resource for ever.
  await stream.pipeTo(file.writable, { signal });
}
