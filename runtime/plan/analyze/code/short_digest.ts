/** Digests of short texts.
 * @module
 */
import { hash } from "node:crypto";

/** Digests a text. Returns 16 hex digits. */
export function shortDigest(text: string): string {
  return hash("sha256", text, "hex").slice(0, 16);
}
