/** A bucket in memory, with the same conditions as a real one.
 * @module
 */
import { ReadableStream } from "../base/platform/globals.ts";
import type {
  Bucket,
  BucketRequestOptions,
  ListedObject,
  ReadOutcome,
  WriteCondition,
  WriteOutcome,
} from "./bucket.ts";

interface Entry {
  readonly content: Uint8Array<ArrayBuffer>;
  readonly etag: string;
  readonly lastModified: string;
}

/**
 * A bucket in memory, for tests and for runs that must not write.
 *
 * @example
 * ```ts
 * import { MemoryBucket } from "@flyhot/runtime/bucket";
 * const bucket = new MemoryBucket();
 * await bucket.put("a", new Uint8Array([1]), { ifNoneMatch: "*" }); // { status: "written", … }
 * await bucket.put("a", new Uint8Array([2]), { ifNoneMatch: "*" }); // { status: "lost" }
 * ```
 */
export class MemoryBucket implements Bucket {
  readonly #objects = new Map<string, Entry>();
  readonly #base: string;
  readonly #now: () => number;
  #writes = 0;

  /**
   * Makes an empty bucket.
   *
   * @param base what `url()` puts before a key; default `memory://bucket/`
   * @param now the bucket's clock, in milliseconds since 1970; default this computer's
   */
  constructor(base = "memory://bucket/", now: () => number = Date.now) {
    this.#base = base;
    this.#now = now;
  }

  /**
   * Where an object is.
   *
   * @param key the object
   * @returns its URL
   */
  url(key: string): string {
    return this.#base + key;
  }

  /**
   * The key behind a URL of this bucket.
   *
   * @param url the URL
   * @returns the key, or null
   */
  keyOf(url: string): string | null {
    return url.startsWith(this.#base) ? url.slice(this.#base.length) : null;
  }

  /**
   * Opens an object.
   *
   * @param key the object
   * @param options the ETag already known, and a signal
   * @returns what the read found
   */
  get(
    key: string,
    options: BucketRequestOptions & { readonly ifNoneMatch?: string } = {},
  ): Promise<ReadOutcome> {
    return this.#turn<ReadOutcome>(options, () => {
      const entry = this.#objects.get(key);
      if (!entry) return { status: "missing" };
      if (options.ifNoneMatch === entry.etag) return { status: "unchanged" };
      return {
        status: "found",
        body: ReadableStream.from([entry.content.slice()]),
        etag: entry.etag,
        size: entry.content.byteLength,
      };
    });
  }

  /**
   * Writes an object if the condition holds.
   *
   * @param key the object
   * @param content its new content
   * @param condition when to write
   * @param options a signal
   * @returns what became of the write
   */
  put(
    key: string,
    content: Uint8Array<ArrayBuffer>,
    condition: WriteCondition,
    options: BucketRequestOptions = {},
  ): Promise<WriteOutcome> {
    return this.#turn<WriteOutcome>(options, () => {
      const entry = this.#objects.get(key);
      if (condition !== "always") {
        const holds = "ifMatch" in condition
          ? entry?.etag === condition.ifMatch
          : entry === undefined;
        if (!holds) return { status: "lost" };
      }
      const etag = `"${++this.#writes}"`;
      const lastModified = new Date(this.#now()).toISOString();
      this.#objects.set(key, { content: content.slice(), etag, lastModified });
      return { status: "written", etag };
    });
  }

  /**
   * Removes an object; one that is not there is not an error.
   *
   * @param key the object
   * @param options a signal
   */
  delete(key: string, options: BucketRequestOptions = {}): Promise<void> {
    return this.#turn(options, () => void this.#objects.delete(key));
  }

  /**
   * Lists the objects under a prefix in key order.
   *
   * @param prefix the prefix
   * @param options a signal
   * @returns the objects
   */
  async *list(
    prefix: string,
    options: BucketRequestOptions = {},
  ): AsyncIterable<ListedObject> {
    const keys = await this.#turn(
      options,
      () =>
        [...this.#objects.keys()].filter((key) => key.startsWith(prefix))
          .sort(byCodePoints),
    );
    for (const key of keys) {
      const entry = this.#objects.get(key);
      if (!entry) continue;
      const { etag, lastModified } = entry;
      yield { key, size: entry.content.byteLength, etag, lastModified };
    }
  }

  // One microtask, so that callers meet the interleavings a network would give them.
  async #turn<T>(options: BucketRequestOptions, act: () => T): Promise<T> {
    await Promise.resolve();
    options.signal?.throwIfAborted();
    options.onDate?.(this.#now());
    return act();
  }
}

/** S3 sorts keys by their UTF-8 bytes, which is the order of code points. */
function byCodePoints(a: string, b: string): number {
  const left = [...a];
  const right = [...b];
  for (let index = 0;; index++) {
    const one = left[index]?.codePointAt(0) ?? -1;
    const other = right[index]?.codePointAt(0) ?? -1;
    if (one !== other || one === -1) return one - other;
  }
}
