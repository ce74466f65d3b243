/** What an object store is, whichever one it is: reads, conditional writes, their outcomes and errors.
 * @module
 */
import { TextDecoder, TextEncoder } from "../base/platform/globals.ts";

/** What a read found. */
export type ReadOutcome =
  | {
    /** The object is there. */
    readonly status: "found";
    /** Its content, to be consumed or canceled. */
    readonly body: ReadableStream<Uint8Array<ArrayBuffer>>;
    /** Its ETag, opaque. */
    readonly etag: string;
    /** Its length in bytes, where the server says it. */
    readonly size: number | null;
  }
  | {
    /** No such object. */
    readonly status: "missing";
  }
  | {
    /** The object still has the ETag given as `ifNoneMatch`. */
    readonly status: "unchanged";
  };

/** What became of a write. */
export type WriteOutcome =
  | {
    /** The object is there as written. */
    readonly status: "written";
    /** Its new ETag; empty where the server names none. */
    readonly etag: string;
  }
  | {
    /** The condition did not hold: somebody else was first. */
    readonly status: "lost";
  }
  | {
    /** It may or may not have happened: read again, then decide. */
    readonly status: "unknown";
    /** What the server or the network said. */
    readonly reason: string;
  }
  | {
    /** The server does not do conditional writes. */
    readonly status: "unsupported";
    /** What the server said. */
    readonly reason: string;
  };

/** The condition of a write. */
export type WriteCondition =
  | {
    /** Write only if no such object exists. */
    readonly ifNoneMatch: "*";
  }
  | {
    /** Write only if the object still has this ETag. */
    readonly ifMatch: string;
  }
  | "always";

/** One object in a listing. */
export interface ListedObject {
  /** The key. */
  readonly key: string;
  /** Length in bytes. */
  readonly size: number;
  /** The ETag, opaque. */
  readonly etag: string;
  /** When it was written, RFC 3339. */
  readonly lastModified: string;
}

/** Options of every request to a bucket. */
export interface BucketRequestOptions {
  /** Gives the request up early. */
  readonly signal?: AbortSignal | undefined;
  /**
   * Told what the bucket's own clock said when it answered, in milliseconds since 1970; not called where an answer
   * names no time. What two computers compare is measured by this clock, never by their own.
   */
  readonly onDate?: (date: number) => void;
}

/** Objects by key. Every method throws a {@linkcode BucketError} for what its outcome does not name. */
export interface Bucket {
  /** Where an object is, for people and records; never signed. */
  url(key: string): string;
  /** The key behind a URL of this bucket, or null for a URL that leads elsewhere. */
  keyOf(url: string): string | null;
  /** Opens an object; with `ifNoneMatch` only if it has another ETag. */
  get(
    key: string,
    options?: BucketRequestOptions & { readonly ifNoneMatch?: string },
  ): Promise<ReadOutcome>;
  /** Writes an object if the condition holds. */
  put(
    key: string,
    content: Uint8Array<ArrayBuffer>,
    condition: WriteCondition,
    options?: BucketRequestOptions & { readonly contentType?: string },
  ): Promise<WriteOutcome>;
  /** Removes an object; one that is not there is not an error. */
  delete(key: string, options?: BucketRequestOptions): Promise<void>;
  /** Lists the objects under a prefix in key order, page by page. */
  list(
    prefix: string,
    options?: BucketRequestOptions,
  ): AsyncIterable<ListedObject>;
}

/** Why a bucket request failed. */
export type BucketErrorCode =
  | "credentials"
  | "clock_skew"
  | "no_bucket"
  | "network"
  | "server"
  | "refused";

/** Thrown when a bucket request fails; the message says what was tried, on what, why, and what to do. */
export class BucketError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "BucketError";
  /** The kind of failure. */
  readonly code: BucketErrorCode;
  /** The HTTP status, or null where no answer came. */
  readonly status: number | null;

  /**
   * Makes an error.
   *
   * @param code the kind of failure
   * @param message what was tried, on what, why, and what to do
   * @param options the HTTP status, and the cause
   */
  constructor(
    code: BucketErrorCode,
    message: string,
    options: { readonly status?: number; readonly cause?: unknown } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.code = code;
    this.status = options.status ?? null;
  }

  /** Whether a retry may cure it. */
  get transient(): boolean {
    return this.code === "network" || this.code === "server";
  }
}

/**
 * Reads a whole object as JSON.
 *
 * @param bucket the bucket
 * @param key the object
 * @param options the ETag already known, and a signal
 * @returns the value and its ETag, or that it is missing or unchanged
 * @throws {BucketError} if the request fails
 * @throws {NotJsonError} if the content is not JSON
 */
export async function getJson(
  bucket: Bucket,
  key: string,
  options: BucketRequestOptions & { readonly ifNoneMatch?: string } = {},
): Promise<JsonOutcome> {
  const outcome = await bucket.get(key, options);
  if (outcome.status !== "found") return outcome;
  const text = await boundedText(outcome.body, bucket.url(key));
  const { etag } = outcome;
  try {
    return { status: "found", value: JSON.parse(text), etag };
  } catch {
    // The parser's own words may quote what it met.
    throw new NotJsonError(
      `Cannot read ${bucket.url(key)}: it is not JSON`,
      etag,
    );
  }
}

/** Thrown for an object that was to be JSON; it can be replaced by its ETag. */
export class NotJsonError extends SyntaxError {
  /** The class name, kept through minification. */
  override readonly name = "NotJsonError";
  /** The object's ETag, opaque. */
  readonly etag: string;

  /**
   * Makes an error.
   *
   * @param message what was read, and why it failed
   * @param etag the object's ETag
   */
  constructor(message: string, etag: string) {
    super(message);
    this.etag = etag;
  }
}

/** What a read of JSON found. */
export type JsonOutcome =
  | {
    /** The object is there. */
    readonly status: "found";
    /** Its value. */
    readonly value: unknown;
    /** Its ETag, opaque. */
    readonly etag: string;
  }
  | Exclude<ReadOutcome, { readonly status: "found" }>;

/** No record comes near it; a body without end must not fill the memory. */
const JSON_BYTES_MAX = 32 * 1024 * 1024;

async function boundedText(
  body: ReadableStream<Uint8Array<ArrayBuffer>>,
  url: string,
): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  let size = 0;
  for await (const piece of body) {
    size += piece.byteLength;
    if (size > JSON_BYTES_MAX) {
      throw new BucketError(
        "refused",
        `Cannot read ${url}: it is longer than ${JSON_BYTES_MAX} bytes, which no record is`,
      );
    }
    text += decoder.decode(piece, { stream: true });
  }
  return text + decoder.decode();
}

/**
 * Writes a value as JSON.
 *
 * @param bucket the bucket
 * @param key the object
 * @param value the value
 * @param condition when to write
 * @param options a signal
 * @returns what became of the write
 * @throws {BucketError} if the request is refused
 */
export function putJson(
  bucket: Bucket,
  key: string,
  value: unknown,
  condition: WriteCondition,
  options?: BucketRequestOptions,
): Promise<WriteOutcome> {
  const content = new TextEncoder().encode(
    JSON.stringify(value, null, 2) + "\n",
  );
  return bucket.put(key, content, condition, {
    ...options,
    contentType: "application/json",
  });
}
