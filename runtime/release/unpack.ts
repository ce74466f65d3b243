/** Unpacks a release into a folder of its own; nothing in it lands anywhere else.
 * @module
 */
import { dirname, join } from "node:path";
import { type TarStreamEntry, UntarStream } from "@std/tar/untar-stream";
import {
  isReleasePath,
  type Manifest,
  MANIFEST_PATH,
  parseManifest,
  type ReleaseFile,
} from "../protocol/manifest.ts";
import { shownText } from "../base/shown_text.ts";
import { UpgradeError } from "../base/upgrade_error.ts";
import { gunzip } from "./gunzip.ts";
import { BUFFER_BYTES, writeChecked } from "./write_checked.ts";

/** What a release may hold at the most. */
export interface UnpackLimits {
  /** Files. */
  readonly files: number;
  /** Bytes of one file. */
  readonly fileBytes: number;
  /** Bytes of all files together. */
  readonly totalBytes: number;
}

/** The limits that apply when no others are given. */
export const UNPACK_LIMITS: UnpackLimits = {
  files: 50_000,
  fileBytes: 256 * 1024 * 1024,
  totalBytes: 1024 * 1024 * 1024,
};

const MANIFEST_BYTES_MAX = 32 * 1024 * 1024;
const REGULAR_FILE = new Set(["0", "\0", ""]);

/**
 * Unpacks a release: its manifest first, then exactly the files that the manifest names, each with its digest.
 *
 * @param tarball the path of the `tar.gz`
 * @param folder the folder to make, in one that exists; it must not exist. On a failure it is removed
 * @param signal ends the work
 * @param limits what the release may hold. Default {@linkcode UNPACK_LIMITS}
 * @returns the manifest
 * @throws {UpgradeError} if the archive is cut, holds a path outside the release, a link, a device, a name twice, a file that the manifest does not name or that is not what it says, too much, or if the disk refuses
 */
export async function unpack(
  tarball: string,
  folder: string,
  signal: AbortSignal,
  limits: UnpackLimits = UNPACK_LIMITS,
): Promise<Manifest> {
  let made = false;
  try {
    await Deno.mkdir(folder);
    made = true;
    return await unpackInto(tarball, folder, signal, limits);
  } catch (cause) {
    if (made) await Deno.remove(folder, { recursive: true }).catch(() => {});
    signal.throwIfAborted();
    if (cause instanceof UpgradeError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    const said = shownText(why.slice(0, 500));
    throw new UpgradeError("unpack", `Cannot unpack ${tarball}: ${said}`, {
      cause,
    });
  }
}

async function unpackInto(
  tarball: string,
  folder: string,
  signal: AbortSignal,
  limits: UnpackLimits,
): Promise<Manifest> {
  const file = await Deno.open(tarball);
  const end = new AbortController();
  const entries = gunzip(file, AbortSignal.any([signal, end.signal]))
    .pipeThrough(new UntarStream());
  try {
    return await unpackEntries(entries, tarball, folder, signal, limits);
  } finally {
    // What is refused must not hold the file open, nor be read to an end that may be far away.
    end.abort();
  }
}

async function unpackEntries(
  entries: ReadableStream<TarStreamEntry>,
  tarball: string,
  folder: string,
  signal: AbortSignal,
  limits: UnpackLimits,
): Promise<Manifest> {
  const seen = new Set<string>();
  const written = new Set<string>();
  const buffer = new Uint8Array(BUFFER_BYTES);
  let manifest: Manifest | null = null;
  let totalBytes = 0;
  for await (const entry of entries) {
    const { path, readable, header: { size, typeflag } } = entry;
    const refused = (why: string): UpgradeError =>
      new UpgradeError(
        "unpack",
        `Cannot unpack "${
          shownText(path.slice(0, 300))
        }" from ${tarball}: ${why}`,
      );
    if (!isReleasePath(path)) throw refused("it leads outside the release");
    if (!REGULAR_FILE.has(typeflag) || !readable) {
      throw refused("it is not a regular file");
    }
    const folded = path.normalize("NFC").toLowerCase();
    if (seen.has(folded)) {
      throw refused("the name is there twice, give or take upper case");
    }
    seen.add(folded);
    if (manifest === null) {
      if (path !== MANIFEST_PATH) {
        throw refused(`${MANIFEST_PATH} must come first`);
      }
      if (size > MANIFEST_BYTES_MAX) {
        throw refused(`it is longer than ${MANIFEST_BYTES_MAX} bytes`);
      }
      manifest = await readManifest(readable);
      continue;
    }
    const expected = Object.hasOwn(manifest.files, path)
      ? manifest.files[path]
      : undefined;
    if (!expected) throw refused(`${MANIFEST_PATH} does not name it`);
    if (seen.size > limits.files) {
      throw refused(`there are more than ${limits.files} files`);
    }
    if (expected.size > limits.fileBytes) {
      throw refused(`it is longer than ${limits.fileBytes} bytes`);
    }
    totalBytes += expected.size;
    if (totalBytes > limits.totalBytes) {
      throw refused(`the release is longer than ${limits.totalBytes} bytes`);
    }
    if (size !== expected.size) {
      throw refused(
        `it has ${size} bytes, not the ${expected.size} that ${MANIFEST_PATH} says`,
      );
    }
    await unpackFile(
      readable,
      join(folder, ...path.split("/")),
      path,
      expected,
      signal,
      buffer,
    );
    written.add(path);
  }
  if (manifest === null) {
    throw new UpgradeError("unpack", `Cannot unpack ${tarball}: it is empty`);
  }
  const missing = Object.keys(manifest.files).find((path) =>
    !written.has(path)
  );
  if (missing !== undefined) {
    throw new UpgradeError(
      "unpack",
      `Cannot unpack ${tarball}: ${MANIFEST_PATH} names "${
        shownText(missing)
      }", which is not there`,
    );
  }
  return manifest;
}

async function readManifest(
  readable: ReadableStream<Uint8Array>,
): Promise<Manifest> {
  // Apps may have put another Response in the place of the platform's.
  const decoder = new TextDecoder();
  let text = "";
  for await (const chunk of readable) {
    text += decoder.decode(chunk, { stream: true });
  }
  text += decoder.decode();
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (cause) {
    throw new UpgradeError(
      "unpack",
      `Cannot read ${MANIFEST_PATH}: it is not JSON`,
      { cause },
    );
  }
  return parseManifest(value);
}

async function unpackFile(
  readable: ReadableStream<Uint8Array>,
  target: string,
  path: string,
  expected: ReleaseFile,
  signal: AbortSignal,
  buffer: Uint8Array<ArrayBuffer>,
): Promise<void> {
  await Deno.mkdir(dirname(target), { recursive: true });
  // The header has promised the size already; whatever reads it must keep to it.
  const { sha256, size } = await writeChecked(
    target,
    readable,
    expected.size,
    signal,
    buffer,
  );
  if (size !== expected.size) {
    throw new UpgradeError(
      "unpack",
      `Cannot unpack "${path}": it goes on for ${size} bytes or more, not the ${expected.size} that ${MANIFEST_PATH} says`,
    );
  }
  if (sha256 !== expected.sha256) {
    throw new UpgradeError(
      "unpack",
      `Cannot unpack "${
        shownText(path)
      }": its SHA-256 is ${sha256}, not the ${expected.sha256} that ${MANIFEST_PATH} says`,
    );
  }
}
