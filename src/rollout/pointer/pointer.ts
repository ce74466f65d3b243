/** The pointer in the bucket: read, and moved by compare-and-swap only.
 * @module
 */
import {
  type Bucket,
  BucketError,
  getJson,
  putJson,
} from "@flyhot/runtime/bucket";
import {
  parsePointer,
  type Pointer,
  pointerKey,
  pointerRecord,
  ulid,
} from "@flyhot/runtime/protocol";
import { FlyhotError } from "../../errors.ts";
import type { Host } from "../../host.ts";
import { backoffMs } from "../../base/backoff.ts";
import { GuardedBucket } from "../lock/guarded_bucket.ts";
import type { Transition } from "./transitions.ts";

/** A pointer with its ETag. */
export interface StoredPointer {
  /** The pointer; null if there is none. */
  readonly pointer: Pointer | null;
  /** Its ETag, opaque; null if there is none. */
  readonly etag: string | null;
}

const ATTEMPTS_MAX = 10;
const RETRY_MS = 100;

/**
 * Reads the pointer of an app.
 *
 * @param bucket the bucket
 * @param app the Fly app
 * @param signal gives up early
 * @param warn told of each entry that cannot be read
 * @returns the pointer and its ETag; both null if there is none
 * @throws {BucketError} if the request fails
 * @throws {ProtocolError} if it is not a pointer of this protocol
 */
export async function readPointer(
  bucket: Bucket,
  app: string,
  signal?: AbortSignal,
  warn: (text: string) => void = () => {},
): Promise<StoredPointer> {
  const found = await getJson(
    bucket,
    pointerKey(app),
    { signal },
  );
  return found.status === "found"
    ? {
      pointer: parsePointer(found.value, { place: bucket, warn }),
      etag: found.etag,
    }
    : { pointer: null, etag: null };
}

/** Moves the pointer of one app, and never takes a stale answer for the newest. */
export class PointerMover {
  readonly #app: string;
  #bucket: Bucket;
  readonly #host: Host;
  readonly #lineage: string;
  #known: Pointer | null = null;
  #hasWritten = false;

  constructor(
    app: string,
    deps: { readonly host: Host; readonly bucket: Bucket },
  ) {
    this.#app = app;
    this.#bucket = deps.bucket;
    this.#host = deps.host;
    this.#lineage = ulid(deps.host.now(), deps.host.randomBytes(10));
  }

  /** Has something asked before every write from now on. */
  guard(confirm: () => Promise<void>): void {
    this.#bucket = new GuardedBucket(this.#bucket, confirm);
  }

  /** Whether a write was ever sent, whatever became of it. */
  get hasWritten(): boolean {
    return this.#hasWritten;
  }

  /**
   * Applies a transition until it is known to be in.
   *
   * A write whose answer was lost is repeated on what is there by then: transitions are idempotent. A write that has
   * begun is not given up early, so that nobody has to guess whether it lands. Returns the pointer that is in place.
   * Throws `conflict` if the transition refuses or the bucket has no conditional writes, `network` if it stays open
   * whether it is in. Throws if a request fails for good.
   */
  async move(transition: Transition, signal?: AbortSignal): Promise<Pointer> {
    const url = this.#bucket.url(pointerKey(this.#app));
    // Not `retry`: a transition is applied to what is there by then, and every kind of trouble has its own last word.
    let trouble = "somebody else was faster each time";
    for (let attempt = 1; attempt <= ATTEMPTS_MAX; attempt++) {
      if (attempt > 1) {
        const ms = backoffMs(this.#host, RETRY_MS, attempt - 1);
        await this.#host.sleep(ms, signal);
      }
      let stored: StoredPointer;
      try {
        stored = await readPointer(this.#bucket, this.#app, signal);
      } catch (error) {
        if (!(error instanceof BucketError) || !error.transient) throw error;
        trouble = error.message;
        continue;
      }
      const { pointer: before, etag } = stored;
      // A bucket that is not consistent may answer with an older one.
      if (this.#isStale(before)) {
        trouble = `the bucket answers with the old revision ${
          before?.revision ?? 0
        }, where ${this.#known?.revision} is known`;
        continue;
      }
      this.#known = before;
      signal?.throwIfAborted();
      const after = transition(before);
      if (after === before || after === null) {
        if (before) return before;
        throw new TypeError("a transition of nothing must make something");
      }
      this.#hasWritten = true;
      const outcome = await putJson(
        this.#bucket,
        pointerKey(this.#app),
        pointerRecord(after, this.#lineage),
        etag === null ? { ifNoneMatch: "*" } : { ifMatch: etag },
      );
      if (outcome.status === "written") {
        this.#known = { lineage: this.#lineage, ...after };
        return this.#known;
      }
      if (outcome.status === "unsupported") {
        throw new FlyhotError(
          "conflict",
          `Cannot move ${url}: the bucket does not honor conditional writes (${outcome.reason})`,
          { hint: "use a store that does, such as Tigris, AWS S3, R2 or Ceph" },
        );
      }
      if (outcome.status === "unknown") trouble = outcome.reason;
    }
    throw new FlyhotError(
      "network",
      `Cannot move ${url}: ${trouble} (${ATTEMPTS_MAX} attempts)`,
      { hint: "see what it says with: flyhot status" },
    );
  }

  /** Revisions are compared within a lineage; a pointer made again starts over. */
  #isStale(read: Pointer | null): boolean {
    const known = this.#known;
    if (known === null) return false;
    if (read === null) return true;
    return read.revision < known.revision &&
      (read.lineage ?? known.lineage) === (known.lineage ?? read.lineage);
  }
}
