/**
 * The header of a tar entry, as it is read.
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

const decoder = new TextDecoder();

/** Decodes a header. */
export function parseHeader(
  block: Uint8Array,
): OldStyleFormat | PosixUstarFormat {
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
      `Cannot extract the tar archive: a header has the checksum ${checksum} and adds up to ${sum}`,
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
