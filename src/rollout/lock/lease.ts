/** Keeping the deploy lock.
 * @module
 */
import type { DeployLock } from "@flyhot/runtime/protocol";
import { FlyhotError } from "../../errors.ts";
import { backoffMs } from "../backoff.ts";
import {
  describeLock,
  heldRecord,
  type LockClaim,
  releasedRecord,
  skewMarginMs,
} from "./decision.ts";
import {
  type LockDeps,
  readLock,
  type StoredLock,
  writeLock,
} from "./store.ts";

const RETRY_MS = 500;
const RELEASE_ATTEMPTS_MAX = 3;

/**
 * A deploy lock that is held: renewed in the background, released when disposed of.
 */
export class LockLease implements AsyncDisposable {
  readonly #claim: LockClaim;
  readonly #app: string;
  readonly #deps: LockDeps;
  readonly #lost = new AbortController();
  readonly #ended = new AbortController();
  readonly #goodUntil = new Map<string, number>();
  readonly #renewing: Promise<void>;
  #stored: StoredLock;
  #watchdog = new AbortController();

  /**
   * @param claim what was claimed
   * @param stored the record that was read back
   * @param goodUntil when it lapses for its owner, on the monotonic clock
   * @param app the Fly app
   * @param deps clock, bucket and reporter
   */
  constructor(
    claim: LockClaim,
    stored: StoredLock,
    goodUntil: number,
    app: string,
    deps: LockDeps,
  ) {
    this.#claim = claim;
    this.#stored = stored;
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
      const said = error instanceof Error ? error.message : String(error);
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
    const record = heldRecord(
      this.#claim,
      host.now(),
      this.record.acquired_at,
    );
    if (!this.#goodUntil.has(record.renewed_at)) {
      const { ttlMs } = this.#claim;
      this.#goodUntil.set(
        record.renewed_at,
        host.monotonicNow() + ttlMs - skewMarginMs(ttlMs),
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
      this.#adopt({ record, etag: outcome.etag });
      return true;
    }
    const found = await readLock(bucket, this.#app, signal);
    if (found === null || !this.#isMine(found.record)) {
      this.#lose(
        found === null
          ? "somebody removed it"
          : found.record.state === "released"
          ? "somebody released it"
          : describeLock(found.record, host.now()),
      );
      return false;
    }
    const moved = found.record.renewed_at !== this.record.renewed_at;
    if (moved) this.#adopt(found);
    else this.#stored = found;
    return moved;
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
        releasedRecord(stored.record, host.now()),
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
