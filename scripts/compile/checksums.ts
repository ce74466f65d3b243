/**
 * SHA-256 checksums of files, as `sha256sum -c` reads them.
 *
 * @module
 */

import { createHash } from "node:crypto";
import { basename } from "node:path";

/** Digests a file. */
export async function sha256Of(path: string): Promise<string> {
  using file = await Deno.open(path);
  const hash = createHash("sha256");
  for await (const piece of file.readable) hash.update(piece);
  return hash.digest("hex");
}

/** Writes the checksums of files that lie in one folder. */
export async function checksumLines(paths: readonly string[]): Promise<string> {
  const lines: string[] = [];
  for (const path of [...paths].sort()) {
    lines.push(`${await sha256Of(path)}  ${basename(path)}\n`);
  }
  return lines.join("");
}
