/** Decompression in bounded memory.
 * @module
 */
import {
  DecompressionStream,
  ReadableStream,
} from "../../base/platform/globals.ts";
import { gunzipSync } from "node:zlib";
import { Slices } from "../../base/in_slices.ts";

/** The most that comes out at a time. */
export const GUNZIP_CHUNK_BYTES = 64 * 1024;

// What is put in at once comes out at once, and 1 KiB of zeros compressed is 1 MiB: the pieces are small, and only
// grow while little comes of them.
const PIECE_MIN = 128;
const PIECE_MAX = 8 * 1024;
const EXPANDED_AIM = 128 * 1024;
const READ_BYTES = 64 * 1024;
/** What is as short as this, and no longer than that when it has come out, comes out in one turn: about two milliseconds. */
export const SHORT_BYTES = 256 * 1024;
const SHORT_EXPANDED = 2 * 1024 * 1024;

/** Decompresses a file, no faster than it is read. */
export function gunzip(
  file: Deno.FsFile,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const whole = atOnce(file);
  if (whole !== null) return cut([whole], () => {});
  let piece = PIECE_MIN;
  let read = new Uint8Array(0);
  const compressed = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (signal.aborted) return;
      if (read.byteLength === 0) {
        const buffer = new Uint8Array(READ_BYTES);
        const length = file.readSync(buffer);
        read = buffer.subarray(0, length ?? 0);
      }
      if (read.byteLength === 0) return controller.close();
      controller.enqueue(read.subarray(0, piece));
      read = read.subarray(piece);
    },
  }, { highWaterMark: 0 });
  const expanded = compressed.pipeThrough(new DecompressionStream("gzip"), {
    signal,
  });
  return cut(expanded, (length) => {
    const ratio = length / piece;
    piece = Math.max(
      PIECE_MIN,
      Math.min(PIECE_MAX, 2 * piece, Math.floor(EXPANDED_AIM / ratio)),
    );
  });
}

/** The content of a file that is short in both ways; null for others, and for what is broken: where, is said on the long way. */
function atOnce(file: Deno.FsFile): Uint8Array<ArrayBuffer> | null {
  const { size } = file.statSync();
  if (size > SHORT_BYTES) return null;
  const bytes = new Uint8Array(size);
  let length = 0;
  while (length < size) {
    const read = file.readSync(bytes.subarray(length));
    if (read === null) break;
    length += read;
  }
  const expanded = gunzipShort(bytes.subarray(0, length));
  if (expanded === null) file.seekSync(0, Deno.SeekMode.Start);
  return expanded;
}

/** Decompresses what is short, in this turn. Returns null for what is long when it has come out, and for what is broken. */
export function gunzipShort(
  bytes: Uint8Array<ArrayBuffer>,
): Uint8Array<ArrayBuffer> | null {
  try {
    const expanded = gunzipSync(bytes, {
      maxOutputLength: SHORT_EXPANDED,
      // In one piece: to join pieces takes as long as to expand them.
      chunkSize: Math.max(
        PIECE_MIN,
        Math.min(saidLength(bytes), SHORT_EXPANDED) + 1,
      ),
    });
    const { buffer, byteOffset, byteLength } = expanded;
    // A copy, where what Node's modules give is of a buffer that others have.
    return buffer instanceof ArrayBuffer && buffer.byteLength <= byteLength + 1
      ? new Uint8Array(buffer, byteOffset, byteLength)
      : new Uint8Array(expanded);
  } catch {
    return null;
  }
}

/** How long the content is by what the file says at its end, which may be anything. */
function saidLength({ buffer, byteOffset, byteLength }: Uint8Array): number {
  if (byteLength < 4) return 0;
  return new DataView(buffer, byteOffset + byteLength - 4, 4).getUint32(
    0,
    true,
  );
}

async function* cut(
  chunks:
    | Iterable<Uint8Array<ArrayBuffer>>
    | AsyncIterable<Uint8Array<ArrayBuffer>>,
  measure: (length: number) => void,
): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const slices = new Slices();
  for await (const chunk of chunks) {
    measure(chunk.byteLength);
    for (let at = 0; at < chunk.byteLength; at += GUNZIP_CHUNK_BYTES) {
      yield chunk.subarray(at, at + GUNZIP_CHUNK_BYTES);
      if (slices.over) await slices.next();
    }
    // Hundreds of megabytes pass through in a second; on a busy computer the collector comes too late for them.
    chunk.buffer.transfer(0);
  }
}
