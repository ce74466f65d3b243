/**
 * The writing half of `@std/tar` for closed networks: ustar archives with the
 * same contract and, field for field, the same bytes, so that a release made
 * here has the digest of one made with the real package.
 *
 * @module
 */

import {
  assertValidPath,
  assertValidTarStreamOptions,
  splitPath,
  type TarStreamOptions,
} from "./limits.ts";

export { assertValidPath, assertValidTarStreamOptions, type TarStreamOptions };

/** A byte array that owns a plain `ArrayBuffer`. */
export type Uint8Array_ = Uint8Array<ArrayBuffer>;

/** A file to put into the archive. */
export interface TarStreamFile {
  /** Says that this is a file. */
  type: "file";
  /** Where the file is in the archive. */
  path: string;
  /** How many bytes `readable` gives, exactly. */
  size: number;
  /** The content. */
  readable: ReadableStream<Uint8Array>;
  /** Metadata. */
  options?: TarStreamOptions;
}

/** A directory to put into the archive. */
export interface TarStreamDir {
  /** Says that this is a directory. */
  type: "directory";
  /** Where the directory is in the archive. */
  path: string;
  /** Metadata. */
  options?: TarStreamOptions;
}

/** What a {@linkcode TarStream} takes. */
export type TarStreamInput = TarStreamFile | TarStreamDir;

const BLOCK = 512;
const SIZE_MAX = 8 ** 12;
const encoder = new TextEncoder();

/** Turns files and directories into the bytes of a tar archive. */
export class TarStream implements TransformStream<TarStreamInput, Uint8Array_> {
  /** The bytes of the archive; a byte stream. */
  readonly readable: ReadableStream<Uint8Array_>;
  /** Takes the entries, in the order in which they are archived. */
  readonly writable: WritableStream<TarStreamInput>;

  /** Makes an archive that is empty until something is written. */
  constructor() {
    const { readable, writable } = new TransformStream<
      TarStreamInput,
      TarStreamInput
    >();
    const chunks = archive(readable);
    this.writable = writable;
    this.readable = new ReadableStream({
      type: "bytes",
      async pull(controller) {
        const { done, value } = await chunks.next();
        if (!done) return controller.enqueue(value);
        controller.close();
        controller.byobRequest?.respond(0);
      },
      async cancel() {
        await chunks.return();
      },
    });
  }
}

async function* archive(
  inputs: ReadableStream<TarStreamInput>,
): AsyncGenerator<Uint8Array_, void> {
  for await (const input of inputs) {
    yield header(input);
    if (input.type === "directory") continue;
    let size = 0;
    for await (const chunk of input.readable) {
      size += chunk.length;
      // A byte stream takes the buffer away from whoever made the chunk, so it
      // gets a copy; and it refuses empty chunks.
      if (chunk.length > 0) yield new Uint8Array(chunk);
    }
    if (size !== input.size) {
      throw new RangeError(
        `Cannot add ${input.path} to the tar archive: its readable gave ${size} bytes where its size says ${input.size}`,
      );
    }
    if (size % BLOCK > 0) yield new Uint8Array(BLOCK - size % BLOCK);
  }
  yield new Uint8Array(2 * BLOCK);
}

function header(input: TarStreamInput): Uint8Array_ {
  const isFile = input.type === "file";
  const size = isFile ? input.size : 0;
  if (!(size >= 0 && size <= SIZE_MAX)) {
    throw new RangeError(
      `Cannot add ${input.path} to the tar archive: its size ${size} is not between 0 and 64 GiB`,
    );
  }
  const options = input.options ?? {};
  assertValidTarStreamOptions(options);
  const { prefix, name } = splitPath(input.path);
  const block = new Uint8Array(BLOCK);
  const text = (offset: number, value: string) =>
    encoder.encodeInto(value, block.subarray(offset));
  block.set(name);
  text(100, octal(options.mode ?? (isFile ? 0o644 : 0o755), 6) + " \0");
  text(108, octal(options.uid ?? 0, 6) + " \0");
  text(116, octal(options.gid ?? 0, 6) + " \0");
  text(124, size < 8 ** 11 ? octal(size, 11) + " " : octal(size, 12));
  text(136, octal(options.mtime ?? Date.now() / 1000, 11) + " ");
  text(148, " ".repeat(8)); // the checksum counts itself as spaces
  text(156, isFile ? "0" : "5");
  text(257, "ustar\x0000");
  text(265, options.uname ?? "");
  text(297, options.gname ?? "");
  text(329, options.devmajor ?? "");
  text(337, options.devminor ?? "");
  block.set(prefix, 345);
  text(148, octal(block.reduce((sum, byte) => sum + byte), 6) + "\0 ");
  return block;
}

function octal(value: number, digits: number): string {
  return Math.floor(value).toString(8).padStart(digits, "0");
}
