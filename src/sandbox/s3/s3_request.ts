/** A request to the object store whose signature has been checked, and what answers to it share.
 * @module
 */
import type { LoopbackAnswer } from "../server/loopback_server.ts";
import { notImplemented } from "./s3_error.ts";
import type { Conditions, S3Objects } from "./s3_objects.ts";
import type { S3Uploads } from "./s3_uploads.ts";
import { type Xml, xmlDocument } from "./s3_xml.ts";

/** What a store holds. */
export interface Store {
  /** The only bucket. */
  readonly bucket: string;
  /** What is in it. */
  readonly objects: S3Objects;
  /** What is being put together. */
  readonly uploads: S3Uploads;
}

/** A request, checked. */
export interface S3Request {
  readonly method: string;
  /** The key; empty for the bucket itself. */
  readonly key: string;
  /** The query, without what only its signature needs. */
  readonly parameters: URLSearchParams;
  /** The headers by lower-case name, those after a body in chunks among them. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: Uint8Array<ArrayBuffer>;
}

/** Refuses parameters that an operation does not know, because they would change what is asked for. */
export function refuseParameters(
  { parameters }: S3Request,
  ...known: readonly string[]
): void {
  for (const name of parameters.keys()) {
    if (!known.includes(name)) throw notImplemented(`the parameter ${name}`);
  }
}

/** Reads conditional headers, `x-amz-copy-source-` before them or nothing. */
export function conditionsOf(
  headers: ReadonlyMap<string, string>,
  before = "",
): Conditions {
  const ifMatch = headers.get(`${before}if-match`);
  const ifNoneMatch = headers.get(`${before}if-none-match`);
  return {
    ...(ifMatch === undefined ? {} : { ifMatch }),
    ...(ifNoneMatch === undefined ? {} : { ifNoneMatch }),
  };
}

const STORED =
  /^(?:content-(?:type|disposition|encoding|language)|cache-control|expires|x-amz-meta-.+)$/;

/** What an object keeps of the headers it was written with. */
export function storedHeaders(
  { headers, parameters }: S3Request,
): Record<string, string> {
  const stored: Record<string, string> = {
    "content-type": "binary/octet-stream",
  };
  // Presigned URLs have x-amz-* headers in the query.
  for (const [name, value] of [...parameters, ...headers]) {
    if (STORED.test(name.toLowerCase())) stored[name.toLowerCase()] = value;
  }
  const encodings = (stored["content-encoding"] ?? "").split(",")
    .map((it) => it.trim()).filter((it) => it !== "" && it !== "aws-chunked");
  delete stored["content-encoding"];
  return encodings.length === 0
    ? stored
    : { ...stored, "content-encoding": encodings.join(",") };
}

/** An answer in XML. */
export function xmlAnswer(
  name: string,
  content: readonly Xml[],
  status = 200,
): LoopbackAnswer {
  return {
    status,
    headers: { "content-type": "application/xml" },
    body: xmlDocument(name, content),
  };
}
