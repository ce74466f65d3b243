/** The packages that a file of the app names, without holding the file in memory.
 * @module
 */
import { nativeFiles } from "../base/platform/native_files.ts";
import { TextDecoder } from "../base/platform/globals.ts";
import { packagesIn } from "../plan/packages.ts";
import { isMissing } from "./file_digests.ts";

const CHUNK_BYTES = 64 * 1024;
/** No specifier is longer; what is, is data. */
const SPECIFIER_MAX = 4 * 1024;
/** Configuration is written by people; larger JSON is data, whatever its name. */
const CONFIG_BYTES_MAX = 1024 * 1024;
const SCRIPT = /\.[cm]?[jt]sx?$/;
const CONFIG =
  /(?:^|\/)(?:deno\.jsonc?|package\.json|[^/]*import[-_.]?map[^/]*\.jsonc?)$/;

/**
 * Tells whether a file is one that names packages: a script, or configuration in a place that Deno knows. Returns false
 * for data.
 */
export function mayNamePackages(path: string): boolean {
  return SCRIPT.test(path) || CONFIG.test(path);
}

/**
 * The packages that a file names. It is read in chunks, so that a bundle of many megabytes stalls nothing. Returns the
 * packages; none where there is no such file, and of configuration that is larger than any.
 */
export async function packagesInFile(
  path: string,
): Promise<ReadonlySet<string>> {
  const packages = new Set<string>();
  let file: Deno.FsFile;
  try {
    file = await nativeFiles.open(path);
  } catch (error) {
    if (isMissing(error)) return packages;
    throw error;
  }
  try {
    if (!SCRIPT.test(path) && (await file.stat()).size > CONFIG_BYTES_MAX) {
      return packages;
    }
    const decoder = new TextDecoder();
    const buffer = new Uint8Array(CHUNK_BYTES);
    let rest = "";
    for (;;) {
      const length = await file.read(buffer);
      if (length === null) break;
      const text = rest +
        decoder.decode(buffer.subarray(0, length), { stream: true });
      // A specifier may go on in the next chunk.
      const end = lastEnd(text);
      for (const name of packagesIn(text.slice(0, end))) packages.add(name);
      rest = text.slice(Math.max(end, text.length - SPECIFIER_MAX));
    }
    for (const name of packagesIn(rest + decoder.decode())) packages.add(name);
    return packages;
  } finally {
    file.close();
  }
}

/** Where the last specifier that may be cut begins. */
function lastEnd(text: string): number {
  for (let at = text.length - 1; at >= 0; at--) {
    if (/[\s"'`]/.test(text[at]!)) return at + 1;
    if (text.length - at >= SPECIFIER_MAX) return text.length;
  }
  return 0;
}
