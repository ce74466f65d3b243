/** The tar archive of a release: the same input gives the same bytes.
 * @module
 */
import { type Manifest, MANIFEST_PATH } from "@flyhot/runtime/protocol";
import { TarStream, type TarStreamInput } from "@std/tar";
import { FlyhotError } from "../../errors.ts";
import { DigestMeter } from "../digest.ts";

// Nothing about the packing machine may show in the bytes.
const OPTIONS = { mode: 0o644, uid: 0, gid: 0, mtime: 0 } as const;

/** Streams a release: the manifest first, then its files in path order. */
export function archiveOf(
  manifest: Manifest,
  open: (path: string) => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  return ReadableStream.from(inputs(manifest, open))
    .pipeThrough(new TarStream())
    .pipeThrough(evenPieces())
    .pipeThrough(new CompressionStream("gzip"));
}

const PIECE_BYTES = 64 * 1024;

/**
 * Cuts a stream into pieces of one size: how the compressor is fed decides its output, and how disk and tar cut their
 * pieces is nobody's promise.
 */
export function evenPieces(): TransformStream<
  Uint8Array<ArrayBuffer>,
  Uint8Array<ArrayBuffer>
> {
  let piece = new Uint8Array(PIECE_BYTES);
  let filled = 0;
  return new TransformStream({
    transform(chunk, controller) {
      for (let at = 0; at < chunk.byteLength;) {
        const taken = chunk.subarray(at, at + PIECE_BYTES - filled);
        piece.set(taken, filled);
        filled += taken.byteLength;
        at += taken.byteLength;
        if (filled < PIECE_BYTES) continue;
        controller.enqueue(piece);
        piece = new Uint8Array(PIECE_BYTES);
        filled = 0;
      }
    },
    flush(controller) {
      if (filled > 0) controller.enqueue(piece.subarray(0, filled));
    },
  });
}

function* inputs(
  manifest: Manifest,
  open: (path: string) => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>,
): Generator<TarStreamInput> {
  const text = new TextEncoder().encode(JSON.stringify(manifest) + "\n");
  yield {
    type: "file",
    path: MANIFEST_PATH,
    size: text.byteLength,
    readable: ReadableStream.from([text]),
    options: { ...OPTIONS },
  };
  for (const [path, { size, sha256 }] of Object.entries(manifest.files)) {
    yield {
      type: "file",
      path,
      size,
      readable: unchanged(path, { size, sha256 }, () => open(path)),
      options: { ...OPTIONS },
    };
  }
}

/** Opens the file only when it is wanted, and errs if it is not what was hashed. */
function unchanged(
  path: string,
  expected: { readonly size: number; readonly sha256: string },
  open: () => Promise<ReadableStream<Uint8Array<ArrayBuffer>>>,
): ReadableStream<Uint8Array<ArrayBuffer>> {
  const meter = new DigestMeter();
  let reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>> | undefined;
  let left = expected.size;
  const changed = () =>
    new FlyhotError(
      "conflict",
      `Cannot pack ${path}: it was changed while it was packed`,
      { hint: "run the command again" },
    );
  return new ReadableStream({
    async pull(controller) {
      reader ??= (await open()).getReader();
      const { done, value } = await reader.read();
      if (!done) {
        meter.update(value);
        left -= value.byteLength;
        if (left < 0) {
          await reader.cancel();
          throw changed();
        }
        controller.enqueue(value);
        return;
      }
      if (meter.result().sha256 !== expected.sha256) throw changed();
      controller.close();
    },
    async cancel(reason) {
      await reader?.cancel(reason);
    },
  }, { highWaterMark: 0 });
}
