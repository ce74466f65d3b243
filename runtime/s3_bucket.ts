/** An S3-compatible bucket over HTTP, signed with SigV4.
 * @module
 */
import { AwsClient } from "aws4fetch";
import {
  type Bucket,
  BucketError,
  type BucketErrorCode,
  type BucketRequestOptions,
  type ListedObject,
  type ReadOutcome,
  type WriteCondition,
  type WriteOutcome,
} from "./object_store.ts";
import { type Listing, parseListing, parseS3Error } from "./s3_xml.ts";
import { stallGuard } from "./stall_guard.ts";

/** Options of {@linkcode S3Bucket}. */
export interface S3BucketOptions {
  /** The service, for example `https://fly.storage.tigris.dev`. */
  readonly endpoint: string;
  /** The bucket's name. */
  readonly bucket: string;
  /** The access key. */
  readonly accessKeyId: string;
  /** The secret key; kept out of every message and object shown. */
  readonly secretAccessKey: string;
  /** The session token of temporary credentials. */
  readonly sessionToken?: string;
  /** The region in the signature. Default `auto`, as Tigris wants it. */
  readonly region?: string;
  /** How long an answer, or the next piece of a body, may take, in milliseconds. Default 15000. */
  readonly deadlineMs?: number;
  /** How often reads are tried when the network or the server fails. Default 3. */
  readonly attemptsMax?: number;
  /** Sends the requests. Default the global `fetch`. */
  readonly fetch?: (request: Request) => Promise<Response>;
}

const RETRY_DELAY_MS = 150;
// A listing has at most 1000 keys of at most 1024 bytes.
const TEXT_BYTES_MAX = 8 * 1024 * 1024;

/**
 * An S3-compatible bucket: path-style, SigV4 over all headers, every wait bounded.
 *
 * Conditional writes follow
 * {@link https://docs.aws.amazon.com/AmazonS3/latest/userguide/conditional-writes.html | the S3 conditional requests}.
 *
 * @example
 * ```ts ignore
 * import { S3Bucket } from "@flyhot/runtime/bucket";
 * const bucket = new S3Bucket({
 *   endpoint: "https://fly.storage.tigris.dev",
 *   bucket: "my-releases",
 *   accessKeyId: Deno.env.get("AWS_ACCESS_KEY_ID")!,
 *   secretAccessKey: Deno.env.get("AWS_SECRET_ACCESS_KEY")!,
 * });
 * await bucket.get("releases/my-app-current.json");
 * ```
 */
export class S3Bucket implements Bucket {
  readonly #client: AwsClient;
  readonly #base: string;
  readonly #name: string;
  readonly #deadlineMs: number;
  readonly #attemptsMax: number;
  readonly #fetch: (request: Request) => Promise<Response>;
  // Ceph up to 18 wants If-Match without the quotes that it itself sends.
  #etagForm: "unproven" | "quoted" | "bare" = "unproven";

