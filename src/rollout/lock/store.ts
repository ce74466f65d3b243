/** The lock record in the bucket.
 * @module
 */
import {
  type Bucket,
  getJson,
  putJson,
  type WriteCondition,
  type WriteOutcome,
} from "@flyhot/runtime/bucket";
import {
  type DeployLock,
  lockKey,
  parseDeployLock,
} from "@flyhot/runtime/protocol";
import type { Host } from "../../host.ts";
import type { Reporter } from "../../ui/reporter.ts";

/** What a lock needs of the outside. */
export interface LockDeps {
  /** Clock and randomness. */
  readonly host: Host;
  /** Where the lock is. */
  readonly bucket: Bucket;
  /** Told of a lock that was overridden, or could not be released. */
  readonly reporter: Reporter;
}

/** A lock record with its ETag. */
export interface StoredLock {
  /** The record. */
  readonly record: DeployLock;
  /** Its ETag, opaque. */
  readonly etag: string;
}

/**
 * Reads the deploy lock of an app.
 *
 * @param bucket the bucket
 * @param app the Fly app
 * @param signal gives up early
 * @returns the lock, held or released; null if there never was one
 * @throws {BucketError} if the request fails
 * @throws {ProtocolError} if it is not a lock of this protocol
 */
export async function readLock(
  bucket: Bucket,
  app: string,
  signal?: AbortSignal,
): Promise<StoredLock | null> {
  const found = await getJson(bucket, lockKey(app), signal ? { signal } : {});
  return found.status === "found"
    ? { record: parseDeployLock(found.value), etag: found.etag }
    : null;
}

/**
 * Writes the deploy lock of an app if the condition holds.
 *
 * @param bucket the bucket
 * @param app the Fly app
 * @param record the new record
 * @param condition when to write
 * @param signal gives up early
 * @returns what became of the write
 * @throws {BucketError} if the request is refused
 */
export function writeLock(
  bucket: Bucket,
  app: string,
  record: DeployLock,
  condition: WriteCondition,
  signal?: AbortSignal,
): Promise<WriteOutcome> {
  return putJson(
    bucket,
    lockKey(app),
    record,
    condition,
    signal ? { signal } : {},
  );
}
