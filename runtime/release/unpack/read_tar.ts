/** Tar archives, entry by entry, from chunks that are used up where they lie.
 * @module
 */
import { TextDecoder, TextEncoder } from "../../base/platform/globals.ts";

const BLOCK = 512;
/** `ustar`, a zero byte and the version `00`: another version may mean something else by a prefix. */
const USTAR = new TextEncoder().encode("ustar\x0000");
const EMPTY = new Uint8Array(0);
const decoder = new TextDecoder();

/** One entry of an archive, as its header states it. */
export interface TarItem {
  /** Its path, as stated. */
  readonly path: string;
  /** Its length in bytes, as stated; it need not be a number. */
  readonly size: number;
  /** Its kind: `0` for a regular file. */
  readonly typeflag: string;
  /** Its content; whatever is not read is passed over. */
  readonly content: TarContent;
}

/** The content of an entry. */
export interface TarContent {
  /** The content in chunks. Each may be gone when the next one is asked for. */
  chunks(): AsyncIterable<Uint8Array<ArrayBuffer>>;
  /** All of it where it lies; null where not all of it is there yet, and none of it is taken. */
  there(): Uint8Array<ArrayBuffer> | null;
  /** All of a content that is short; what is returned may be gone with the next entry. Returns the bytes. */
  whole(
    buffer: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer>>;
}

/** The entries of an archive. */
export interface TarItems extends AsyncIterableIterator<TarItem> {
  /**
   * The next entry, where its header lies there already; null where it is to be waited for, or where there may be none.
   * What its path is likely to be saves making another text of it.
   */
  there(likely?: string): TarItem | null;
}

/** Reads an archive in the `ustar` format. Throws if it is cut, or a header is not one. */
export function readTar(
  chunks:
    | Uint8Array<ArrayBuffer>
    | AsyncIterable<Uint8Array<ArrayBuffer>>,
): TarItems {
  return new TarReader(chunks);
}

/** No generator: most entries lie where the one before has ended, and are read without waiting. */
class TarReader implements TarItems {
  readonly #bytes: Bytes;
  readonly #buffer = new Uint8Array(BLOCK);
  #entry: Entry | null = null;

  constructor(chunks: ConstructorParameters<typeof Bytes>[0]) {
    this.#bytes = new Bytes(chunks);
  }

