/** What the object store answers about one object.
 * @module
 */
import type { LoopbackAnswer } from "../server/loopback_server.ts";
import { checkDigests } from "./request/checksums.ts";
import { notImplemented, S3Error } from "./s3_error.ts";
import {
  judgeRead,
  noSuchKey,
  preconditionFailed,
  type S3Objects,
  type StoredObject,
} from "./s3_objects.ts";
import {
  conditionsOf,
  refuseParameters,
  type S3Request,
  type Store,
  storedHeaders,
  xmlAnswer,
} from "./s3_request.ts";
import { elementsOf } from "./s3_xml.ts";

/** What a read may ask to be answered with instead. */
const OVERRIDES = [
  "content-type",
  "content-language",
  "content-disposition",
  "content-encoding",
  "cache-control",
  "expires",
];

/** Reads, writes, copies or removes an object. */
export function answerObject(
  request: S3Request,
  store: Store,
): LoopbackAnswer {
  const { method, key, headers, parameters } = request;
  const { objects } = store;
  const conditions = conditionsOf(headers);
  switch (method) {
    case "GET":
    case "HEAD":
      refuseParameters(request, ...OVERRIDES.map((name) => `response-${name}`));
      return answerRead(objects.get(key), request);
    case "PUT": {
      // The headers of a presigned URL.
      const meta = [...parameters.keys()]
        .filter((name) => /^x-amz-meta-/i.test(name));
      refuseParameters(request, ...meta);
      if (headers.has("x-amz-copy-source")) return copy(request, store);
      const { etag, checksums } = objects.put(key, {
        content: request.body,
        headers: storedHeaders(request),
        checksums: checkDigests(headers, request.body),
      }, conditions);
      return { status: 200, headers: { etag, ...checksums } };
    }
    case "DELETE":
      refuseParameters(request);
      objects.delete(key, conditions);
      return { status: 204 };
  }
  throw new S3Error(
    405,
    "MethodNotAllowed",
    "The specified method is not allowed against this resource.",
  );
}

function answerRead(
  object: StoredObject | null,
  { headers: asked, parameters }: S3Request,
): LoopbackAnswer {
  if (object === null) throw noSuchKey();
  const verdict = judgeRead(object.etag, conditionsOf(asked));
  if (verdict === "failed") throw preconditionFailed();
  const headers = {
    etag: object.etag,
    "last-modified": new Date(object.modifiedAt).toUTCString(),
  };
  if (verdict === "unchanged") return { status: 304, headers };
  const overridden = OVERRIDES.flatMap((name) => {
    const value = parameters.get(`response-${name}`);
    return value === null ? [] : [[name, value]];
  });
  const all = {
    ...object.headers,
    ...Object.fromEntries(overridden),
    ...headers,
    "accept-ranges": "bytes",
  };
  const { byteLength: length } = object.content;
  const wanted = rangeOf(asked.get("range"), length);
  if (wanted === null) {
    const isEnabled = asked.get("x-amz-checksum-mode") === "ENABLED";
    return {
      status: 200,
      headers: isEnabled ? { ...all, ...object.checksums } : all,
      body: object.content,
    };
  }
  const [first, end] = wanted;
  return {
    status: 206,
    headers: { ...all, "content-range": `bytes ${first}-${end - 1}/${length}` },
    body: object.content.subarray(first, end),
  };
}

/** The bytes that a `Range` asks for, from and up to; null for all, also where it is unreadable. */
function rangeOf(
  header: string | undefined,
  length: number,
): readonly [first: number, end: number] | null {
  const [, from = "", to = ""] = /^bytes=(\d*)-(\d*)$/.exec(header ?? "") ?? [];
  if (from === "" && to === "") return null;
  const first = from === "" ? Math.max(0, length - Number(to)) : Number(from);
  const end = from === "" || to === ""
    ? length
    : Math.min(length, Number(to) + 1);
  // RFC 9110: a range whose end comes before its beginning is ignored.
  if (from !== "" && to !== "" && Number(to) < first) return null;
  if (first < length && first < end) return [first, end];
  throw new S3Error(
    416,
    "InvalidRange",
    "The requested range is not satisfiable",
  );
}

/** CopyObject: `x-amz-copy-source` names what becomes another object. */
function copy(request: S3Request, store: Store): LoopbackAnswer {
  const { key, headers } = request;
  const source = copySource(request, store);
  const isReplaced = headers.get("x-amz-metadata-directive") === "REPLACE";
  if (source === store.objects.get(key) && !isReplaced) {
    throw new S3Error(
      400,
      "InvalidRequest",
      "This copy request is illegal because it is trying to copy an object to itself without changing the object's metadata.",
    );
  }
  const { etag, modifiedAt } = store.objects.put(key, {
    content: source.content,
    headers: isReplaced ? storedHeaders(request) : source.headers,
    checksums: source.checksums,
  }, conditionsOf(headers));
  return copied("CopyObjectResult", etag, modifiedAt);
}

/** The answer to a copy. */
export function copied(
  name: string,
  etag: string,
  modifiedAt: number,
): LoopbackAnswer {
  const LastModified = new Date(modifiedAt).toISOString();
  return xmlAnswer(name, elementsOf({ LastModified, ETag: etag }));
}

/** Finds the object that a copy is made of, if its conditions hold. */
function copySource({ headers }: S3Request, store: Store): StoredObject {
  const [named = "", query] = (headers.get("x-amz-copy-source") ?? "")
    .replace(/^\//, "").split("?");
  if (query !== undefined) throw notImplemented("copies of a version");
  const before = "x-amz-copy-source-";
  for (const name of headers.keys()) {
    if (/^x-amz-copy-source-if-(?:un)?modified-since$/.test(name)) {
      throw notImplemented(`the header ${name}`);
    }
  }
  const path = decodeURIComponent(named);
  const source = path.startsWith(`${store.bucket}/`)
    ? objectAt(store.objects, path.slice(store.bucket.length + 1))
    : null;
  if (source === null) {
    throw new S3Error(
      404,
      "NoSuchBucket",
      "The specified bucket does not exist",
    );
  }
  const verdict = judgeRead(source.etag, conditionsOf(headers, before));
  if (verdict !== "found") throw preconditionFailed();
  return source;
}

function objectAt(objects: S3Objects, key: string): StoredObject {
  const object = objects.get(key);
  if (object === null) throw noSuchKey();
  return object;
}

/** The content that a part of an upload copies. */
export function copiedContent(
  request: S3Request,
  store: Store,
): Uint8Array<ArrayBuffer> {
  const { content } = copySource(request, store);
  const range = request.headers.get("x-amz-copy-source-range");
  const [first, end] = rangeOf(range, content.length) ?? [0, content.length];
  return content.subarray(first, end);
}
