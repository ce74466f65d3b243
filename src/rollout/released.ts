/** What releases in the bucket say of themselves.
 * @module
 */
import type { Bucket } from "@flyhot/runtime/bucket";
import {
  type HotUpgrade,
  type Manifest,
  MANIFEST_PATH,
  parseManifest,
  type Pointer,
} from "@flyhot/runtime/protocol";
import { UntarStream } from "@std/tar";
import { withDeadline } from "../base/deadline.ts";
import { isRecord } from "../base/values.ts";
import { readPointer } from "./pointer/pointer.ts";

/**
 * Reads the manifest of a release in the bucket, whose analysis is as it was written: only its first entry is fetched;
 * null if it is gone or not a release.
 */
export async function readReleased(
  bucket: Bucket,
  key: string,
  signal?: AbortSignal,
): Promise<Manifest | null> {
  const found = await bucket.get(key, { signal });
  if (found.status !== "found") return null;
  try {
    const entries = found.body.pipeThrough(new DecompressionStream("gzip"))
      .pipeThrough(new UntarStream());
    for await (const { path, readable } of entries) {
      if (path !== MANIFEST_PATH || !readable) {
        await readable?.cancel();
        return null;
      }
      const value: unknown = await new Response(readable).json();
      const manifest = parseManifest(value);
      const written = isRecord(value) ? value.analysis : undefined;
      return written === undefined
        ? manifest
        : { ...manifest, analysis: written as Manifest["analysis"] & object };
    }
  } catch {
    // What cannot be read is not ours to remove, and nothing to go by.
  }
  return null;
}

/** Longer than to parse hundreds of scripts nobody waits to be spared it. */
const PATIENCE_MS = 3_000;

/** Reads the manifest of the release that an app has published last; null where there is none, or none can be read. */
export async function readLatestReleased(
  app: string,
  bucket: Bucket,
  signal: AbortSignal,
  patienceMs = PATIENCE_MS,
): Promise<Manifest | null> {
  try {
    return await withDeadline(
      patienceMs,
      () => new Error("the bucket takes too long"),
      async (deadline) => {
        const { pointer } = await readPointer(bucket, app, deadline);
        const key = latestKey(pointer);
        return key === null ? null : await readReleased(bucket, key, deadline);
      },
      signal,
    );
  } catch {
    signal.throwIfAborted();
    // Who packs finds out for himself.
    return null;
  }
}

/** The key of the release that was published last, to whichever image. */
function latestKey(pointer: Pointer | null): string | null {
  const upgrades = Object.values(pointer?.generations ?? {})
    .flatMap(({ hot_upgrade, history }) => [hot_upgrade, ...history])
    .filter((it): it is HotUpgrade & { readonly key: string } =>
      it !== null && it.key !== null
    );
  // ULIDs sort by time.
  return upgrades.sort((a, b) => a.id < b.id ? 1 : -1)[0]?.key ?? null;
}
