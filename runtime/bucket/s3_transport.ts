/** Signed requests to an S3-compatible service, and what its answers mean.
 * @module
 */
import { ReadableStream, TextDecoder, URL } from "../base/platform/globals.ts";
import { deadlineSignal } from "../base/waiting/deadline.ts";
import { errorText } from "../base/error_text.ts";
import { natives } from "../base/platform/natives.ts";
import { retry } from "../base/waiting/retry.ts";
import { AwsClient } from "aws4fetch";
import {
  BucketError,
  type BucketErrorCode,
  type BucketRequestOptions,
} from "./bucket.ts";
import { shownText, shownUrl, withoutSecrets } from "../base/shown_text.ts";
import { parseS3Error } from "./s3_xml.ts";
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

const RETRY = { firstMs: 300, random: Math.random };
// A listing has at most 1000 keys of at most 1024 bytes.
const TEXT_BYTES_MAX = 8 * 1024 * 1024;

/** Sends signed requests to one bucket: every wait is bounded, reads are repeated, errors explain themselves. */
export class S3Transport {
  readonly #client: AwsClient;
  /** What every URL of the bucket begins with. */
  readonly base: string;
  readonly #name: string;
  readonly #deadlineMs: number;
  readonly #attemptsMax: number;
  readonly #fetch: (request: Request) => Promise<Response>;

  /** Prepares a client; nothing is sent yet. */
  constructor(options: S3BucketOptions) {
    if (!/^[a-z0-9][a-z0-9.-]{1,62}$/.test(options.bucket)) {
      throw new BucketError(
        "no_bucket",
        `Cannot use the bucket "${
          shownText(options.bucket)
        }": a name has 2 to 63 lower-case letters, digits, dots and hyphens; set BUCKET_NAME`,
      );
    }
    if (!URL.canParse(options.endpoint) || !/^https?:/.test(options.endpoint)) {
      throw new BucketError(
        "refused",
        `Cannot use the endpoint "${
          shownUrl(options.endpoint)
        }": it is not an http or https URL; set AWS_ENDPOINT_URL_S3`,
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
        `Cannot sign requests to ${
          shownUrl(options.endpoint)
        }: the access key or the secret key is empty; set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY`,
      );
    }
    for (
      const [name, value] of [
        ["AWS_ACCESS_KEY_ID", options.accessKeyId],
        ["AWS_SECRET_ACCESS_KEY", options.secretAccessKey],
        ["AWS_SESSION_TOKEN", options.sessionToken ?? "-"],
        ["AWS_REGION", options.region ?? "-"],
      ] as const
    ) {
      // A header that cannot be sent would be quoted, signature and all, by whoever refuses it.
      if (/^[\x21-\x7e]+$/.test(value)) continue;
      throw new BucketError(
        "credentials",
        `Cannot sign requests to ${
          shownUrl(options.endpoint)
        }: ${name} has a blank, a line break or another character that no HTTP header may carry; set it again without`,
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
    this.base = `${options.endpoint.replace(/\/+$/, "")}/${options.bucket}`;
    this.#deadlineMs = options.deadlineMs ?? 15_000;
    this.#attemptsMax = options.attemptsMax ?? 3;
    this.#fetch = options.fetch ?? ((request) => natives.fetch(request));
  }

  /** Signs and sends one request. */
  async send(
    method: string,
    url: string,
    options: BucketRequestOptions,
    headers: Headers = new natives.Headers(),
    body?: Uint8Array<ArrayBuffer>,
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
    using deadline = deadlineSignal(this.#deadlineMs, options.signal);
    const { signal } = deadline;
    try {
      // A redirect would take the signed request to another host, where the signature is wrong anyway.
      const response = await this.#fetch(
        new natives.Request(request, { signal, redirect: "manual" }),
      );
      const date = Date.parse(response.headers.get("date") ?? "");
      if (!Number.isNaN(date)) options.onDate?.(date);
      return response;
    } catch (cause) {
      options.signal?.throwIfAborted();
      const why = deadline.over.aborted
        ? `no answer within ${this.#deadlineMs} ms`
        : errorText(cause);
      throw new BucketError(
        "network",
        `Cannot reach ${url} (${method}): ${why}; check the endpoint and the network`,
        { cause },
      );
    }
  }

  /** Sends until something can be made of the answer, or there is no more hope. */
  async repeat<T>(
    what: string,
    send: () => Promise<Response>,
    options: BucketRequestOptions,
    use: (response: Response) => Promise<T | null>,
  ): Promise<T> {
    return await retry(async () => {
      const response = await send();
      const value = await use(response);
      if (value !== null) return value;
      throw await this.errorOf(response, what);
    }, {
      ...RETRY,
      attemptsMax: this.#attemptsMax,
      isTransient: (error) => error instanceof BucketError && error.transient,
      signal: options.signal,
    });
  }

  /** Reads the body of a 404. */
  async refuseMissingBucket(response: Response): Promise<void> {
    const { code } = parseS3Error(await this.#errorText(response));
    if (code === "NoSuchBucket") throw this.#noBucket(response.status);
  }

  /** The body of an answer, with a deadline between its pieces. */
  guarded(
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
          errorText(cause),
          cause,
        ),
    );
  }

  /** Reads a body that is text, up to a limit. */
  async text(
    response: Response,
    url: string,
    options: BucketRequestOptions,
  ): Promise<string> {
    const decoder = new TextDecoder();
    let text = "";
    let size = 0;
    for await (const piece of this.guarded(response, url, options)) {
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
      return await this.text(response, response.url, {});
    } catch {
      return "";
    }
  }

  #noBucket(status: number): BucketError {
    return new BucketError(
      "no_bucket",
      `Cannot find the bucket "${this.#name}" at ${this.base}; create it (fly storage create) or set BUCKET_NAME`,
      { status },
    );
  }

  /** Makes an error of an answer. */
  async errorOf(response: Response, what: string): Promise<BucketError> {
    const { status } = response;
    const { code: s3Code, message } = parseS3Error(
      await this.#errorText(response),
    );
    if (s3Code === "NoSuchBucket") return this.#noBucket(status);
    const said = shownText(
      `the server answered ${status}${s3Code ? ` ${s3Code}` : ""}${
        message ? ` (${withoutSecrets(message)})` : ""
      }`,
    );
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