  /**
   * Prepares a client; nothing is sent yet.
   *
   * @param options where the bucket is and how to sign
   * @throws {BucketError} if a credential, the name or the endpoint is missing or malformed
   */
  constructor(options: S3BucketOptions) {
    if (!/^[a-z0-9][a-z0-9.-]{1,62}$/.test(options.bucket)) {
      throw new BucketError(
        "no_bucket",
        `Cannot use the bucket "${options.bucket}": a name has 2 to 63 lower-case letters, digits, dots and hyphens; set BUCKET_NAME`,
      );
    }
    if (!URL.canParse(options.endpoint) || !/^https?:/.test(options.endpoint)) {
      throw new BucketError(
        "refused",
        `Cannot use the endpoint "${
          options.endpoint.replace(/\/\/.*@/, "//[redacted]@")
        }": it is no http or https URL; set AWS_ENDPOINT_URL_S3`,
      );
    }
    const { username, password, search, hash } = new URL(options.endpoint);
    if (username + password + search + hash !== "") {
      // The endpoint stands in messages and records, so nothing secret may be in it.
      throw new BucketError(
        "refused",
        "Cannot use the endpoint: it has a user name, a password, a query or a fragment; set AWS_ENDPOINT_URL_S3 to scheme, host and path alone",
      );
    }
    if (options.accessKeyId === "" || options.secretAccessKey === "") {
      throw new BucketError(
        "credentials",
        `Cannot sign requests to ${options.endpoint}: the access key or the secret key is empty; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
      );
    }
    this.#client = new AwsClient({
      accessKeyId: options.accessKeyId,
      secretAccessKey: options.secretAccessKey,
      ...(options.sessionToken ? { sessionToken: options.sessionToken } : {}),
      service: "s3",
      region: options.region ?? "auto",
      retries: 0,
    });
    this.#name = options.bucket;
    this.#base = `${options.endpoint.replace(/\/+$/, "")}/${options.bucket}`;
    this.#deadlineMs = options.deadlineMs ?? 15_000;
    this.#attemptsMax = options.attemptsMax ?? 3;
    this.#fetch = options.fetch ?? ((request) => fetch(request));
  }

  /**
   * Where an object is; the URL carries no signature.
   *
   * @param key the object
   * @returns its URL
   */
  url(key: string): string {
    return `${this.#base}/${key.split("/").map(encodeURIComponent).join("/")}`;
  }

  /**
   * The key behind a URL of this bucket.
   *
   * @param url the URL
   * @returns the key, or null for a URL that leads elsewhere
   */
  keyOf(url: string): string | null {
    if (!url.startsWith(`${this.#base}/`)) return null;
    try {
      const key = decodeURIComponent(url.slice(this.#base.length + 1));
      return this.url(key) === url ? key : null;
    } catch {
      return null;
    }
  }

  /**
   * Opens an object; retried on network and server trouble.
   *
   * @param key the object
   * @param options the ETag already known, and a signal
   * @returns what the read found; a body must be consumed or cancelled
   * @throws {BucketError} if the request fails
   */
  async get(
    key: string,
    options: BucketRequestOptions & { readonly ifNoneMatch?: string } = {},
  ): Promise<ReadOutcome> {
    const headers = new Headers();
    if (options.ifNoneMatch !== undefined) {
      headers.set("if-none-match", options.ifNoneMatch);
    }
    const url = this.url(key);
    const response = await this.#repeat(
      `read ${url}`,
      () => this.#send("GET", url, headers, undefined, options),
      options,
      async (response) => {
        const { status } = response;
        if (status === 404) await this.#refuseMissingBucket(response);
        return status === 200 || status === 304 || status === 404
          ? response
          : null;
      },
    );
    if (response.status === 304) {
      await response.body?.cancel();
      return { status: "unchanged" };
    }
    if (response.status === 404) return { status: "missing" };
    const length = response.headers.get("content-length");
    return {
      status: "found",
      body: this.#guarded(response, url, options),
      etag: response.headers.get("etag") ?? "",
      size: length === null ? null : Number(length),
    };
  }

  /**
   * Writes an object if the condition holds; never retried, because a lost answer must be judged by the caller.
   *
   * @param key the object
   * @param content its new content
   * @param condition when to write
   * @param options a content type and a signal
   * @returns what became of the write
   * @throws {BucketError} if the request is refused for another reason than the condition
   */
  async put(
    key: string,
    content: Uint8Array<ArrayBuffer>,
    condition: WriteCondition,
    options: BucketRequestOptions & { readonly contentType?: string } = {},
  ): Promise<WriteOutcome> {
    if (condition === "always" || "ifNoneMatch" in condition) {
      return await this.#putOnce(key, content, condition, options);
    }
    const bare = condition.ifMatch.replace(/^"(.*)"$/, "$1");
    if (this.#etagForm === "bare") {
      return await this.#putOnce(key, content, { ifMatch: bare }, options);
    }
    const outcome = await this.#putOnce(key, content, condition, options);
    if (outcome.status === "written") this.#etagForm = "quoted";
    if (
      outcome.status !== "lost" || this.#etagForm !== "unproven" ||
      bare === condition.ifMatch
    ) {
      return outcome;
    }
    const second = await this.#putOnce(
      key,
      content,
      { ifMatch: bare },
      options,
    );
    if (second.status === "written") this.#etagForm = "bare";
    return second;
  }

  /**
   * Removes an object; one that is not there is no error.
   *
   * @param key the object
   * @param options a signal
   * @throws {BucketError} if the request fails
   */
  async delete(key: string, options: BucketRequestOptions = {}): Promise<void> {
    const url = this.url(key);
    await this.#repeat(
      `remove ${url}`,
      () => this.#send("DELETE", url, new Headers(), undefined, options),
      options,
      async (response) => {
        const { status } = response;
        if (status === 404) await this.#refuseMissingBucket(response);
        else if (status !== 200 && status !== 204) return null;
        else await response.body?.cancel();
        return true;
      },
    );
  }

  /**
   * Lists the objects under a prefix in key order, page by page.
   *
   * @param prefix the prefix
   * @param options a signal
   * @returns the objects
   * @throws {BucketError} if a request fails
   */
  async *list(
    prefix: string,
    options: BucketRequestOptions = {},
  ): AsyncIterable<ListedObject> {
    let token: string | null = null;
    do {
      const query = new URLSearchParams({ "list-type": "2", prefix });
      if (token !== null) query.set("continuation-token", token);
      // A space must be signed and sent as %20, not as the + of form encoding.
      const url = `${this.#base}?${query.toString().replaceAll("+", "%20")}`;
      const what = `list ${this.#base}/${prefix}*`;
      const page: Listing = await this.#repeat(
        what,
        () => this.#send("GET", url, new Headers(), undefined, options),
        options,
        async (response) => {
          if (response.status !== 200) return null;
          const listing = parseListing(
            await this.#text(response, url, options),
          );
          if (listing !== null) return listing;
          throw new BucketError(
            "refused",
            `Cannot ${what}: the answer is no S3 listing; check AWS_ENDPOINT_URL_S3`,
          );
        },
      );
      yield* page.objects;
      if (page.truncated && (page.nextToken ?? token) === token) {
        throw new BucketError(
          "refused",
          `Cannot ${what}: the server says that there is more, and not where`,
        );
      }
      token = page.truncated ? page.nextToken : null;
    } while (token !== null);
  }

  async #putOnce(
    key: string,
    content: Uint8Array<ArrayBuffer>,
    condition: WriteCondition,
    options: BucketRequestOptions & { readonly contentType?: string },
  ): Promise<WriteOutcome> {
    const headers = new Headers({
      "content-type": options.contentType ?? "application/octet-stream",
    });
    if (condition !== "always") {
      if ("ifMatch" in condition) headers.set("if-match", condition.ifMatch);
      else headers.set("if-none-match", condition.ifNoneMatch);
    }
    let response: Response;
    try {
      response = await this.#send(
        "PUT",
        this.url(key),
        headers,
        content,
        options,
      );
    } catch (error) {
      if (error instanceof BucketError && error.code === "network") {
        return { status: "unknown", reason: error.message };
      }
      throw error;
    }
    const { status } = response;
    if (status >= 200 && status < 300) {
      await response.body?.cancel();
      return { status: "written", etag: response.headers.get("etag") ?? "" };
    }
    if (status === 412) {
      await response.body?.cancel();
      return { status: "lost" };
    }
    if (status === 404 && condition !== "always" && "ifMatch" in condition) {
      await this.#refuseMissingBucket(response);
      return { status: "lost" };
    }
    const error = await this.#errorOf(response, `write ${this.url(key)}`);
    if (status === 501) return { status: "unsupported", reason: error.message };
    if (status === 409 || status >= 500) {
      return { status: "unknown", reason: error.message };
    }
    throw error;
  }

  async #send(
    method: string,
    url: string,
    headers: Headers,
    body: Uint8Array<ArrayBuffer> | undefined,
    options: BucketRequestOptions,
  ): Promise<Response> {
    headers.set("x-tigris-consistent", "true");
    options.signal?.throwIfAborted();
    const request = await this.#client.sign(url, {
      method,
      headers,
      ...(body === undefined ? {} : { body }),
      // Ceph since 19 answers 403 to a content-type outside the signature.
      aws: { allHeaders: true },
    });
    const deadline = new AbortController();
    const timer = setTimeout(() => deadline.abort(), this.#deadlineMs);
    const signal = options.signal
      ? AbortSignal.any([options.signal, deadline.signal])
      : deadline.signal;
    try {
      // A redirect would take the signed request to another host, where the signature is wrong anyway.
      return await this.#fetch(
        new Request(request, { signal, redirect: "manual" }),
      );
    } catch (cause) {
      options.signal?.throwIfAborted();
      const why = deadline.signal.aborted
        ? `no answer within ${this.#deadlineMs} ms`
        : cause instanceof Error
        ? cause.message
        : String(cause);
      throw new BucketError(
        "network",
        `Cannot reach ${url} (${method}): ${why}; check the endpoint and the network`,
        { cause },
      );
    } finally {
      clearTimeout(timer);
    }
  }

  /** Sends until `use` can make something of the answer; null from it means that the answer is an error. */
  async #repeat<T>(
    what: string,
    send: () => Promise<Response>,
    options: BucketRequestOptions,
    use: (response: Response) => Promise<T | null>,
  ): Promise<T> {
    for (let attempt = 1;; attempt++) {
      let failure: BucketError;
      try {
        const response = await send();
        const value = await use(response);
        if (value !== null) return value;
        failure = await this.#errorOf(response, what);
      } catch (error) {
        options.signal?.throwIfAborted();
        if (!(error instanceof BucketError)) throw error;
        failure = error;
      }
      if (!failure.transient || attempt >= this.#attemptsMax) throw failure;
      await pause(
        RETRY_DELAY_MS * 2 ** attempt * (0.5 + Math.random() / 2),
        options.signal,
      );
    }
  }

  async #refuseMissingBucket(response: Response): Promise<void> {
    const { code } = parseS3Error(await this.#errorText(response));
    if (code === "NoSuchBucket") throw this.#noBucket(response.status);
  }

  #guarded(
    response: Response,
    url: string,
    { signal }: BucketRequestOptions,
  ): ReadableStream<Uint8Array<ArrayBuffer>> {
    const failure = (why: string, cause?: unknown) =>
      new BucketError("network", `Cannot read ${url}: ${why}; try again`, {
        cause,
      });
    return stallGuard(
      response.body ?? ReadableStream.from<Uint8Array<ArrayBuffer>>([]),
      this.#deadlineMs,
      () => failure(`the body stopped for ${this.#deadlineMs} ms`),
      (cause) =>
        signal?.aborted ? signal.reason : failure(
          cause instanceof Error ? cause.message : String(cause),
          cause,
        ),
    );
  }

  async #text(
    response: Response,
    url: string,
    options: BucketRequestOptions,
  ): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    let size = 0;
    for await (const piece of this.#guarded(response, url, options)) {
      size += piece.byteLength;
      if (size > TEXT_BYTES_MAX) {
        throw new BucketError(
          "refused",
          `Cannot read ${url}: the answer is longer than ${TEXT_BYTES_MAX} bytes`,
        );
      }
      text += decoder.decode(piece, { stream: true });
    }
    return text + decoder.decode();
  }

  /** The body of an error, as far as it can be had: the status says enough without it. */
  async #errorText(response: Response): Promise<string> {
    try {
      return await this.#text(response, response.url, {});
    } catch {
      return "";
    }
  }

  #noBucket(status: number): BucketError {
    return new BucketError(
      "no_bucket",
      `Cannot find the bucket "${this.#name}" at ${this.#base}; create it (fly storage create) or set BUCKET_NAME`,
      { status },
    );
  }

  async #errorOf(response: Response, what: string): Promise<BucketError> {
    const { status } = response;
    const { code: s3Code, message } = parseS3Error(
      await this.#errorText(response),
    );
    if (s3Code === "NoSuchBucket") return this.#noBucket(status);
    const said = `the server answered ${status}${s3Code ? ` ${s3Code}` : ""}${
      message ? ` (${message})` : ""
    }`;
    let code: BucketErrorCode = status === 429 || status >= 500
      ? "server"
      : "refused";
    let remedy = "";
    if (s3Code === "RequestTimeTooSkewed") {
      code = "clock_skew";
      remedy = "; set this machine's clock";
    } else if (status >= 300 && status < 400) {
      remedy = "; check AWS_REGION and AWS_ENDPOINT_URL_S3";
    } else if (status === 401 || status === 403) {
      code = "credentials";
      remedy =
        "; check AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY and that they may use this bucket";
    }
    return new BucketError(code, `Cannot ${what}: ${said}${remedy}`, {
      status,
    });
  }
}

function pause(ms: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    signal?.throwIfAborted();
    const stop = () => {
      clearTimeout(timer);
      reject(signal?.reason);
    };
    const timer = setTimeout(() => {
      signal?.removeEventListener("abort", stop);
      resolve();
    }, ms);
    signal?.addEventListener("abort", stop, { once: true });
  });
}
