/** Removing what no machine needs any more.
 * @module
 */
import type { Bucket } from "@flyhot/runtime/bucket";
import {
  MANIFEST_PATH,
  parseManifest,
  type Pointer,
  resultKey,
} from "@flyhot/runtime/protocol";
import { UntarStream } from "@std/tar";
import type { RolloutDeps } from "./deps.ts";

/** Of how many upgrades the results are kept. */
export const RESULTS_KEPT = 5;

/**
 * Picks the results that are older than the last upgrades.
 *
 * @param keys the keys of all results of the app
 * @param app the Fly app
 * @param pointer the pointer; what it names as current is kept
 * @returns the keys to remove
 */
export function staleResults(
  keys: readonly string[],
  app: string,
  pointer: Pointer,
): string[] {
  const root = resultKey(app, "").slice(0, -1);
  const upgradeOf = (key: string) => key.slice(root.length).split("/")[0] ?? "";
  // ULIDs sort by time.
  const newest = [...new Set(keys.map(upgradeOf))].sort().slice(-RESULTS_KEPT);
  const kept = new Set([
    ...newest,
    ...Object.values(pointer.generations)
      .map(({ hot_upgrade }) => hot_upgrade?.id),
  ]);
  return keys.filter((key) => !kept.has(upgradeOf(key)));
}

/**
 * Picks the releases that the pointer does not name.
 *
 * @param keys the keys of all releases
 * @param pointer the pointer
 * @param keyOf the key behind a URL, or null
 * @returns the keys to remove
 */
export function staleReleases(
  keys: readonly string[],
  pointer: Pointer,
  keyOf: (url: string) => string | null,
): string[] {
  const named = new Set(
    Object.values(pointer.generations)
      .flatMap(({ hot_upgrade, history }) => [hot_upgrade, ...history])
      .map((upgrade) => upgrade?.tarball_url)
      .map((url) => url ? keyOf(url) : null),
  );
  return keys.filter((key) => !named.has(key));
}

/**
 * Removes results and releases that nothing refers to; trouble is only a note.
 *
 * @param app the Fly app
 * @param pointer the pointer that is in place
 * @param deps bucket and reporter
 * @param signal gives up early
 * @returns how many objects were removed
 */
export async function prune(
  app: string,
  pointer: Pointer,
  { bucket, reporter }: Pick<RolloutDeps, "bucket" | "reporter">,
  signal?: AbortSignal,
): Promise<number> {
  const request = signal ? { signal } : {};
  let removed = 0;
  const note = (error: unknown) => {
    const said = error instanceof Error ? error.message : String(error);
    reporter.emit({ type: "note", text: `Old objects are left: ${said}` });
  };
  const keysUnder = async (prefix: string, suffix = "") => {
    const keys: string[] = [];
    for await (const { key } of bucket.list(prefix, request)) {
      if (key.endsWith(suffix)) keys.push(key);
    }
    return keys;
  };
  try {
    const results = await keysUnder(resultKey(app, "").slice(0, -1));
    for (const key of staleResults(results, app, pointer)) {
      await bucket.delete(key, request);
      removed++;
    }
    const releases = await keysUnder(`releases/${app}-`, ".tar.gz");
    const keyOf = (url: string) => bucket.keyOf(url);
    for (const key of staleReleases(releases, pointer, keyOf)) {
      // The name of another app may begin like this one's.
      if (await appOfRelease(bucket, key, signal) !== app) continue;
      await bucket.delete(key, request);
      removed++;
    }
  } catch (error) {
    note(error);
  }
  return removed;
}

/**
 * Reads of a release in the bucket whose it is: only its first entry is fetched.
 *
 * @param bucket the bucket
 * @param key the release
 * @param signal gives up early
 * @returns the app, or null if it is gone or no release
 * @throws {BucketError} if the request fails
 */
export async function appOfRelease(
  bucket: Bucket,
  key: string,
  signal?: AbortSignal,
): Promise<string | null> {
  const found = await bucket.get(key, signal ? { signal } : {});
  if (found.status !== "found") return null;
  try {
    const entries = found.body.pipeThrough(new DecompressionStream("gzip"))
      .pipeThrough(new UntarStream());
    for await (const { path, readable } of entries) {
      if (path !== MANIFEST_PATH || !readable) {
        await readable?.cancel();
        return null;
      }
      return parseManifest(await new Response(readable).json()).app;
    }
  } catch {
    // What cannot be read is not ours to remove.
  }
  return null;
}
