/** An S3 object store on loopback: path-style, SigV4, conditional requests.
 *
 * Operations: GetObject with ranges, HeadObject, PutObject, DeleteObject, ListObjectsV2, HeadBucket. No presigned URLs,
 * copies or multipart uploads.
 * @module
 */
import { createHash } from "node:crypto";
import type { FaultHook } from "../server/faults.ts";
import {
  type LoopbackAnswer,
  type LoopbackRequest,
  type LoopbackServer,
  serveLoopback,
  splitTarget,
} from "../server/loopback_server.ts";
import { errorXml, escapeXml, S3Error } from "./s3_error.ts";
import {
  type Conditions,
  judgeRead,
  noSuchKey,
  preconditionFailed,
  S3Objects,
  type StoredObject,
} from "./s3_objects.ts";
import { verifySignature } from "./s3_signature.ts";

/** Options of {@linkcode startObjectStore}. */
export interface ObjectStoreOptions {
  /** The only bucket. */
  readonly bucket: string;
  /** The only access key. */
  readonly accessKeyId: string;
  /** Its secret. */
  readonly secretAccessKey: string;
  /** Makes trouble. Default none. */
  readonly faults?: FaultHook;
}

/** Starts an object store on 127.0.0.1, on a port chosen by the system. */
export function startObjectStore(
  options: ObjectStoreOptions,
): Promise<LoopbackServer> {
  const objects = new S3Objects();
  const secrets = new Map([[options.accessKeyId, options.secretAccessKey]]);
  return serveLoopback({
    service: "s3",
    ...(options.faults ? { faults: options.faults } : {}),
    handle: (request) =>
      Promise.resolve(answer(request, objects, options.bucket, secrets)),
    fail: (status, why) =>
      errorAnswer(
        new S3Error(status, status === 500 ? "InternalError" : "SlowDown", why),
        "",
      ),
  });
}

function answer(
  request: LoopbackRequest,
  objects: S3Objects,
  bucket: string,
  secrets: ReadonlyMap<string, string>,
): LoopbackAnswer {
  const [path, query] = splitTarget(request.target);
  try {
    const parameters = new URLSearchParams(query);
    if (parameters.has("X-Amz-Signature")) {
      throw notImplemented("presigned URLs");
    }
    verifySignature({ ...request, path, query }, secrets, Date.now());
    const [, name = "", ...rest] = path.split("/");
    if (decodeURIComponent(name) !== bucket) {
      throw name === "" ? notImplemented("listings of buckets") : new S3Error(
        404,
        "NoSuchBucket",
        "The specified bucket does not exist",
      );
    }
    const key = decodeURIComponent(rest.join("/"));
    return key === ""
      ? answerBucket(request, objects, bucket, parameters)
      : answerObject(request, objects, key, parameters);
  } catch (error) {
    if (error instanceof S3Error) return errorAnswer(error, path);
    throw error;
  }
}

function answerBucket(
  request: LoopbackRequest,
  objects: S3Objects,
  bucket: string,
  parameters: URLSearchParams,
): LoopbackAnswer {
  if (request.method === "HEAD") return { status: 200 };
  if (request.method !== "GET" || parameters.get("list-type") !== "2") {
    throw notImplemented(`${request.method} on a bucket but ListObjectsV2`);
  }
  return {
    status: 200,
    headers: XML,
    body: listingXml(objects, bucket, parameters),
  };
}

function answerObject(
  request: LoopbackRequest,
  objects: S3Objects,
  key: string,
  parameters: URLSearchParams,
): LoopbackAnswer {
  if (new TextEncoder().encode(key).byteLength > 1024) {
    throw new S3Error(400, "KeyTooLongError", "Your key is too long");
  }
  const conditions = conditionsOf(request);
  for (const name of parameters.keys()) {
    if (name !== "x-id") throw notImplemented(`the parameter ${name}`);
  }
  switch (request.method) {
    case "GET":
    case "HEAD":
      return answerRead(
        objects.get(key),
        conditions,
        request.headers.get("range"),
      );
    case "PUT": {
      if (request.headers.has("x-amz-copy-source")) {
        throw notImplemented("copies");
      }
      checkDigests(request);
      const headers = storedHeaders(request);
      const { etag } = objects.put(key, request.body, headers, conditions);
      return { status: 200, headers: { etag } };
    }
    case "DELETE":
      objects.delete(key, conditions);
      return { status: 204 };
    default:
      throw new S3Error(
        405,
        "MethodNotAllowed",
        "The specified method is not allowed against this resource.",
      );
  }
}

function answerRead(
  object: StoredObject | null,
  conditions: Conditions,
  range: string | undefined,
): LoopbackAnswer {
  if (object === null) throw noSuchKey();
  const verdict = judgeRead(object.etag, conditions);
  if (verdict === "failed") throw preconditionFailed();
  const headers = {
    etag: object.etag,
    "last-modified": new Date(object.modifiedAt).toUTCString(),
  };
  if (verdict === "unchanged") return { status: 304, headers };
  const all = { ...object.headers, ...headers, "accept-ranges": "bytes" };
  const { byteLength: length } = object.content;
  const wanted = rangeOf(range, length);
  if (wanted === null) {
    return { status: 200, headers: all, body: object.content };
  }
  if (wanted === "none") {
    throw new S3Error(
      416,
      "InvalidRange",
      "The requested range is not satisfiable",
    );
  }
  const [first, end] = wanted;
  return {
    status: 206,
    headers: { ...all, "content-range": `bytes ${first}-${end - 1}/${length}` },
    body: object.content.subarray(first, end),
  };
}

