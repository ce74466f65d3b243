/** Getting the deploy lock.
 * @module
 */
import { type Bucket, BucketError } from "@flyhot/runtime/bucket";
import { type DeployLock, ulid } from "@flyhot/runtime/protocol";
import { FlyhotError } from "../../errors.ts";
import { backoffMs } from "../../base/backoff.ts";
import {
  decideLock,
  describeLock,
  heldRecord,
  type LockClaim,
  releasedRecord,
  skewMarginMs,
} from "./decision.ts";
import { LockLease } from "./lease.ts";
import { bucketNow, endsAt } from "./bucket_time.ts";
import {
  type LockDeps,
  lookAtLock,
  readLock,
  type StoredLock,
  writeLock,
} from "./store.ts";

/** Options of {@linkcode acquireLock}. */
interface LockOptions {
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

const ATTEMPTS_MAX = 8;
const RETRY_MS = 150;
// Of the form of an MD5, as most stores make them, and that of no real object.
const NO_SUCH_ETAG = `"${"0".repeat(32)}"`;

/**
 * Acquires the deploy lock of an app, and keeps it until it is disposed of.
 *
 * Whoever reads back an own record that is still good holds the lock: what became of the write itself does not matter.
 */
export async function acquireLock(
  options: LockOptions,
  deps: LockDeps,
  signal?: AbortSignal,
): Promise<LockLease> {
  const { host } = deps;
  const owner = ulid(host.now(), host.randomBytes(10));
  try {
    return await acquire({ ...options, owner }, options, deps, signal);
  } catch (error) {
    await giveBack(owner, options.app, deps);
    throw error;
  }
}

async function acquire(
  claim: LockClaim,
  options: LockOptions,
  deps: LockDeps,
  signal?: AbortSignal,
): Promise<LockLease> {
  const { app, ttlMs } = options;
  const { host, bucket } = deps;
  // By the record's own time, on the clock that never jumps.
  // A write may land long after it was sent: what it is worth counts from when it was decided.
  const goodUntil = new Map<string, number>();
  let trouble: string | null = null;
  // Not `retry`: after a write it looks at once, to prove what it wrote; only a lost race waits.
  for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
    const { found, time } = await lookAtLock(bucket, app, host, signal);
    const until = found && found.record.owner === claim.owner
      ? goodUntil.get(found.record.renewed_at)
      : undefined;
    if (found && until !== undefined && host.monotonicNow() < until) {
      await proveConditional(found, app, bucket, signal);
      if (host.monotonicNow() < until) {
        return new LockLease(claim, found, time, until, app, deps);
      }
    }
    const now = bucketNow(time, host.monotonicNow());
    const record = decide(found, claim, now, options, deps);
    if (!goodUntil.has(record.renewed_at)) {
      const end = endsAt(time, Date.parse(record.expires_at));
      goodUntil.set(record.renewed_at, end - skewMarginMs(ttlMs));
    }
    const outcome = await writeLock(
      bucket,
      app,
      record,
      found ? { ifMatch: found.etag } : { ifNoneMatch: "*" },
      signal,
    );
    if (outcome.status === "unsupported") throw notConditional(app, bucket);
    if (outcome.status === "written") continue;
    trouble = outcome.status === "unknown" ? outcome.reason : null;
    await host.sleep(backoffMs(host, RETRY_MS, attempt), signal);
  }
  throw trouble === null
    ? new FlyhotError(
      "conflict",
      `Cannot lock ${app}: other deployers were faster ${ATTEMPTS_MAX} times`,
      { hint: "try again" },
    )
    : new FlyhotError("network", `Cannot lock ${app}: ${trouble}`, {
      hint: "check the network, then try again",
    });
}

/** A write of an attempt that failed may have landed; if this fails too, it lapses. */
async function giveBack(
  owner: string,
  app: string,
  { bucket }: LockDeps,
): Promise<void> {
  try {
    const found = await readLock(bucket, app);
    if (found?.record.owner !== owner) return;
    const record = releasedRecord(found.record, found.date);
    await writeLock(bucket, app, record, { ifMatch: found.etag });
  } catch {
    // The error that led here says more.
  }
}

function decide(
  found: StoredLock | null,
  claim: LockClaim,
  now: number,
  options: LockOptions,
  { reporter }: LockDeps,
): DeployLock {
  const record = found?.record ?? null;
  if (record?.owner === claim.owner) {
    return heldRecord(claim, now, record.acquired_at);
  }
  const decision = decideLock(record, now, options.force ?? false);
  if (record && decision.action === "refuse") {
    throw new FlyhotError(
      "conflict",
      `Cannot lock ${options.app}: ${describeLock(record, now)}`,
      { hint: "wait for it, or override it with --force" },
    );
  }
  if (record && decision.action === "take_over" && decision.why === "forced") {
    reporter.emit({
      type: "warning",
      text: `Overrides the lock of ${options.app}: ${
        describeLock(record, now)
      }`,
    });
  }
  return heldRecord(claim, now);
}

/** A store that ignores conditions would write this, and any deployer could overwrite any other. */
async function proveConditional(
  { record }: StoredLock,
  app: string,
  bucket: Bucket,
  signal?: AbortSignal,
): Promise<void> {
  const outcome = await writeLock(
    bucket,
    app,
    record,
    { ifMatch: NO_SUCH_ETAG },
    signal,
  );
  if (outcome.status === "lost") return;
  if (outcome.status === "unknown") {
    throw new BucketError("network", outcome.reason);
  }
  if (outcome.status === "written") {
    await writeLock(
      bucket,
      app,
      { ...record, state: "released" },
      "always",
      signal,
    );
  }
  throw notConditional(app, bucket);
}

function notConditional(app: string, bucket: Bucket): FlyhotError {
  return new FlyhotError(
    "conflict",
    `Cannot lock ${app}: the bucket at ${
      bucket.url("")
    } does not honor conditional writes (If-Match), so two deployers could overwrite each other`,
    { hint: "use a store that does, such as Tigris, AWS S3, R2 or Ceph" },
  );
}

/** Frees the lock of an app whoever holds it, and gives the one that was held; null if none was. */
export async function breakLock(
  app: string,
  { bucket }: Pick<LockDeps, "bucket">,
  signal?: AbortSignal,
  seen?: StoredLock,
): Promise<DeployLock | null> {
  const found = seen ?? await readLock(bucket, app, signal);
  if (found?.record.state !== "held") return null;
  const outcome = await writeLock(
    bucket,
    app,
    releasedRecord(found.record, found.date),
    { ifMatch: found.etag },
    signal,
  );
  if (outcome.status === "written") return found.record;
  throw new FlyhotError(
    "conflict",
    `Cannot free the lock of ${app}: ${
      outcome.status === "lost" ? "it changed just now" : outcome.reason
    }`,
    { hint: "look again with: flyhot lock" },
  );
}
