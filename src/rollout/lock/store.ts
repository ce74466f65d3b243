/** The lock record in the bucket.
 * @module
 */
import {
  type Bucket,
  getJson,
  type JsonOutcome,
  NotJsonError,
  putJson,
  type WriteCondition,
  type WriteOutcome,
} from "@flyhot/runtime/bucket";
import {
  type DeployLock,
  lockKey,
  parseDeployLock,
  PROTOCOL_VERSION,
  ProtocolError,
} from "@flyhot/runtime/protocol";
import { FlyhotError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import type { BucketTime } from "./bucket_time.ts";
import type { RolloutDeps } from "../deps.ts";

/** What a lock needs of the outside. */
export type LockDeps = Pick<RolloutDeps, "host" | "bucket" | "reporter">;

/** A lock record with its ETag. */
export interface StoredLock {
  /** The record. */
  readonly record: DeployLock;
  /** Its ETag, opaque. */
  readonly etag: string;
  /** The bucket's clock when it was read, in milliseconds since 1970: what decides whether it has lapsed. */
  readonly date: number;
}

/** What one look at the lock shows. */
interface LockLook {
  /** The lock, or null if there never was one. */
  readonly found: StoredLock | null;
  /** What the bucket's clock said. */
  readonly time: BucketTime;
}

/**
 * Reads the deploy lock of an app. A record that cannot be read counts as held: whoever knows better overrides it.
 *
 * @param bucket the bucket
 * @param app the Fly app
 * @param signal gives up early
 * @returns the lock, held or released; null if there never was one
 * @throws {BucketError} if the request fails
 * @throws {FlyhotError} `conflict` if the bucket names no time
 */
export async function readLock(
  bucket: Bucket,
  app: string,
  signal?: AbortSignal,
): Promise<StoredLock | null> {
  // Nothing here compares moments of this computer.
  const look = await lookAtLock(bucket, app, { monotonicNow: () => 0 }, signal);
  return look.found;
}

/** Reads the deploy lock of an app, and the bucket's clock with it. */
export async function lookAtLock(
  bucket: Bucket,
  app: string,
  host: Pick<Host, "monotonicNow">,
  signal?: AbortSignal,
): Promise<LockLook> {
  const key = lockKey(app);
  let sentAt = host.monotonicNow();
  const times: BucketTime[] = [];
  const options = {
    signal,
    onDate(date: number) {
      const receivedAt = host.monotonicNow();
      times.push({ date, sentAt, receivedAt });
      // Of a request that is repeated only the last answer counts.
      sentAt = receivedAt;
    },
  };
  let read: JsonOutcome;
  try {
    read = await getJson(bucket, key, options);
  } catch (error) {
    if (!(error instanceof NotJsonError)) throw error;
    read = { status: "found", value: null, etag: error.etag };
  }
  const time = times.at(-1);
  if (!time) {
    throw new FlyhotError(
      "conflict",
      `Cannot judge the lock of ${app}: the answers of ${
        bucket.url("")
      } have no Date header, and no two computers' clocks agree`,
      { hint: "use a store that sends one, as S3 does" },
    );
  }
  if (read.status !== "found") return { found: null, time };
  const record = readableRecord(read.value);
  return { found: { record, etag: read.etag, date: time.date }, time };
}

function readableRecord(value: unknown): DeployLock {
  try {
    return parseDeployLock(value);
  } catch (error) {
    if (!(error instanceof ProtocolError)) throw error;
    return {
      protocol: PROTOCOL_VERSION,
      state: "held",
      owner: "",
      holder: "somebody",
      purpose: `do what its record does not say (${error.message})`,
      acquired_at: "",
      renewed_at: "",
      expires_at: "",
    };
  }
}

/** Writes the deploy lock of an app if the condition holds. */
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
    { signal },
  );
}
