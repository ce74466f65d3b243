/** Digests, and the fingerprint of the code that runs.
 * @module
 */
import { crypto, TextEncoder } from "../base/platform/globals.ts";

/**
 * A short hash of base image and release: equal exactly where the same code runs.
 *
 * @param imageRef the base image
 * @param releaseSha256 digest of the release, or null on the base image as it is
 * @returns 12 hex digits
 */
export async function fingerprint(
  imageRef: string,
  releaseSha256: string | null,
): Promise<string> {
  const code = `${imageRef}\n${releaseSha256 ?? "base"}`;
  let known = fingerprints.get(code);
  if (known === undefined) {
    if (fingerprints.size === FINGERPRINTS_MAX) fingerprints.clear();
    known = (await sha256Of(code)).slice(0, 12);
    fingerprints.set(code, known);
  }
  return known;
}

// A process asks for those of a few releases, and each time several times.
const FINGERPRINTS_MAX = 16;
const fingerprints = new Map<string, string>();

/**
 * SHA-256 in lower-case hex.
 *
 * @param data text (hashed as UTF-8) or bytes
 * @returns 64 hex digits
 */
export async function sha256Of(
  data: string | Uint8Array<ArrayBuffer>,
): Promise<string> {
  const bytes = typeof data === "string"
    ? new TextEncoder().encode(data)
    : data;
  return new Uint8Array(await crypto.subtle.digest("SHA-256", bytes)).toHex();
}
