/**
 * What the fields of a tar header can hold.
 *
 * @module
 */

/** Metadata of one entry; everything has a default. */
export interface TarStreamOptions {
  /** Permission bits; 0o644 for files and 0o755 for directories by default. */
  mode?: number;
  /** Owner's number, 0 by default. */
  uid?: number;
  /** Group's number, 0 by default. */
  gid?: number;
  /** Whole seconds since the epoch, now by default. */
  mtime?: number;
  /** Owner's name in ASCII, empty by default. */
  uname?: string;
  /** Group's name in ASCII, empty by default. */
  gname?: string;
  /** Major device number as text, empty by default. */
  devmajor?: string;
  /** Minor device number as text, empty by default. */
  devminor?: string;
}

const SLASH = 0x2f;
const encoder = new TextEncoder();

/** Splits a path over ustar's two fields: as little prefix as will do. */
export function splitPath(
  path: string,
): { prefix: Uint8Array; name: Uint8Array } {
  const bytes = encoder.encode(path);
  if (bytes.length <= 100) return { prefix: new Uint8Array(0), name: bytes };
  const refused = `Cannot put the path ${path} into a tar archive`;
  if (bytes.length > 256) {
    throw new RangeError(
      `${refused}: it has ${bytes.length} bytes, 256 is the limit`,
    );
  }
  const slash = bytes.indexOf(SLASH, Math.max(1, bytes.length - 100));
  if (slash === -1) {
    throw new RangeError(`${refused}: its last part is over 99 bytes long`);
  }
  if (slash > 155) {
    throw new TypeError(
      `${refused}: no slash splits it into at most 155 and 100 bytes`,
    );
  }
  return { prefix: bytes.subarray(0, slash), name: bytes.subarray(slash + 1) };
}

/** Checks that a path fits into a tar header. */
export function assertValidPath(path: string): void {
  splitPath(path);
}

/** Checks that metadata fits into a tar header. */
export function assertValidTarStreamOptions(options: TarStreamOptions): void {
  const digits = { mode: 6, uid: 6, gid: 6, mtime: 11 };
  for (const key of ["mode", "uid", "gid", "mtime"] as const) {
    const value = options[key];
    if (value !== undefined && !(value >= 0 && value < 8 ** digits[key])) {
      throw refuseOption(key, value, `0 to ${digits[key]} octal digits`);
    }
  }
  const limits = { uname: 31, gname: 31, devmajor: 8, devminor: 8 };
  for (const key of ["uname", "gname", "devmajor", "devminor"] as const) {
    const value = options[key] ?? "";
    // Only the names are promised to be ASCII; the other two are free text.
    const plain = key.startsWith("dev") || value.length ===
        encoder.encode(value).length;
    if (!plain || value.length > limits[key]) {
      throw refuseOption(key, value, `at most ${limits[key]} ASCII characters`);
    }
  }
}

function refuseOption(key: string, value: unknown, expected: string) {
  return new TypeError(
    `Cannot add to the tar archive: ${key} is ${value}, expected ${expected}`,
  );
}
