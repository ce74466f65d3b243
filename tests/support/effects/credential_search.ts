/** Looks for credentials in whatever a run has said, written, started and left, in every form they may have taken.
 * @module
 */
import { assert } from "@std/assert";
import { join } from "@std/path";
import type { Bucket } from "../../../runtime/bucket/bucket.ts";
import type { StartedProgram } from "./record_effects.ts";

/** Fewer characters than this are found anywhere by chance. */
const LENGTH_MIN = 8;

/** A value nobody may show. */
export interface Credential {
  /** What it is, for messages. */
  readonly name: string;
  /** The value. */
  readonly value: string;
}

/** All forms of some credentials. */
export class CredentialSearch {
  readonly #forms: readonly (readonly [name: string, text: string])[];
  /** Where was looked, and at how many of each. */
  readonly looked: Record<string, number> = {};

  /**
   * @param credentials what to look for
   */
  constructor(credentials: readonly Credential[]) {
    this.#forms = credentials.flatMap(({ name, value }) =>
      formsOf(value).map((form) => [name, form] as const)
    );
  }

  /** Looks at a text. Throws if a credential stands there. */
  text(kind: string, where: string, text: string): void {
    this.looked[kind] = (this.looked[kind] ?? 0) + 1;
    for (const [name, form] of this.#forms) {
      assert(!text.includes(form), `${where} shows ${name}`);
    }
  }

  /** Looks at bytes, and at what they are once unpacked. */
  async bytes(
    kind: string,
    where: string,
    bytes: Uint8Array<ArrayBuffer>,
  ): Promise<void> {
    this.text(kind, where, new TextDecoder("latin1").decode(bytes));
    if (bytes[0] !== 0x1f || bytes[1] !== 0x8b) return;
    const unpacked = new Blob([bytes]).stream()
      .pipeThrough(new DecompressionStream("gzip"));
    try {
      await this.bytes(kind, where, await new Response(unpacked).bytes());
    } catch (error) {
      // Half a download is not a whole archive.
      if (!(error instanceof TypeError)) throw error;
    }
  }

  /** Looks at every file in a folder. */
  async folder(kind: string, path: string): Promise<void> {
    const info = await Deno.lstat(path).catch(() => null);
    if (info?.isFile) await this.bytes(kind, path, await Deno.readFile(path));
    if (!info?.isDirectory) return;
    for await (const { name } of Deno.readDir(path)) {
      this.text(kind, path, name);
      await this.folder(kind, join(path, name));
    }
  }

  /** Looks at every object of a bucket, and its key. */
  async objects(bucket: Bucket): Promise<void> {
    for await (const { key } of bucket.list("")) {
      const found = await bucket.get(key);
      if (found.status !== "found") continue;
      this.text("object", "a key", key);
      await this.bytes("object", key, await new Response(found.body).bytes());
    }
  }
}

/** What was started, as `recordEffects()` has written it down. */
export async function startedPrograms(
  folder: string,
): Promise<readonly StartedProgram[]> {
  const started: StartedProgram[] = [];
  for await (const { name } of Deno.readDir(folder)) {
    if (!name.startsWith("started-")) continue;
    started.push(JSON.parse(await Deno.readTextFile(join(folder, name))));
  }
  return started;
}

/** The forms that a value takes where it is written. */
export function formsOf(value: string): readonly string[] {
  const pem = /^-----BEGIN [^-]+-----([^-]+)-----END/.exec(value.trim());
  if (pem) {
    const der = Uint8Array.fromBase64(pem[1]!.replaceAll(/\s/g, ""));
    // A PKCS8 of Ed25519 ends with the 32 bytes that are the key.
    return formsOfBytes(der.slice(-32));
  }
  assert(value.length >= LENGTH_MIN, "it would be found by chance");
  const plain = [
    value,
    JSON.stringify(value).slice(1, -1),
    encodeURIComponent(value),
    encodeURIComponent(value).toLowerCase(),
  ];
  return [...new Set([...plain, ...formsOfBytes(utf8(value))])];
}

function formsOfBytes(bytes: Uint8Array<ArrayBuffer>): string[] {
  const base64 = [0, 1, 2].flatMap((shift) => {
    const moved = new Uint8Array(shift + bytes.length);
    moved.set(bytes, shift);
    return (["base64", "base64url"] as const).map((alphabet) => {
      // The first and last signs are made of neighbors too.
      const from = shift === 0 ? 0 : shift + 1;
      const to = Math.floor((moved.length * 8) / 6);
      return moved.toBase64({ alphabet, omitPadding: true }).slice(from, to);
    });
  });
  const latin1 = new TextDecoder("latin1").decode(bytes);
  return [...base64, bytes.toHex(), bytes.toHex().toUpperCase(), latin1];
}

function utf8(text: string): Uint8Array<ArrayBuffer> {
  return new TextEncoder().encode(text);
}