  there(likely?: string): TarItem | null {
    if (this.#entry?.skip() === false) return null;
    // The end begins with a zero, and no name does.
    if ((this.#bytes.first ?? 0) === 0) return null;
    const header = this.#bytes.there(BLOCK);
    return header && this.#item(header, likely);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  next(): Promise<IteratorResult<TarItem, undefined>> {
    const isNext = this.#entry === null || this.#entry.skip();
    return this.#read(isNext ? this.#bytes.there(BLOCK) : null);
  }

  async #read(
    there: Uint8Array<ArrayBuffer> | null,
  ): Promise<IteratorResult<TarItem, undefined>> {
    if (there === null) await this.#entry?.end();
    const header = there ?? await this.#bytes.exactly(this.#buffer);
    if (isEmpty(header)) {
      if (isEmpty(await this.#bytes.exactly(this.#buffer))) {
        return { done: true, value: undefined };
      }
      throw new SyntaxError("there is an empty block in the archive");
    }
    return { done: false, value: this.#item(header) };
  }

  #item(header: Uint8Array, likely?: string): TarItem {
    const { path, size, typeflag } = itemOf(header, likely);
    const content = this.#entry = new Entry(this.#bytes, size);
    return { path, size, typeflag, content };
  }
}

function isEmpty(block: Uint8Array): boolean {
  return block.every((byte) => byte === 0);
}

function itemOf(
  header: Uint8Array,
  likely = "",
): Omit<TarItem, "content"> {
  // The eight bytes that state it count as blanks.
  let sum = 8 * 32;
  for (let at = 0; at < 148; at++) sum += header[at]!;
  for (let at = 156; at < BLOCK; at++) sum += header[at]!;
  if (sum !== octal(header, 148, 156)) {
    throw new SyntaxError("a header in the archive has a wrong checksum");
  }
  const prefix = header[345] !== 0 && isUstar(header)
    ? text(header, 345, 500)
    : "";
  const name = isNamed(header, likely) ? likely : text(header, 0, 100);
  return {
    path: prefix === "" ? name : `${prefix}/${name}`,
    size: octal(header, 124, 136),
    typeflag: header[156] === 48 ? "0" : text(header, 156, 157) || "0",
  };
}

function text(header: Uint8Array, from: number, to: number): string {
  let read = "";
  for (let at = from; at < to && header[at] !== 0; at++) {
    if (header[at]! > 126) return decoded(header.subarray(from, to));
    read += String.fromCharCode(header[at]!);
  }
  return read;
}

/** Blanks may stand before the digits; whatever stands after them ends the number. */
function octal(header: Uint8Array, from: number, to: number): number {
  let at = from;
  while (at < to && header[at] === 32) at++;
  let value = isOctal(header[at]!) ? 0 : NaN;
  for (; at < to && isOctal(header[at]!); at++) {
    value = value * 8 + header[at]! - 48;
  }
  return value;
}

function isUstar(header: Uint8Array): boolean {
  return USTAR.every((byte, at) => header[257 + at] === byte);
}

/** Whether a header says a name of ASCII characters that is not as long as may be. */
function isNamed(header: Uint8Array, name: string): boolean {
  const { length } = name;
  if (length === 0 || length >= 100 || header[length] !== 0) return false;
  for (let at = 0; at < length; at++) {
    const code = name.charCodeAt(at);
    if (code !== header[at] || code > 126 || code === 0) return false;
  }
  return true;
}

function decoded(field: Uint8Array): string {
  const end = field.indexOf(0);
  return decoder.decode(end === -1 ? field : field.subarray(0, end));
}

function isOctal(byte: number): boolean {
  return byte >= 48 && byte < 56;
}

class Entry implements TarContent {
  readonly #bytes: Bytes;
  #rest: number;
  #padding: number;

  constructor(bytes: Bytes, size: number) {
    this.#bytes = bytes;
    this.#rest = size > 0 ? size : 0;
    this.#padding = (BLOCK - this.#rest % BLOCK) % BLOCK;
  }

  async *chunks(): AsyncGenerator<Uint8Array<ArrayBuffer>> {
    while (this.#rest > 0) {
      const chunk = await this.#bytes.some(this.#rest);
      this.#rest -= chunk.byteLength;
      yield chunk;
    }
  }

  there(): Uint8Array<ArrayBuffer> | null {
    const bytes = this.#bytes.there(this.#rest);
    if (bytes !== null) this.#rest = 0;
    return bytes;
  }

  async whole(
    buffer: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const size = this.#rest;
    this.#rest = 0;
    return await this.#bytes.exactly(buffer.subarray(0, size));
  }

  /** Passes over what was not read, if it is there already; tells whether it was. */
  skip(): boolean {
    if (this.#bytes.there(this.#rest + this.#padding) === null) return false;
    this.#rest = this.#padding = 0;
    return true;
  }

  /** Passes over what was not read. */
  async end(): Promise<void> {
    this.#rest += this.#padding;
    this.#padding = 0;
    while (this.#rest > 0) {
      this.#rest -= (await this.#bytes.some(this.#rest)).byteLength;
    }
  }
}

async function* nothing(): AsyncGenerator<Uint8Array<ArrayBuffer>> {}

/** Chunks as one run of bytes. */
class Bytes {
  readonly #chunks: AsyncIterator<Uint8Array<ArrayBuffer>>;
  #chunk: Uint8Array<ArrayBuffer> = EMPTY;

  constructor(
    chunks:
      | Uint8Array<ArrayBuffer>
      | AsyncIterable<Uint8Array<ArrayBuffer>>,
  ) {
    const isWhole = chunks instanceof Uint8Array;
    if (isWhole) this.#chunk = chunks;
    this.#chunks = isWhole ? nothing() : chunks[Symbol.asyncIterator]();
  }

  /** The next byte, where one is there. */
  get first(): number | undefined {
    return this.#chunk[0];
  }

  /** The next bytes, at least one. */
  async some(max: number): Promise<Uint8Array<ArrayBuffer>> {
    while (this.#chunk.byteLength === 0) {
      const { done, value } = await this.#chunks.next();
      if (done) throw new SyntaxError("the archive is cut");
      this.#chunk = value;
    }
    const part = this.#chunk.subarray(0, max);
    this.#chunk = this.#chunk.subarray(part.byteLength);
    return part;
  }

  /** So many bytes where they lie; null where not all of them are there yet. */
  there(length: number): Uint8Array<ArrayBuffer> | null {
    if (this.#chunk.byteLength < length) return null;
    const part = this.#chunk.subarray(0, length);
    this.#chunk = this.#chunk.subarray(length);
    return part;
  }

  /** As many bytes as the buffer takes: where they lie, or copied to it. */
  async exactly(
    buffer: Uint8Array<ArrayBuffer>,
  ): Promise<Uint8Array<ArrayBuffer>> {
    const { byteLength } = buffer;
    const there = this.there(byteLength);
    if (there !== null) return there;
    for (let at = 0; at < byteLength;) {
      const part = await this.some(byteLength - at);
      buffer.set(part, at);
      at += part.byteLength;
    }
    return buffer;
  }
}
