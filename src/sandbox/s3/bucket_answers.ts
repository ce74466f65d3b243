/** What the object store answers about its bucket: listings, and removals of many objects.
 * @module
 */
import type { LoopbackAnswer } from "../server/loopback_server.ts";
import { checkDigests } from "./request/checksums.ts";
import { invalidArgument, notImplemented, S3Error } from "./s3_error.ts";
import {
  refuseParameters,
  type S3Request,
  type Store,
  xmlAnswer,
} from "./s3_request.ts";
import { elementsOf, textsIn, Xml, type XmlContent } from "./s3_xml.ts";

const KEYS_MAX = 1000;
const SINCE = new Date(0).toISOString();

/** ListBuckets. */
export function bucketList({ bucket }: Store): LoopbackAnswer {
  const owner = elementsOf({ ID: "sandbox", DisplayName: "sandbox" });
  const one = elementsOf({ Name: bucket, CreationDate: SINCE });
  return xmlAnswer("ListAllMyBucketsResult", [
    new Xml("Owner", owner),
    new Xml("Buckets", new Xml("Bucket", one)),
  ]);
}

/** Lists the bucket, or removes objects of it. */
export function answerBucket(
  request: S3Request,
  store: Store,
): LoopbackAnswer {
  const { method, parameters } = request;
  if (method === "HEAD") return { status: 200 };
  if (method === "PUT" && parameters.size === 0) {
    throw new S3Error(
      409,
      "BucketAlreadyOwnedByYou",
      "Your previous request to create the named bucket succeeded and you already own it.",
    );
  }
  if (method === "POST" && parameters.has("delete")) {
    refuseParameters(request, "delete");
    return deleteMany(request, store);
  }
  if (method !== "GET") throw notImplemented(`${method} of a bucket`);
  if (parameters.has("location")) {
    refuseParameters(request, "location");
    return xmlAnswer("LocationConstraint", []);
  }
  if (parameters.has("versioning")) {
    refuseParameters(request, "versioning");
    // Never asked for, so neither enabled nor suspended.
    return xmlAnswer("VersioningConfiguration", []);
  }
  return parameters.has("uploads")
    ? uploadList(request, store)
    : listing(request, store);
}

function deleteMany(
  { headers, body }: S3Request,
  { objects }: Store,
): LoopbackAnswer {
  checkDigests(headers, body);
  const xml = new TextDecoder().decode(body);
  const keys = textsIn(xml, "Key");
  if (keys.length === 0 || keys.length > KEYS_MAX) {
    throw new S3Error(
      400,
      "MalformedXML",
      "The XML you provided was not well-formed or did not validate against our published schema",
    );
  }
  for (const name of ["VersionId", "ETag", "LastModifiedTime", "Size"]) {
    if (textsIn(xml, name).length > 0) {
      throw notImplemented(`removals by ${name}`);
    }
  }
  for (const key of keys) objects.delete(key, {});
  const isQuiet = textsIn(xml, "Quiet").includes("true");
  return xmlAnswer(
    "DeleteResult",
    isQuiet
      ? []
      : keys.map((key) => new Xml("Deleted", elementsOf({ Key: key }))),
  );
}

/** ListMultipartUploads, all at once. */
function uploadList(
  request: S3Request,
  { bucket, uploads }: Store,
): LoopbackAnswer {
  const { parameters } = request;
  refuseParameters(request, ...UPLOADS_ASKED);
  const prefix = parameters.get("prefix") ?? "";
  const after = parameters.get("key-marker") ?? "";
  if (parameters.get("delimiter")) throw notImplemented("groups of uploads");
  const found = uploads.under(prefix).filter(({ key }) => key > after);
  return xmlAnswer("ListMultipartUploadsResult", [
    ...elementsOf({ Bucket: bucket, Prefix: prefix, IsTruncated: false }),
    ...found.map(({ id, key, startedAt }) =>
      new Xml(
        "Upload",
        elementsOf({
          Key: key,
          UploadId: id,
          Initiated: new Date(startedAt).toISOString(),
        }),
      )
    ),
  ]);
}

const UPLOADS_ASKED = [
  "uploads",
  "prefix",
  "delimiter",
  "max-uploads",
  "key-marker",
  "upload-id-marker",
];

const ASKED = ["prefix", "delimiter", "max-keys", "encoding-type"];

/** ListObjects in both versions. */
function listing(
  request: S3Request,
  { bucket, objects }: Store,
): LoopbackAnswer {
  const { parameters } = request;
  const isSecond = parameters.get("list-type") === "2";
  refuseParameters(
    request,
    ...ASKED,
    ...(isSecond
      ? ["list-type", "continuation-token", "start-after", "fetch-owner"]
      : ["marker"]),
  );
  const text = (name: string) => parameters.get(name) ?? "";
  const [prefix, delimiter] = [text("prefix"), text("delimiter")];
  const token = parameters.get("continuation-token");
  const startAfter = text(isSecond ? "start-after" : "marker");
  const wanted = Number(parameters.get("max-keys") ?? KEYS_MAX);
  if (!Number.isInteger(wanted) || wanted < 0) {
    throw invalidArgument("Argument max-keys must be a non-negative integer");
  }
  const keysMax = Math.min(wanted, KEYS_MAX);
  const page = objects.list({
    prefix,
    delimiter,
    after: token === null ? startAfter : decodeToken(token),
    keysMax,
  });
  const encoded = text("encoding-type") === "url";
  const write = (text: string) =>
    encoded ? encodeURIComponent(text).replaceAll("%2F", "/") : text;
  const written = (text: string) => text === "" ? null : write(text);
  const { last } = page;
  const versioned: Record<string, XmlContent | null> = isSecond
    ? {
      StartAfter: written(startAfter),
      KeyCount: page.objects.length + page.prefixes.length,
      NextContinuationToken: last === null ? null : encodeToken(last),
    }
    : {
      Marker: write(startAfter),
      NextMarker: last === null || delimiter === "" ? null : write(last),
    };
  return xmlAnswer("ListBucketResult", [
    ...elementsOf({
      Name: bucket,
      Prefix: write(prefix),
      Delimiter: written(delimiter),
      EncodingType: encoded ? "url" : null,
      ...versioned,
      MaxKeys: keysMax,
      IsTruncated: last !== null,
    }),
    ...page.objects.map(([key, object]) =>
      new Xml(
        "Contents",
        elementsOf({
          Key: write(key),
          LastModified: new Date(object.modifiedAt).toISOString(),
          ETag: object.etag,
          Size: object.content.byteLength,
          StorageClass: "STANDARD",
        }),
      )
    ),
    ...page.prefixes.map((group) =>
      new Xml("CommonPrefixes", new Xml("Prefix", write(group)))
    ),
  ]);
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
    throw invalidArgument("The continuation token provided is incorrect");
  }
}
