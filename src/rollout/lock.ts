/** Getting the deploy lock.
 * @module
 */
import type { Bucket } from "@flyhot/runtime/bucket";
import type { DeployLock } from "@flyhot/runtime/protocol";
import { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import type { Reporter } from "../ui/reporter.ts";
import { ulid } from "../ulid.ts";
import { jitter } from "./jitter.ts";
import {
  decideLock,
  describeLock,
  heldRecord,
  type LockClaim,
  releasedRecord,
} from "./lock_decision.ts";
import { LockLease } from "./lock_lease.ts";
import { readLock, type StoredLock, writeLock } from "./lock_store.ts";

/** Options of {@linkcode acquireLock}. */
export interface LockOptions {
  /** The Fly app. */
  readonly app: string;
  /** The person or job, for people. */
  readonly holder: string;
  /** What for, for people: a verb phrase such as `deploy 1.2.3`. */
  readonly purpose: string;
  /** How long the lock holds without renewal, in milliseconds. */
  readonly ttlMs: number;
  /** Take it over even if somebody holds it. Default false. */
  readonly force?: boolean;
}

/** What a lock needs of the outside. */
export interface LockDeps {
  /** Clock and randomness. */
  readonly host: Host;
  /** Where the lock is. */
  readonly bucket: Bucket;
  /** Told of a lock that was overridden, or could not be released. */
  readonly reporter: Reporter;
}

const ATTEMPTS_MAX = 8;
const RETRY_MS = 200;
// Of the form of an MD5, as most stores make them, and never that of a real object.
const NO_SUCH_ETAG = `"${"0".repeat(32)}"`;

/**
 * Acquires the deploy lock of an app, and keeps it until it is disposed of.
 *
 * @param options which lock, for whom and for how long
 * @param deps clock, bucket and reporter
 * @param signal gives up early
 * @returns the lock
 * @throws {FlyhotError} `conflict` naming the holder if somebody holds it, or if the bucket has no conditional writes; `network` if the bucket does not answer
 * @throws {BucketError} if a request fails
 */
export async function acquireLock(
  options: LockOptions,
  deps: LockDeps,
  signal?: AbortSignal,
): Promise<LockLease> {
  const { app } = options;
  const { host, bucket } = deps;
  const claim: LockClaim = {
    ...options,
    owner: ulid(host.now(), host.randomBytes(10)),
  };
  // A write may land long after it was sent: what it is worth counts from when it was decided.
  const decidedAt = new Map<string, number>();
  let trouble = "another deployer was faster each time";
  for (let attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
    if (attempt > 0) await host.sleep(jitter(host, RETRY_MS, attempt), signal);
    const found = await readLock(bucket, app, signal);
    if (found?.record.owner === claim.owner) {
      const lease = leaseOf(found, claim, decidedAt, options, deps);
      if (lease) return await proven(lease, found.record, options, deps, signal);
    }
    const record = decide(found, claim, options, deps);
    if (!decidedAt.has(record.renewed_at)) {
      decidedAt.set(record.renewed_at, host.monotonicNow());
    }
    const outcome = await writeLock(
      bucket,
      app,
      record,
      found ? { ifMatch: found.etag } : { ifNoneMatch: "*" },
      signal,
    );
    if (outcome.status === "unsupported") throw notConditional(app, bucket);
    if (outcome.status === "unknown") trouble = outcome.reason;
    // Written or not: the next read tells who owns it.
    if (outcome.status === "written") attempt--;
    if (decidedAt.size > ATTEMPTS_MAX) break;
  }
  throw new FlyhotError(
    trouble.startsWith("another") ? "conflict" : "network",
    `Cannot lock ${app}: ${trouble} (${ATTEMPTS_MAX} attempts)`,
    { hint: "try again" },
  );
}
