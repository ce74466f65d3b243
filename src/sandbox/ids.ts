/** Ids and names in the shapes that Fly gives them.
 * @module
 */
import { ulid } from "@flyhot/runtime/protocol";

/** Makes a ULID of now. */
export function newUlid(): string {
  return ulid(Date.now(), randomBytes(10));
}

/** Makes a machine's id: 14 hex digits, the first never 0. */
export function newMachineId(): string {
  return `${1 + randomBytes(1)[0]! % 9}${randomBytes(7).toHex().slice(1)}`;
}

/** Makes a secret of so many bytes, in hex digits. */
export function newSecret(bytes: number): string {
  return randomBytes(bytes).toHex();
}

const ADJECTIVES = ["autumn", "bold", "cold", "dark", "icy", "little", "red"];
const NOUNS = ["bird", "breeze", "forest", "moon", "pond", "sun", "wave"];

/** Makes a machine's name, for example `cold-moon-4711`. */
export function newMachineName(): string {
  const [a = 0, b = 0, c = 0, d = 0] = randomBytes(4);
  const number = String((c * 256 + d) % 10_000).padStart(4, "0");
  return `${ADJECTIVES[a % 7]}-${NOUNS[b % 7]}-${number}`;
}

function randomBytes(length: number): Uint8Array<ArrayBuffer> {
  return crypto.getRandomValues(new Uint8Array(length));
}
