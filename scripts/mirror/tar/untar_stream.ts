/**
 * The reading half of `@std/tar` for closed networks. It hands every entry to
 * its reader as the archive states it: `..` paths, links, devices and extended
 * headers come through, because refusing them is the reader's work and it must
 * see the same things whichever package it reads with.
 *
 * @module
 */

/** A header of the oldest tar format. */
export interface OldStyleFormat {
  /** The path, or its latter part where there is a prefix. */
  name: string;
  /** Permission bits. */
  mode: number;
  /** Owner's number. */
  uid: number;
  /** Group's number. */
  gid: number;
  /** Bytes of content that follow. */
  size: number;
  /** Seconds since the epoch. */
  mtime: number;
  /** One character for the kind of entry: "0" file, "2" symbolic link, ... */
  typeflag: string;
  /** What a link points to. */
  linkname: string;
}

/** A header of the POSIX ustar format. */
export interface PosixUstarFormat extends OldStyleFormat {
  /** `ustar` and a zero byte. */
  magic: string;
  /** Always "00". */
  version: string;
  /** Owner's name. */
  uname: string;
  /** Group's name. */
  gname: string;
  /** Major device number. */
  devmajor: string;
  /** Minor device number. */
  devminor: string;
  /** The former part of a long path. */
  prefix: string;
}

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
const decoder = new TextDecoder();

/** Turns the bytes of a tar archive into its entries. */
export class UntarStream
  implements TransformStream<Uint8Array, TarStreamEntry> {
  /** The entries; each waits until the content before it is read or cancelled. */
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
  // A size that is no number is the reader's to judge, like all else.
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
      // The next entry must not wait for ever; it will meet the same end.
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

function parseHeader(block: Uint8Array): OldStyleFormat | PosixUstarFormat {
  const raw = (from: number, to: number) =>
    decoder.decode(block.subarray(from, to));
  const text = (from: number, to: number) => raw(from, to).split("\0")[0] ?? "";
  const number = (from: number, to: number) => parseInt(raw(from, to), 8);

  const checksum = number(148, 156);
  const sum = block.reduce(
    // The checksum is made as if its own field held spaces.
    (sum, byte, index) => sum + (index >= 148 && index < 156 ? 32 : byte),
    0,
  );
  if (sum !== checksum) {
    throw new SyntaxError(
      `${REFUSED}: a header has the checksum ${checksum} and adds up to ${sum}`,
    );
  }
  const header = {
    name: text(0, 100),
    mode: number(100, 108),
    uid: number(108, 116),
    gid: number(116, 124),
    size: number(124, 136),
    mtime: number(136, 148),
    typeflag: block[156] === 0 ? "0" : raw(156, 157),
    linkname: text(157, 257),
  };
  if (raw(257, 265) !== "ustar\x0000") return header;
  return {
    ...header,
    magic: raw(257, 263),
    version: raw(263, 265),
    uname: text(265, 297),
    gname: text(297, 329),
    devmajor: raw(329, 337).replaceAll("\0", ""),
    devminor: raw(337, 345).replaceAll("\0", ""),
    prefix: text(345, 500),
  };
}

function isZero(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}
