/** The checksums that S3 clients send with what they write.
 * @module
 */
import { createHash } from "node:crypto";
import { notImplemented, S3Error } from "../s3_error.ts";

type Checksum = (bytes: Uint8Array<ArrayBuffer>) => Uint8Array;

const hash = (name: string): Checksum => (bytes) =>
  createHash(name).update(bytes).digest();

const CHECKSUMS: Readonly<Record<string, Checksum>> = {
  "content-md5": hash("md5"),
  "x-amz-checksum-sha1": hash("sha1"),
  "x-amz-checksum-sha256": hash("sha256"),
  "x-amz-checksum-crc32": crc(0, 0xedb88320, 4),
  "x-amz-checksum-crc32c": crc(0, 0x82f63b78, 4),
  "x-amz-checksum-crc64nvme": crc(0x9a6c9329, 0xac4bc9b5, 8),
};

const NO_CHECKSUM = /^x-amz-checksum-(?:algorithm|mode|type)$/;

/** Refuses a body that is not what its headers say it is; returns the `x-amz-checksum-*` ones, which hold then. */
export function checkDigests(
  headers: ReadonlyMap<string, string>,
  body: Uint8Array<ArrayBuffer>,
): Readonly<Record<string, string>> {
  const held: Record<string, string> = {};
  for (const [name, claimed] of headers) {
    const isChecksum = name.startsWith("x-amz-checksum-") &&
      !NO_CHECKSUM.test(name);
    if (!isChecksum && name !== "content-md5") continue;
    const checksum = CHECKSUMS[name];
    if (checksum === undefined) {
      throw notImplemented(`the checksum ${name}`);
    }
    if (claimed !== checksum(body).toBase64()) {
      const shown = name === "content-md5" ? "Content-MD5" : name;
      throw new S3Error(
        400,
        "BadDigest",
        `The ${shown} you specified did not match what we received.`,
      );
    }
    if (isChecksum) held[name] = claimed;
  }
  return held;
}

/** A cyclic redundancy check, its polynomial reflected and in two halves; shorter ones leave the upper half zero. */
function crc(upper: number, lower: number, width: 4 | 8): Checksum {
  const highs = new Uint32Array(256);
  const lows = new Uint32Array(256);
  for (let i = 0; i < 256; i++) {
    let [high, low] = [0, i];
    for (let bit = 0; bit < 8; bit++) {
      const isOdd = (low & 1) === 1;
      low = (low >>> 1) | (high << 31);
      high >>>= 1;
      if (isOdd) [high, low] = [high ^ upper, low ^ lower];
    }
    [highs[i], lows[i]] = [high, low];
  }
  return (bytes) => {
    let [high, low] = [width === 8 ? -1 : 0, -1];
    for (let at = 0; at < bytes.length; at++) {
      const i = (low ^ bytes[at]!) & 255;
      low = ((low >>> 8) | (high << 24)) ^ lows[i]!;
      high = (high >>> 8) ^ highs[i]!;
    }
    const view = new DataView(new ArrayBuffer(8));
    view.setUint32(0, ~high);
    view.setUint32(4, ~low);
    return new Uint8Array(view.buffer, 8 - width);
  };
}
