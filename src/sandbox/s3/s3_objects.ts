/** The objects of one bucket, with S3's conditions and listings.
 * @module
 */
import { createHash } from "node:crypto";
import { notImplemented, S3Error } from "./s3_error.ts";

/** One object. */
export interface StoredObject {
  readonly content: Uint8Array<ArrayBuffer>;
  /** In quotes: the MD5 of its content, or of the MD5s of the parts it was put together from. */
  readonly etag: string;
  /** When it was written, in milliseconds since 1970. */
  readonly modifiedAt: number;
  /** What a read answers with: its content-type, x-amz-meta-* and the like. */
  readonly headers: Readonly<Record<string, string>>;
  /** Its x-amz-checksum-* headers, shown to those who ask for them. */
  readonly checksums: Readonly<Record<string, string>>;
}

/** What is to become an object. */
export type NewObject =
  & Pick<StoredObject, "content" | "headers">
  & Partial<StoredObject>;

/** The conditional headers of a request. */
export interface Conditions {
  /** `If-Match`. */
  readonly ifMatch?: string;
  /** `If-None-Match`. */
  readonly ifNoneMatch?: string;
}

/** What a listing asks for. */
interface ListingQuery {
  /** Only keys that begin so. */
  readonly prefix: string;
  /** Groups the keys that share what comes up to this after the prefix; empty for none. */
  readonly delimiter: string;
  /** Only keys after this one in byte order; empty for all. */
  readonly after: string;
  /** How many keys and groups at most. */
  readonly keysMax: number;
}

/** One page of a listing. */
interface Listing {
  /** The objects in byte order of their keys. */
  readonly objects: readonly (readonly [key: string, object: StoredObject])[];
  /** The groups. */
  readonly prefixes: readonly string[];
  /** The last key or group of this page if there is more, or null. */
  readonly last: string | null;
}

/** Judges the conditional headers of a read. */
export function judgeRead(
  etag: string,
  conditions: Conditions,
): "found" | "unchanged" | "failed" {
  const { ifMatch, ifNoneMatch } = conditions;
  if (ifMatch !== undefined && !matches(ifMatch, etag)) return "failed";
  if (ifNoneMatch !== undefined && matches(ifNoneMatch, etag)) {
    return "unchanged";
  }
  return "found";
}

/** Judges the conditional headers of a write. */
function judgeWrite(
  etag: string | null,
  conditions: Conditions,
): "write" | "failed" | "missing" | "unsupported" {
  const { ifMatch, ifNoneMatch } = conditions;
  if (ifNoneMatch !== undefined) {
    if (ifNoneMatch.trim() !== "*") return "unsupported";
    if (etag !== null) return "failed";
  }
  if (ifMatch !== undefined) {
    if (etag === null) return "missing";
    if (!matches(ifMatch, etag)) return "failed";
  }
  return "write";
}

// Both the quoted form and the bare one are taken, as AWS and Ceph 20 do.
function matches(header: string, etag: string): boolean {
  return header.split(",").map((item) => item.trim()).some((item) =>
    item === "*" || item === etag || `"${item}"` === etag
  );
}

/** The objects of one bucket. Every method is one synchronous turn, so conditions and writes are atomic. */
export class S3Objects {
  readonly #objects = new Map<string, StoredObject>();

  /** Finds an object, or null. */
  get(key: string): StoredObject | null {
    return this.#objects.get(key) ?? null;
  }

  /** Writes an object if the conditions hold. */
  put(key: string, written: NewObject, conditions: Conditions): StoredObject {
    this.#refuse(key, conditions);
    const object: StoredObject = {
      etag: etagOf(written.content),
      modifiedAt: Date.now(),
      checksums: {},
      ...written,
    };
    this.#objects.set(key, object);
    return object;
  }

  /** Removes an object if the conditions hold; one that is not there is not an error. */
  delete(key: string, conditions: Conditions): void {
    if (this.#objects.has(key)) this.#refuse(key, conditions);
    this.#objects.delete(key);
  }

  /** Lists objects in byte order of their keys. */
  list(query: ListingQuery): Listing {
    const { prefix, delimiter, after, keysMax } = query;
    const objects: [string, StoredObject][] = [];
    const prefixes: string[] = [];
    let last: string | null = null;
    for (const key of [...this.#objects.keys()].sort(compareBytes)) {
      if (!key.startsWith(prefix)) continue;
      if (after !== "" && compareBytes(key, after) <= 0) continue;
      const cut = delimiter === "" ? -1 : key.indexOf(delimiter, prefix.length);
      const group = cut === -1 ? null : key.slice(0, cut + delimiter.length);
      // A page that ended with a group goes on after all keys of that group.
      if (group !== null && (group === after || group === prefixes.at(-1))) {
        continue;
      }
      if (objects.length + prefixes.length >= keysMax) {
        return { objects, prefixes, last };
      }
      if (group !== null) prefixes.push(last = group);
      else objects.push([last = key, this.#objects.get(key)!]);
    }
    return { objects, prefixes, last: null };
  }

  #refuse(key: string, conditions: Conditions): void {
    const verdict = judgeWrite(this.get(key)?.etag ?? null, conditions);
    if (verdict === "write") return;
    if (verdict === "missing") throw noSuchKey();
    if (verdict === "unsupported") {
      throw notImplemented("writes with another If-None-Match than *");
    }
    throw preconditionFailed();
  }
}

/** The ETag of content that was written at once. */
export function etagOf(content: Uint8Array<ArrayBuffer>): string {
  return `"${createHash("md5").update(content).digest("hex")}"`;
}

/** The error of a condition that did not hold. */
export function preconditionFailed(): S3Error {
  return new S3Error(
    412,
    "PreconditionFailed",
    "At least one of the pre-conditions you specified did not hold",
  );
}

/** The error of an object that is not there. */
export function noSuchKey(): S3Error {
  return new S3Error(404, "NoSuchKey", "The specified key does not exist.");
}

// S3 orders keys by their UTF-8 bytes, which is the order of code points, not of UTF-16 units.
function compareBytes(a: string, b: string): number {
  const [x, y] = [a[Symbol.iterator](), b[Symbol.iterator]()];
  for (;;) {
    const [p, q] = [x.next(), y.next()];
    if (p.done || q.done) return Number(!p.done) - Number(!q.done);
    const order = p.value.codePointAt(0)! - q.value.codePointAt(0)!;
    if (order !== 0) return order;
  }
}
