/** Signing releases: the private key stays in this process.
 * @module
 */
import {
  keyId,
  type ReleaseSignature,
  signedText,
  signRelease,
} from "@flyhot/runtime/protocol";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import { SIGNING_KEY_VARIABLE } from "../base/secret.ts";

/** What is signed. */
export interface ReleaseToSign {
  /** The Fly app. */
  readonly app: string;
  /** An image of the app; its repository is signed. */
  readonly imageRef: string;
  /** The release's digest. */
  readonly sha256: string;
  /** The digest of each file of it, by path. */
  readonly files: Readonly<Record<string, string>>;
}

/** Somebody who vouches for a release, or refuses to by throwing. */
export type SignStep = (
  release: ReleaseToSign,
  signal: AbortSignal,
) => Promise<ReleaseSignature>;

/** A private key that can sign. */
export interface SigningKey {
  /** Where it came from, for messages. */
  readonly from: string;
  /** The short name of its public key. */
  readonly id: string;
  /** Signs a release. */
  sign(
    release: Pick<ReleaseToSign, "app" | "imageRef" | "sha256">,
  ): Promise<ReleaseSignature>;
}

/** Finds the key to sign with: the named file, else `FLYHOT_SIGNING_KEY`. */
export async function findSigningKey(
  file: string | undefined,
  publicKeys: readonly string[] | null,
  host: Pick<Host, "env" | "files">,
): Promise<SigningKey | null> {
  const from = file === undefined
    ? `environment ${SIGNING_KEY_VARIABLE}`
    : file;
  const pem = file === undefined
    ? host.env(SIGNING_KEY_VARIABLE) ?? null
    : await host.files.readText(file);
  if (pem !== null) return await readSigningKey(pem, from);
  if (file !== undefined) {
    throw new FlyhotError(
      "usage",
      `Cannot read the signing key ${file}: there is no such file`,
      { hint: "make a key with: flyhot keygen" },
    );
  }
  if (publicKeys === null) return null;
  throw new FlyhotError(
    "auth",
    `Cannot sign the release: flyhot.publicKeys in deno.json asks for a signature, and there is no key to sign with`,
    {
      hint:
        `set ${SIGNING_KEY_VARIABLE} to the private key that flyhot keygen made, or name its file with --signing-key <file>`,
    },
  );
}

/**
 * Reads a private key.
 *
 * @param pem an Ed25519 key, PKCS8 in PEM
 * @param from where it came from, for messages
 * @returns the key; nothing of it can be read out again
 * @throws {FlyhotError} `auth`, saying nothing of the key, if it is not one
 */
export async function readSigningKey(
  pem: string,
  from: string,
): Promise<SigningKey> {
  const refuse = () =>
    new FlyhotError(
      "auth",
      `Cannot use the signing key from ${from}: it is not an Ed25519 private key, PKCS8 in PEM`,
      { hint: "make one with: flyhot keygen" },
    );
  const match =
    /^-----BEGIN PRIVATE KEY-----([A-Za-z0-9+/=\s]{1,4096})-----END PRIVATE KEY-----$/
      .exec(pem.trim());
  if (!match) throw refuse();
  try {
    const der = Uint8Array.fromBase64(match[1]!.replaceAll(/\s/g, ""));
    // Its public half can only be had of a key that may be exported; the one that is kept may not.
    const open = await crypto.subtle.importKey("pkcs8", der, "Ed25519", true, [
      "sign",
    ]);
    const { x } = await crypto.subtle.exportKey("jwk", open);
    const publicKey = Uint8Array.fromBase64(x ?? "", { alphabet: "base64url" })
      .toBase64();
    const key = await crypto.subtle.importKey("pkcs8", der, "Ed25519", false, [
      "sign",
    ]);
    return {
      from,
      id: await keyId(publicKey),
      sign: ({ app, imageRef, sha256 }) =>
        signRelease(signedText(app, imageRef, sha256), key, publicKey),
    };
  } catch {
    // What went wrong might quote the key.
    throw refuse();
  }
}

/** A new pair of keys. */
export interface KeyPair {
  /** PKCS8 in PEM. */
  readonly privateKey: string;
  /** 32 bytes in base64. */
  readonly publicKey: string;
  /** The short name of the public key. */
  readonly id: string;
}

/**
 * Makes an Ed25519 pair.
 *
 * @returns both halves as text
 */
export async function makeKeyPair(): Promise<KeyPair> {
  const pair = await crypto.subtle.generateKey("Ed25519", true, [
    "sign",
    "verify",
  ]) as CryptoKeyPair;
  const der = await crypto.subtle.exportKey("pkcs8", pair.privateKey);
  const raw = await crypto.subtle.exportKey("raw", pair.publicKey);
  const publicKey = new Uint8Array(raw).toBase64();
  return {
    privateKey: `-----BEGIN PRIVATE KEY-----\n${
      new Uint8Array(der).toBase64()
    }\n-----END PRIVATE KEY-----\n`,
    publicKey,
    id: await keyId(publicKey),
  };
}
