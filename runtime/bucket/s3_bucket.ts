/** An S3-compatible bucket over HTTP, signed with SigV4.
 * @module
 */
import { natives } from "../base/platform/natives.ts";
import {
  type Bucket,
  BucketError,
  type BucketRequestOptions,
  type ListedObject,
  type ReadOutcome,
  type WriteCondition,
  type WriteOutcome,
} from "./bucket.ts";
import { type S3BucketOptions, S3Transport } from "./s3_transport.ts";
import { type Listing, parseListing } from "./s3_xml.ts";

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
  readonly #transport: S3Transport;
  // Ceph up to 18 wants If-Match without the quotes that it itself sends.
  #etagForm: "unproven" | "quoted" | "bare" = "unproven";

  /**
   * Prepares a client; nothing is sent yet.
   *
   * @param options where the bucket is and how to sign
   * @throws {BucketError} if a credential, the name or the endpoint is missing or malformed
   */
  constructor(options: S3BucketOptions) {
    this.#transport = new S3Transport(options);
  }

  /**
   * Where an object is; the URL carries no signature.
   *
   * @param key the object
   * @returns its URL
   */
  url(key: string): string {
    return `${this.#transport.base}/${
      key.split("/").map(encodeURIComponent).join("/")
    }`;
  }

  /**
   * The key behind a URL of this bucket.
   *
   * @param url the URL
   * @returns the key, or null for a URL that leads elsewhere
   */
  keyOf(url: string): string | null {
    if (!url.startsWith(`${this.#transport.base}/`)) return null;
    try {
      const key = decodeURIComponent(
        url.slice(this.#transport.base.length + 1),
      );
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
   * @returns what the read found; a body must be consumed or canceled
   * @throws {BucketError} if the request fails
   */
  async get(
    key: string,
    options: BucketRequestOptions & { readonly ifNoneMatch?: string } = {},
  ): Promise<ReadOutcome> {
    const headers = new natives.Headers();
    if (options.ifNoneMatch !== undefined) {
      headers.set("if-none-match", options.ifNoneMatch);
    }
    const url = this.url(key);
    const response = await this.#transport.repeat(
      `read ${url}`,
      () => this.#transport.send("GET", url, options, headers),
      options,
      async (response) => {
        const { status } = response;
        if (status === 404) await this.#transport.refuseMissingBucket(response);
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
      body: this.#transport.guarded(response, url, options),
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
   * Removes an object; one that is not there is not an error.
   *
   * @param key the object
   * @param options a signal
   * @throws {BucketError} if the request fails
   */
  async delete(key: string, options: BucketRequestOptions = {}): Promise<void> {
    const url = this.url(key);
    await this.#transport.repeat(
      `remove ${url}`,
      () => this.#transport.send("DELETE", url, options),
      options,
      async (response) => {
        const { status } = response;
        if (status === 404) await this.#transport.refuseMissingBucket(response);
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
      const url = `${this.#transport.base}?${
        query.toString().replaceAll("+", "%20")
      }`;
      const what = `list ${this.#transport.base}/${prefix}*`;
      const page: Listing = await this.#transport.repeat(
        what,
        () => this.#transport.send("GET", url, options),
        options,
        async (response) => {
          if (response.status !== 200) return null;
          const listing = parseListing(
            await this.#transport.text(response, url, options),
          );
          if (listing !== null) return listing;
          throw new BucketError(
            "refused",
            `Cannot ${what}: the answer is not an S3 listing; check AWS_ENDPOINT_URL_S3`,
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
    const headers = new natives.Headers({
      "content-type": options.contentType ?? "application/octet-stream",
    });
    if (condition !== "always") {
      if ("ifMatch" in condition) headers.set("if-match", condition.ifMatch);
      else headers.set("if-none-match", condition.ifNoneMatch);
    }
    let response: Response;
    try {
      response = await this.#transport.send(
        "PUT",
        this.url(key),
        options,
        headers,
        content,
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
      await this.#transport.refuseMissingBucket(response);
      return { status: "lost" };
    }
    const error = await this.#transport.errorOf(
      response,
      `write ${this.url(key)}`,
    );
    if (status === 501) return { status: "unsupported", reason: error.message };
    // A time-out or a throttled request may have been half taken; reading tells.
    if (status === 408 || status === 409 || status === 429 || status >= 500) {
      return { status: "unknown", reason: error.message };
    }
    throw error;
  }
}
