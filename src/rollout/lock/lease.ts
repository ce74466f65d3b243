/** Keeping the deploy lock.
 * @module
 */
import { type DeployLock, errorText } from "@flyhot/runtime/protocol";
import { FlyhotError } from "../../errors.ts";
import { backoffMs } from "../../base/backoff.ts";
import {
  describeLock,
  heldRecord,
  type LockClaim,
  lockState,
  releasedRecord,
  skewMarginMs,
} from "./decision.ts";
import type { Bucket } from "@flyhot/runtime/bucket";
import { bucketNow, type BucketTime, endsAt } from "./bucket_time.ts";
import { GuardedBucket } from "./guarded_bucket.ts";
import {
  type LockDeps,
  lookAtLock,
  readLock,
  type StoredLock,
  writeLock,
} from "./store.ts";

const RETRY_MS = 500;
const RELEASE_ATTEMPTS_MAX = 3;

/** A deploy lock that is held: renewed in the background, released when disposed of. */
export class LockLease implements AsyncDisposable {
  readonly #claim: LockClaim;
  readonly #app: string;
  readonly #deps: LockDeps;
  readonly #lost = new AbortController();
  readonly #ended = new AbortController();
  readonly #goodUntil = new Map<string, number>();
  readonly #renewing: Promise<void>;
  #stored: StoredLock;
  #time: BucketTime;
  #watchdog = new AbortController();

  constructor(
    claim: LockClaim,
    stored: StoredLock,
    time: BucketTime,
    goodUntil: number,
    app: string,
    deps: LockDeps,
  ) {
    this.#claim = claim;
    this.#stored = stored;
    this.#time = time;
    this.#app = app;
    this.#deps = deps;
    this.#guard(goodUntil);
    this.#renewing = this.#keepRenewing();
  }

  /** Aborted with a {@linkcode FlyhotError} `conflict` when the lock is lost. */
  get signal(): AbortSignal {
    return this.#lost.signal;
  }

  /** The record as it was last written. */
  get record(): DeployLock {
    return this.#stored.record;
  }

  /** Ends the renewal and releases the lock, unless it was lost; trouble is only a warning, because the lock lapses. */
  async [Symbol.asyncDispose](): Promise<void> {
    this.#watchdog.abort();
    this.#ended.abort();
    await this.#renewing;
    if (this.#lost.signal.aborted) return;
    try {
      await this.#release();
    } catch (error) {
      const said = errorText(error);
      this.#deps.reporter.emit({
        type: "warning",
        text:
          `The lock of ${this.#app} is not released (${said}); it lapses at ${this.record.expires_at}`,
      });
    }
  }

  async #keepRenewing(): Promise<void> {
    const { host } = this.#deps;
    const over = AbortSignal.any([this.#ended.signal, this.#lost.signal]);
    let failures = 0;
    while (!over.aborted) {
      const waitMs = failures === 0
        ? this.#claim.ttlMs / 3
        : backoffMs(host, RETRY_MS, failures);
      try {
        await host.sleep(waitMs, over);
        failures = await this.#renew(over) ? 0 : failures + 1;
      } catch {
        // Until the watchdog says so, one more attempt may do.
        failures++;
      }
    }
  }

  /** Renews once; tells whether that is known to have worked. */
  async #renew(signal: AbortSignal): Promise<boolean> {
    const { host, bucket } = this.#deps;
    // Read first: a computer that slept knows the bucket's time no more.
    if (!await this.#see(signal)) return false;
    const record = heldRecord(
      this.#claim,
      bucketNow(this.#time, host.monotonicNow()),
      this.record.acquired_at,
    );
    if (!this.#goodUntil.has(record.renewed_at)) {
      const end = endsAt(this.#time, Date.parse(record.expires_at));
      this.#goodUntil.set(
        record.renewed_at,
        end - skewMarginMs(this.#claim.ttlMs),
      );
    }
    const outcome = await writeLock(
      bucket,
      this.#app,
      record,
      { ifMatch: this.#stored.etag },
      signal,
    );
    if (outcome.status === "written" && outcome.etag !== "") {
      this.#adopt({ record, etag: outcome.etag, date: this.#time.date });
      return true;
    }
    const renewedAt = this.record.renewed_at;
    return await this.#see(signal) && this.record.renewed_at !== renewedAt;
  }

  /** Reads the lock and takes over what a write brought whose answer was lost; tells whether it is still held. */
  async #see(signal: AbortSignal): Promise<boolean> {
    const found = await this.#look(signal);
    if (found === null) return false;
    if (found.record.renewed_at === this.record.renewed_at) {
      this.#stored = found;
    } else this.#adopt(found);
    return true;
  }

  /** Makes sure, immediately before a write, that the lock is still held. */
  async confirm(): Promise<void> {
    this.#lost.signal.throwIfAborted();
    const found = await this.#look(this.#lost.signal);
    if (found && lockState(found.record, found.date) === "lapsed") {
      this.#lose("it lapsed while this computer stood still");
    }
    this.#lost.signal.throwIfAborted();
  }

  /** The bucket for what is done under the lock: before each write and removal the lock is looked at. */
  guard(bucket: Bucket): Bucket {
    return new GuardedBucket(bucket, () => this.confirm());
  }

  /** Reads the lock; null where it is lost, which is said then. */
  async #look(signal: AbortSignal): Promise<StoredLock | null> {
    const { host, bucket } = this.#deps;
    const { found, time } = await lookAtLock(bucket, this.#app, host, signal);
    this.#time = time;
    if (found !== null && this.#isMine(found.record)) return found;
    this.#lose(
      found === null
        ? "somebody removed it"
        : found.record.state === "released"
        ? "somebody released it"
        : describeLock(found.record, found.date),
    );
    return null;
  }

  #isMine(record: DeployLock): boolean {
    return record.owner === this.#claim.owner && record.state === "held";
  }

  #adopt(stored: StoredLock): void {
    this.#stored = stored;
    const until = this.#goodUntil.get(stored.record.renewed_at);
    if (until !== undefined) this.#guard(until);
    this.#goodUntil.clear();
  }

  /** Gives the lock up by itself in time, whatever the network does. */
  #guard(goodUntil: number): void {
    const { host } = this.#deps;
    this.#watchdog.abort();
    const watchdog = this.#watchdog = new AbortController();
    host.sleep(Math.max(0, goodUntil - host.monotonicNow()), watchdog.signal)
      .then(
        () => this.#lose("it could not be renewed in time"),
        () => {},
      );
  }

  #lose(why: string): void {
    this.#watchdog.abort();
    this.#lost.abort(
      new FlyhotError(
        "conflict",
        `Cannot go on with ${this.#app}: its deploy lock is lost (${why})`,
        { hint: "see what runs with: flyhot status" },
      ),
    );
  }

  async #release(): Promise<void> {
    const { host, bucket } = this.#deps;
    let stored = this.#stored;
    for (let attempt = 1; attempt <= RELEASE_ATTEMPTS_MAX; attempt++) {
      const outcome = await writeLock(
        bucket,
        this.#app,
        releasedRecord(
          stored.record,
          bucketNow(this.#time, host.monotonicNow()),
        ),
        { ifMatch: stored.etag },
      );
      if (outcome.status === "written") return;
      const found = await readLock(bucket, this.#app);
      if (found === null || !this.#isMine(found.record)) return;
      stored = found;
      await host.sleep(backoffMs(host, RETRY_MS, attempt));
    }
    throw new Error(`tried ${RELEASE_ATTEMPTS_MAX} times`);
  }
}
