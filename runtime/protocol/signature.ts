/** Signatures of releases: who vouches for what a machine may run.
 * @module
 */
import { crypto, TextEncoder } from "../base/platform/globals.ts";
import { type ImageRef, parseImageRef } from "./image_ref.ts";
import { object, ProtocolError, reject, string } from "./json/parse.ts";

/** The signature of one release. */
export interface ReleaseSignature {
  /** The first 16 hex digits of the SHA-256 of the raw public key. */
  readonly key: string;
  /** The Ed25519 signature, base64. */
  readonly ed25519: string;
}

/** Length of a raw Ed25519 public key in bytes. */
const PUBLIC_KEY_BYTES = 32;
const SIGNATURE_BYTES = 64;

/**
 * The text that is signed: digest, app and image repository, not the upgrade, so that a rollback needs no key.
 *
 * @param app the Fly app
 * @param imageRef an image of the app; its tag and digest do not count
 * @param sha256 digest of the release, lower-case hex
 * @returns the text, to be signed as UTF-8
 * @throws {TypeError} if the image reference cannot be read
 */
export function signedText(
  app: string,
  imageRef: string,
  sha256: string,
): string {
  const { repository }: ImageRef = parseImageRef(imageRef);
  return `flyhot-release-v1\n${app}\n${repository}\n${sha256}\n`;
}

/**
 * Short name of a public key.
 *
 * @param publicKey 32 bytes in base64
 * @returns the first 16 hex digits of its SHA-256
 * @throws {ProtocolError} if it is not such a key
 */
export async function keyId(publicKey: string): Promise<string> {
  const digest = await crypto.subtle.digest("SHA-256", rawPublicKey(publicKey));
  return new Uint8Array(digest).toHex().slice(0, 16);
}

/**
 * Signs a release.
 *
 * @param text what {@linkcode signedText} gives
 * @param privateKey an Ed25519 key that may sign
 * @param publicKey its public key, 32 bytes in base64
 * @returns the signature
 */
export async function signRelease(
  text: string,
  privateKey: CryptoKey,
  publicKey: string,
): Promise<ReleaseSignature> {
  const signature = await crypto.subtle.sign(
    "Ed25519",
    privateKey,
    new TextEncoder().encode(text),
  );
  return {
    key: await keyId(publicKey),
    ed25519: new Uint8Array(signature).toBase64(),
  };
}

/**
 * Says why a release is not vouched for.
 *
 * @param text what {@linkcode signedText} gives for it
 * @param signature its signature; undefined where it has none
 * @param publicKeys the keys that are trusted, each 32 bytes in base64
 * @returns null where one of the keys vouches for it, else a sentence's second half
 */
export async function signatureTrouble(
  text: string,
  signature: ReleaseSignature | undefined,
  publicKeys: readonly string[],
): Promise<string | null> {
  if (!signature) return "it is not signed";
  const ids = await Promise.all(publicKeys.map(keyId));
  const at = ids.indexOf(signature.key);
  if (at === -1) {
    return `it is signed with the key ${signature.key}, which the image does not trust (it trusts ${
      ids.join(", ")
    })`;
  }
  const key = await crypto.subtle.importKey(
    "raw",
    rawPublicKey(publicKeys[at]!),
    "Ed25519",
    false,
    ["verify"],
  );
  const good = await crypto.subtle.verify(
    "Ed25519",
    key,
    Uint8Array.fromBase64(signature.ed25519),
    new TextEncoder().encode(text),
  );
  return good ? null : `its signature by the key ${signature.key} is wrong`;
}

/**
 * Reads a signature.
 *
 * @param value parsed JSON
 * @param at where it stands, for errors
 * @returns the signature
 * @throws {ProtocolError} if it is not one
 */
export function releaseSignature(value: unknown, at: string): ReleaseSignature {
  const it = object(value, at);
  const key = string(it.key, `${at}.key`);
  if (!/^[0-9a-f]{16}$/.test(key)) {
    reject(`${at}.key`, "16 lower-case hex digits", key);
  }
  const ed25519 = string(it.ed25519, `${at}.ed25519`);
  if (bytesOf(ed25519)?.byteLength !== SIGNATURE_BYTES) {
    reject(`${at}.ed25519`, `${SIGNATURE_BYTES} bytes in base64`, ed25519);
  }
  return { key, ed25519 };
}

/**
 * Reads a public key.
 *
 * @param value anything
 * @param at where it stands, for errors
 * @returns 32 bytes in base64
 * @throws {ProtocolError} if it is not one; the value is not shown, because it may be the private key, pasted by mistake
 */
export function publicKey(value: unknown, at: string): string {
  if (typeof value === "string") {
    if (bytesOf(value)?.byteLength === PUBLIC_KEY_BYTES) return value;
    throw new ProtocolError(
      `Cannot read ${at}: expected an Ed25519 public key (${PUBLIC_KEY_BYTES} bytes in base64), as flyhot keygen prints it`,
    );
  }
  return reject(at, "an Ed25519 public key, as flyhot keygen prints it", value);
}

function rawPublicKey(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.fromBase64(publicKey(text, "public key"));
}

function bytesOf(text: string): Uint8Array<ArrayBuffer> | null {
  // The decoder itself would skip blanks.
  if (!/^[A-Za-z0-9+/]*={0,2}$/.test(text)) return null;
  try {
    return Uint8Array.fromBase64(text);
  } catch {
    return null;
  }
}
