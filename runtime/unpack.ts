/** Unpacks a release into a folder of its own; nothing in it lands anywhere else.
 * @module
 */
import { createHash } from "node:crypto";
import { dirname, join } from "node:path";
import { UntarStream } from "@std/tar/untar-stream";
import {
  isReleasePath,
  type Manifest,
  MANIFEST_PATH,
  parseManifest,
  type ReleaseFile,
} from "./manifest.ts";
import { UpgradeError } from "./upgrade_error.ts";

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
 * @param folder the folder to make; it must not exist. On a failure it is removed
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
  try {
    await Deno.mkdir(folder, { recursive: true });
    return await unpackInto(tarball, folder, signal, limits);
  } catch (cause) {
    await Deno.remove(folder, { recursive: true }).catch(() => {});
    signal.throwIfAborted();
    if (cause instanceof UpgradeError) throw cause;
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UpgradeError("unpack", `Cannot unpack ${tarball}: ${why}`, {
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
  const entries = file.readable
    .pipeThrough(new DecompressionStream("gzip"), { signal })
    .pipeThrough(new UntarStream());
  const seen = new Set<string>();
  let manifest: Manifest | null = null;
  let totalBytes = 0;
  for await (const entry of entries) {
    const { path, readable } = entry;
    // An entry that is refused must not hold the archive open.
    const refuse = async (why: string): Promise<never> => {
      await readable?.cancel().catch(() => {});
      throw new UpgradeError(
        "unpack",
        `Cannot unpack "${path}" from ${tarball}: ${why}`,
      );
    };
    if (!isReleasePath(path)) await refuse("it leads outside the release");
    if (!REGULAR_FILE.has(entry.header.typeflag) || !readable) {
      await refuse("it is not a regular file");
      continue;
    }
    const folded = path.normalize("NFC").toLowerCase();
    if (seen.has(folded)) {
      await refuse("the name is there twice, give or take upper case");
    }
    seen.add(folded);
    if (manifest === null) {
      if (path !== MANIFEST_PATH) {
        await refuse(`${MANIFEST_PATH} must come first`);
      }
      manifest = await readManifest(readable);
      continue;
    }
    const expected = Object.hasOwn(manifest.files, path)
      ? manifest.files[path]
      : undefined;
    if (!expected) {
      await refuse(`${MANIFEST_PATH} does not name it`);
      continue;
    }
    if (seen.size > limits.files) {
      await refuse(`there are more than ${limits.files} files`);
    }
    if (expected.size > limits.fileBytes) {
      await refuse(`it is longer than ${limits.fileBytes} bytes`);
    }
    totalBytes += expected.size;
    if (totalBytes > limits.totalBytes) {
      await refuse(`the release is longer than ${limits.totalBytes} bytes`);
    }
    await writeChecked(
      readable,
      join(folder, ...path.split("/")),
      path,
      expected,
      signal,
    );
  }
  if (manifest === null) {
    throw new UpgradeError("unpack", `Cannot unpack ${tarball}: it is empty`);
  }
  const missing = Object.keys(manifest.files).find((path) =>
    !seen.has(path.normalize("NFC").toLowerCase())
  );
  if (missing !== undefined) {
    throw new UpgradeError(
      "unpack",
      `Cannot unpack ${tarball}: ${MANIFEST_PATH} names "${missing}", which is not there`,
    );
  }
  return manifest;
}

async function readManifest(
  readable: ReadableStream<Uint8Array>,
): Promise<Manifest> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of readable) {
    size += chunk.byteLength;
    if (size > MANIFEST_BYTES_MAX) {
      throw new UpgradeError(
        "unpack",
        `Cannot read ${MANIFEST_PATH}: it is longer than ${MANIFEST_BYTES_MAX} bytes`,
      );
    }
    chunks.push(chunk as Uint8Array<ArrayBuffer>);
  }
  const text = await new Blob(chunks).text();
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

async function writeChecked(
  readable: ReadableStream<Uint8Array>,
  target: string,
  path: string,
  expected: ReleaseFile,
  signal: AbortSignal,
): Promise<void> {
  const hash = createHash("sha256");
  let size = 0;
  await Deno.mkdir(dirname(target), { recursive: true });
  const checked: ReadableStream<Uint8Array> = readable.pipeThrough(
    new TransformStream<Uint8Array, Uint8Array>({
      transform(chunk, controller) {
        size += chunk.byteLength;
        if (size > expected.size) {
          throw new UpgradeError(
            "unpack",
            `Cannot unpack "${path}": it is longer than the ${expected.size} bytes that ${MANIFEST_PATH} says`,
          );
        }
        hash.update(chunk);
        controller.enqueue(chunk);
      },
    }),
  );
  await Deno.writeFile(target, checked, { createNew: true, signal });
  const sha256 = hash.digest("hex");
  if (size !== expected.size || sha256 !== expected.sha256) {
    throw new UpgradeError(
      "unpack",
      `Cannot unpack "${path}": ${size} bytes with SHA-256 ${sha256} are not the ${expected.size} bytes with ${expected.sha256} that ${MANIFEST_PATH} says`,
    );
  }
}
