/** What the steps of the contract share: a store, a step, and short ways to ask.
 * @module
 */
import { assert } from "@std/assert";
import type { Bucket, WriteOutcome } from "@flyhot/runtime/bucket";

/** A store to be tested. */
export interface StoreUnderTest {
  /** Makes a new client of the bucket that all of them share. */
  client(): Bucket;
  /** A client with a wrong secret key; left out where there are no keys. */
  readonly stranger?: Bucket;
  /** A client of a bucket that is not there; left out where there is only one. */
  readonly elsewhere?: Bucket;
}

/** Runs a step of the contract; what it writes is under keys of its own. */
export type Step = (
  name: string,
  act: (key: (name: string) => string) => Promise<void>,
) => Promise<unknown>;

/** Writes a text. */
export function put(
  bucket: Bucket,
  key: string,
  text: string,
  condition: Parameters<Bucket["put"]>[2] = "always",
): Promise<WriteOutcome> {
  return bucket.put(key, new TextEncoder().encode(text), condition);
}

/** Reads a text that must be there, and differ from the ETag given. */
export async function textAt(
  bucket: Bucket,
  key: string,
  ifNoneMatch?: string,
): Promise<string> {
  const found = await bucket.get(
    key,
    ifNoneMatch === undefined ? {} : { ifNoneMatch },
  );
  assert(found.status === "found", `${key} is ${found.status}`);
  return await new Response(found.body).text();
}

/** The ETag of an object that must be there. */
export async function etagOf(bucket: Bucket, key: string): Promise<string> {
  const found = await bucket.get(key);
  assert(found.status === "found");
  await found.body.cancel();
  return found.etag;
}

/** Every request that there is, about one key. */
export function everyRequest(
  bucket: Bucket,
  key: string,
  signal?: AbortSignal,
): (() => Promise<unknown>)[] {
  const options = signal ? { signal } : {};
  return [
    () => bucket.get(key, options),
    () => bucket.put(key, new Uint8Array(1), "always", options),
    () => bucket.delete(key, options),
    () => Array.fromAsync(bucket.list(key, options)),
  ];
}
