/** Brings a release to the disk, checked.
 * @module
 */
import { errorText } from "../../../base/error_text.ts";
import { ReadableStream } from "../../../base/platform/globals.ts";
import { nativeFiles } from "../../../base/platform/native_files.ts";
import { natives } from "../../../base/platform/natives.ts";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import type { Bucket } from "../../../bucket/bucket.ts";
import type { WantedRelease } from "../../wanted.ts";
import { shownUrl, withoutSecrets } from "../../../base/shown_text.ts";
import { UpgradeError } from "../../../base/upgrade_error.ts";
import { writeStream } from "./write_stream.ts";

/** The largest release taken, in bytes. */
export const RELEASE_BYTES_MAX = 512 * 1024 * 1024;

const READ_BYTES = { least: 4 * 1024, most: 256 * 1024 };

/** A release on the disk. */
export interface Download {
  /** Its digest as it arrived. */
  readonly sha256: string;
  /** Its length in bytes. */
  readonly size: number;
  /** Its content, where it is short enough for memory: then there is no file; else null. */
  readonly content: Uint8Array<ArrayBuffer> | null;
}

/**
 * Downloads a release and checks its length and digest against what was promised; what is no longer than `memoryMax` is
 * not written. Throws if it cannot be read (`transient`), or is not what was promised.
 */
export async function download(
  wanted: WantedRelease,
  url: string,
  file: string,
  bucket: Bucket | null,
  signal: AbortSignal,
  memoryMax = -1,
): Promise<Download> {
  const body = await openRelease(url, bucket, signal);
  const hash = createHash("sha256");
  const sizeMax = wanted.size ?? RELEASE_BYTES_MAX;
  let size = 0;
  let content: Download["content"];
  const measure = (chunk: Uint8Array) => {
    size += chunk.byteLength;
    if (size > sizeMax) {
      throw new UpgradeError(
        "verify",
        `Cannot take ${withoutQuery(url)}: it is longer than ${sizeMax} bytes`,
      );
    }
    hash.update(chunk);
  };
  try {
    content = await writeStream(file, body, signal, measure, memoryMax);
  } catch (cause) {
    signal.throwIfAborted();
    if (cause instanceof UpgradeError) throw cause;
    const why = whyOf(cause, url);
    throw new UpgradeError(
      "fetch",
      `Cannot download ${withoutQuery(url)} to ${file}: ${why}`,
      {
        transient: true,
        cause,
      },
    );
  }
  const sha256 = hash.digest("hex");
  if (wanted.size !== null && size !== wanted.size) {
    // Shorter than promised is a cut connection more often than a lie.
    throw new UpgradeError(
      "verify",
      `Cannot take ${
        withoutQuery(url)
      }: ${size} bytes arrived, ${wanted.size} were promised; publish the release again`,
      { transient: true },
    );
  }
  if (wanted.sha256 !== null && sha256 !== wanted.sha256) {
    throw new UpgradeError(
      "verify",
      `Cannot take ${
        withoutQuery(url)
      }: its SHA-256 is ${sha256}, promised was ${wanted.sha256}; publish the release again`,
    );
  }
  return { sha256, size, content };
}

async function openRelease(
  url: string,
  bucket: Bucket | null,
  signal: AbortSignal,
): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
  const key = bucket?.keyOf(url) ?? null;
  if (bucket && key !== null) {
    let outcome;
    try {
      outcome = await bucket.get(key, { signal });
    } catch (cause) {
      signal.throwIfAborted();
      const transient = (cause as { transient?: unknown }).transient === true;
      const why = whyOf(cause, url);
      throw new UpgradeError("fetch", why, { transient, cause });
    }
    if (outcome.status === "found") return outcome.body;
    // An eventually consistent bucket may show the pointer before the release.
    throw new UpgradeError(
      "fetch",
      `Cannot download ${withoutQuery(url)}: there is no such object`,
      {
        transient: true,
      },
    );
  }
  let response: Response;
  try {
    if (url.startsWith("file:")) return fileStream(url);
    response = await natives.fetch(url, { signal });
  } catch (cause) {
    signal.throwIfAborted();
    const why = whyOf(cause, url);
    throw new UpgradeError(
      "fetch",
      `Cannot download ${withoutQuery(url)}: ${why}`,
      {
        transient: true,
        cause,
      },
    );
  }
  if (!response.ok || !response.body) {
    await response.body?.cancel();
    throw new UpgradeError(
      "fetch",
      `Cannot download ${
        withoutQuery(url)
      }: the server answered ${response.status}`,
      { transient: response.status === 429 || response.status >= 500 },
    );
  }
  return response.body;
}

/** A file, read in this turn, piece by piece: to fetch it takes longer than the disk does. */
function fileStream(url: string): ReadableStream<Uint8Array<ArrayBuffer>> {
  const file = nativeFiles.openSync(fileURLToPath(url));
  let left = file.statSync().size;
  return new ReadableStream({
    pull(controller) {
      // Memory that is not needed makes V8 collect garbage all the same.
      const buffer = new Uint8Array(
        Math.min(READ_BYTES.most, Math.max(READ_BYTES.least, left)),
      );
      let length: number | null = null;
      try {
        length = file.readSync(buffer);
      } finally {
        if (length === null) file.close();
      }
      left -= length ?? left;
      if (length === null) controller.close();
      else controller.enqueue(buffer.subarray(0, length));
    },
    cancel: () => file.close(),
  }, { highWaterMark: 0 });
}

/** An address without what may be a secret in it. */
export function withoutQuery(url: string): string {
  return shownUrl(url);
}

function whyOf(cause: unknown, url: string): string {
  const message = errorText(cause);
  return withoutSecrets(message.replaceAll(url, withoutQuery(url)));
}
