/** Tar archives written byte by byte, well-formed or hostile.
 * @module
 */
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";

/** One entry of an archive, as its header states it. */
export interface TarEntry {
  /** The name field; bytes where it is not UTF-8. */
  readonly path: string | Uint8Array;
  /** The content. Default none. */
  readonly content?: string | Uint8Array;
  /** The kind: `0` file, `1` hard link, `2` symbolic link, `3` and `4` devices, `5` directory, `6` pipe. Default `0`. */
  readonly type?: string;
  /** What a link points to. */
  readonly linkname?: string;
  /** The former part of a long path. */
  readonly prefix?: string;
  /** The length that the header claims, in bytes. Default the true one. */
  readonly size?: number;
  /** The text of the size field itself, in place of `size`. */
  readonly rawSize?: string;
  /** What to add to the true checksum. Default 0. */
  readonly checksumOff?: number;
  /** Whether the content is padded to whole blocks. Default true. */
  readonly padded?: boolean;
}

const BLOCK = 512;

/** Bytes of a value. Returns the bytes. */
export function bytesOf(value: string | Uint8Array): Uint8Array<ArrayBuffer> {
  return typeof value === "string"
    ? new TextEncoder().encode(value)
    : new Uint8Array(value);
}

/** SHA-256 of some content. Returns 64 hex digits. */
export function sha256(content: string | Uint8Array): string {
  return createHash("sha256").update(bytesOf(content)).digest("hex");
}

/** Puts pieces of bytes together. */
export function concat(
  pieces: readonly Uint8Array[],
): Uint8Array<ArrayBuffer> {
  const all = new Uint8Array(
    pieces.reduce((sum, { length }) => sum + length, 0),
  );
  let at = 0;
  for (const piece of pieces) {
    all.set(piece, at);
    at += piece.length;
  }
  return all;
}

/** The header and the content of one entry. */
export function tarEntry(entry: TarEntry): Uint8Array<ArrayBuffer> {
  const content = bytesOf(entry.content ?? "");
  const header = new Uint8Array(BLOCK);
  const put = (at: number, value: string | Uint8Array) =>
    header.set(bytesOf(value), at);
  const octal = (value: number, digits: number) =>
    value.toString(8).padStart(digits, "0");
  put(0, entry.path);
  put(100, `${octal(0o644, 6)} \0`);
  put(108, `${octal(0, 6)} \0`);
  put(116, `${octal(0, 6)} \0`);
  put(124, entry.rawSize ?? `${octal(entry.size ?? content.length, 11)} `);
  put(136, `${octal(0, 11)} `);
  put(148, " ".repeat(8));
  put(156, entry.type ?? "0");
  put(157, entry.linkname ?? "");
  put(257, "ustar\x0000");
  put(345, entry.prefix ?? "");
  const sum = header.reduce((total, byte) => total + byte, 0);
  put(148, `${octal(sum + (entry.checksumOff ?? 0), 6)}\0 `);
  const padding = entry.padded === false
    ? 0
    : (BLOCK - content.length % BLOCK) % BLOCK;
  return concat([header, content, new Uint8Array(padding)]);
}

/** A whole archive. Returns its bytes, with the two empty blocks at the end. */
export function tar(entries: readonly TarEntry[]): Uint8Array<ArrayBuffer> {
  return concat([...entries.map(tarEntry), new Uint8Array(2 * BLOCK)]);
}

/** Compresses. */
export function gzip(bytes: Uint8Array): Uint8Array<ArrayBuffer> {
  return new Uint8Array(gzipSync(bytes));
}

/** The JSON of a manifest that names some files and nothing else. */
export function manifestOf(
  files: Readonly<Record<string, string | Uint8Array>>,
  overrides: Readonly<Record<string, unknown>> = {},
): Record<string, unknown> {
  return {
    protocol: 1,
    app: "my-app",
    version: "1.2.3",
    source_image_ref: "local:test",
    entries: [],
    files: Object.fromEntries(
      Object.entries(files).map(([path, content]) => [path, {
        sha256: sha256(content),
        size: bytesOf(content).length,
        kind: "asset",
      }]),
    ),
    modules: {},
    config: {},
    locked: {},
    ...overrides,
  };
}

/** The first entry of a release. */
export function manifestEntry(manifest: unknown): TarEntry {
  return { path: "flyhot.json", content: JSON.stringify(manifest) };
}

/** A release that is as it should be. Returns the bytes of its `tar.gz`. */
export function releaseOf(
  files: Readonly<Record<string, string | Uint8Array>>,
): Uint8Array<ArrayBuffer> {
  return gzip(tar([
    manifestEntry(manifestOf(files)),
    ...Object.entries(files).map(([path, content]) => ({ path, content })),
  ]));
}
