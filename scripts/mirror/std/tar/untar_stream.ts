/**
 * The reading half of `@std/tar` for closed networks. It hands every entry to
 * its reader as the archive states it: `..` paths, links, devices and extended
 * headers come through, because refusing them is the reader's work and it must
 * see the same things whichever package it reads with.
 *
 * @module
 */

import {
  type OldStyleFormat,
  parseHeader,
  type PosixUstarFormat,
} from "./header.ts";

export type { OldStyleFormat, PosixUstarFormat };

/** One entry of an archive. */
export interface TarStreamEntry {
  /** The header, decoded. */
  header: OldStyleFormat | PosixUstarFormat;
  /** Prefix and name together, as the archive states them. */
  path: string;
  /** The content, unless the kind of entry has none; read or cancel it. */
  readable?: ReadableStream<Uint8Array>;
}

const BLOCK = 512;
const WITHOUT_CONTENT = ["1", "2", "3", "4", "5", "6"];
const REFUSED = "Cannot extract the tar archive";

/** Turns the bytes of a tar archive into its entries. */
export class UntarStream
  implements TransformStream<Uint8Array, TarStreamEntry> {
  /** The entries; each waits until the content before it is read or canceled. */
  readonly readable: ReadableStream<TarStreamEntry>;
  /** Takes the bytes of the archive. */
  readonly writable: WritableStream<Uint8Array>;

  /** Makes a reader that waits for bytes. */
  constructor() {
    const { readable, writable } = new TransformStream<
      Uint8Array,
      Uint8Array
    >();
    this.readable = ReadableStream.from(entries(new Bytes(readable)));
    this.writable = writable;
  }
}

/** Reads a stream of chunks by counted bytes. */
class Bytes {
  #reader: ReadableStreamDefaultReader<Uint8Array>;
  #rest = new Uint8Array(0);

  constructor(stream: ReadableStream<Uint8Array>) {
    this.#reader = stream.getReader();
  }

  /** Up to `count` bytes in an own buffer; empty only at the end. */
  async some(count: number): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#rest.length === 0) {
      const { done, value } = await this.#reader.read();
      if (done) return new Uint8Array(0);
      this.#rest = new Uint8Array(value);
    }
    const taken = this.#rest.slice(0, count);
    this.#rest = this.#rest.subarray(taken.length);
    return taken;
  }

  /** A whole block, or nothing at the end of the stream. */
  async block(): Promise<Uint8Array | undefined> {
    const block = new Uint8Array(BLOCK);
    let filled = 0;
    while (filled < BLOCK) {
      const part = await this.some(BLOCK - filled);
      if (part.length === 0) break;
      block.set(part, filled);
      filled += part.length;
    }
    if (filled > 0 && filled < BLOCK) {
      throw new RangeError(
        `${REFUSED}: it ends within a block, after ${filled} of ${BLOCK} bytes`,
      );
    }
    return filled > 0 ? block : undefined;
  }

  async cancel(): Promise<void> {
    await this.#reader.cancel();
  }
}

async function* entries(bytes: Bytes): AsyncGenerator<TarStreamEntry> {
  try {
    while (true) {
      const block = await bytes.block();
      if (!block) throw new TypeError(`${REFUSED}: its end is missing`);
      if (isZero(block)) {
        const next = await bytes.block();
        if (next && isZero(next)) return;
        throw new TypeError(`${REFUSED}: its end is not two empty blocks`);
      }
      const header = parseHeader(block);
      const path = "prefix" in header && header.prefix !== ""
        ? `${header.prefix}/${header.name}`
        : header.name;
      if (WITHOUT_CONTENT.includes(header.typeflag)) {
        yield { path, header };
        continue;
      }
      const { readable, finished } = content(bytes, header.size);
      yield { path, header, readable };
      await finished;
    }
  } finally {
    await bytes.cancel();
  }
}

/** The content of one entry, and a promise for the moment it is out of the way. */
function content(
  bytes: Bytes,
  size: number,
): { readable: ReadableStream<Uint8Array>; finished: Promise<void> } {
  const { promise: finished, resolve } = Promise.withResolvers<void>();
  // A size that is not a number is the reader's to judge, like all else.
  let left = size > 0 ? size : 0;
  let padding = (BLOCK - left % BLOCK) % BLOCK;

  async function take(count: number): Promise<Uint8Array<ArrayBuffer>> {
    const part = await bytes.some(count);
    if (part.length > 0) return part;
    throw new SyntaxError(`${REFUSED}: it ends within the content of an entry`);
  }

  async function next(): Promise<Uint8Array<ArrayBuffer> | undefined> {
    try {
      if (left > 0) {
        const part = await take(left);
        left -= part.length;
        return part;
      }
      while (padding > 0) padding -= (await take(padding)).length;
    } catch (error) {
      // The next entry must not wait forever; it will meet the same end.
      resolve();
      throw error;
    }
    resolve();
  }

  const readable = new ReadableStream({
    type: "bytes",
    async pull(controller) {
      const part = await next();
      if (part) return controller.enqueue(part);
      controller.close();
      controller.byobRequest?.respond(0);
    },
    async cancel() {
      while (await next());
    },
  });
  return { readable, finished };
}

function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}