/** The bytes that a `Range` asks for, from and up to; `none` if there are none, null for all, also where it is unreadable. */
function rangeOf(
  header: string | undefined,
  length: number,
): readonly [first: number, end: number] | "none" | null {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (from === "" && to === "") return null;
  const first = from === "" ? Math.max(0, length - Number(to)) : Number(from);
  const end = from === "" || to === ""
    ? length
    : Math.min(length, Number(to) + 1);
  // RFC 9110: a range whose end comes before its beginning is ignored.
  if (from !== "" && to !== "" && Number(to) < first) return null;
  return first >= length || first >= end ? "none" : [first, end];
}

function conditionsOf(request: LoopbackRequest): Conditions {
  const ifMatch = request.headers.get("if-match");
  const ifNoneMatch = request.headers.get("if-none-match");
  return {
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
  };
}

function storedHeaders(request: LoopbackRequest): Record<string, string> {
  const headers: Record<string, string> = {
    "content-type": "binary/octet-stream",
  };
  for (const [name, value] of request.headers) {
    if (name === "content-type" || name.startsWith("x-amz-meta-")) {
      headers[name] = value;
    }
  }
  return headers;
}

const DIGESTS = {
  "content-md5": "md5",
  "x-amz-checksum-sha1": "sha1",
  "x-amz-checksum-sha256": "sha256",
} as const;

function checkDigests(request: LoopbackRequest): void {
  for (const [name, algorithm] of Object.entries(DIGESTS)) {
    const claimed = request.headers.get(name);
    if (claimed === undefined) continue;
    const hash = createHash(algorithm).update(request.body);
    if (claimed === hash.digest("base64")) continue;
    const shown = name === "content-md5" ? "Content-MD5" : name;
    throw new S3Error(
      400,
      "BadDigest",
      `The ${shown} you specified did not match what we received.`,
    );
  }
}

const KEYS_MAX = 1000;

function listingXml(
  objects: S3Objects,
  bucket: string,
  parameters: URLSearchParams,
): string {
  const prefix = parameters.get("prefix") ?? "";
  const delimiter = parameters.get("delimiter") ?? "";
  const token = parameters.get("continuation-token");
  const startAfter = parameters.get("start-after") ?? "";
  const wanted = Number(parameters.get("max-keys") ?? KEYS_MAX);
  if (!Number.isInteger(wanted) || wanted < 0) {
    throw new S3Error(
      400,
      "InvalidArgument",
      "Argument max-keys must be a non-negative integer",
    );
  }
  const keysMax = Math.min(wanted, KEYS_MAX);
  const page = objects.list({
    prefix,
    delimiter,
    after: token === null ? startAfter : decodeToken(token),
    keysMax,
  });
  const encoded = parameters.get("encoding-type") === "url";
  const write = (text: string) =>
    escapeXml(
      encoded ? encodeURIComponent(text).replaceAll("%2F", "/") : text,
    );
  const contents = page.objects.map(([key, object]) =>
    `<Contents><Key>${write(key)}</Key><LastModified>${
      new Date(object.modifiedAt).toISOString()
    }</LastModified><ETag>${
      escapeXml(object.etag)
    }</ETag><Size>${object.content.byteLength}</Size><StorageClass>STANDARD</StorageClass></Contents>`
  );
  const groups = page.prefixes.map((group) =>
    `<CommonPrefixes><Prefix>${write(group)}</Prefix></CommonPrefixes>`
  );
  const next = page.last === null
    ? ""
    : `<NextContinuationToken>${
      encodeToken(page.last)
    }</NextContinuationToken>`;
  const asked = [
    ...(delimiter === "" ? [] : [`<Delimiter>${write(delimiter)}</Delimiter>`]),
    ...(startAfter === ""
      ? []
      : [`<StartAfter>${write(startAfter)}</StartAfter>`]),
    ...(encoded ? ["<EncodingType>url</EncodingType>"] : []),
  ].join("");
  return `<?xml version="1.0" encoding="UTF-8"?>\n<ListBucketResult xmlns="http://s3.amazonaws.com/doc/2006-03-01/"><Name>${
    escapeXml(bucket)
  }</Name><Prefix>${write(prefix)}</Prefix>${asked}<KeyCount>${
    contents.length + groups.length
  }</KeyCount><MaxKeys>${keysMax}</MaxKeys><IsTruncated>${
    page.last !== null
  }</IsTruncated>${next}${contents.join("")}${
    groups.join("")
  }</ListBucketResult>`;
}

// Tokens are opaque to clients, so that none of them learns to build its own.
function encodeToken(key: string): string {
  return new TextEncoder().encode(key).toBase64({ alphabet: "base64url" });
}

function decodeToken(token: string): string {
  try {
    const bytes = Uint8Array.fromBase64(token, { alphabet: "base64url" });
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch {
    throw new S3Error(
      400,
      "InvalidArgument",
      "The continuation token provided is incorrect",
    );
  }
}

const XML = { "content-type": "application/xml" };

function errorAnswer(error: S3Error, resource: string): LoopbackAnswer {
  const requestId = crypto.randomUUID();
  return {
    status: error.status,
    headers: { ...XML, "x-amz-request-id": requestId },
    body: errorXml(error.code, error.message, resource, requestId),
  };
}

function notImplemented(what: string): S3Error {
  return new S3Error(
    501,
    "NotImplemented",
    `The sandbox does not implement ${what}.`,
  );
}
