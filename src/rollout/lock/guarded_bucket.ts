/** A bucket whose writes happen only while a lock is held.
 * @module
 */
import {
  type Bucket,
  BucketError,
  type BucketRequestOptions,
  type ListedObject,
  type ReadOutcome,
  type WriteCondition,
  type WriteOutcome,
} from "@flyhot/runtime/bucket";

/** Passes reads on as they are; before each write and removal it asks whether it may. */
export class GuardedBucket implements Bucket {
  readonly #inner: Bucket;
  readonly #confirm: () => Promise<void>;

  constructor(inner: Bucket, confirm: () => Promise<void>) {
    this.#inner = inner;
    this.#confirm = confirm;
  }

  /** As the inner bucket. */
  url(key: string): string {
    return this.#inner.url(key);
  }

  /** As the inner bucket. */
  keyOf(url: string): string | null {
    return this.#inner.keyOf(url);
  }

  /** As the inner bucket. */
  get(
    key: string,
    options?: BucketRequestOptions & { readonly ifNoneMatch?: string },
  ): Promise<ReadOutcome> {
    return this.#inner.get(key, options);
  }

  /** Writes where it may; where that cannot be found out, the outcome is unknown like that of a lost answer. */
  async put(
    key: string,
    content: Uint8Array<ArrayBuffer>,
    condition: WriteCondition,
    options?: BucketRequestOptions & { readonly contentType?: string },
  ): Promise<WriteOutcome> {
    try {
      await this.#confirm();
    } catch (error) {
      if (!(error instanceof BucketError) || !error.transient) throw error;
      return { status: "unknown", reason: error.message };
    }
    return await this.#inner.put(key, content, condition, options);
  }

  /** Removes where it may. */
  async delete(key: string, options?: BucketRequestOptions): Promise<void> {
    await this.#confirm();
    await this.#inner.delete(key, options);
  }

  /** As the inner bucket. */
  list(
    prefix: string,
    options?: BucketRequestOptions,
  ): AsyncIterable<ListedObject> {
    return this.#inner.list(prefix, options);
  }
}
