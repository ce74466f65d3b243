/** What the object store answers about multipart uploads.
 * @module
 */
import type { LoopbackAnswer } from "../server/loopback_server.ts";
import { checkDigests } from "./request/checksums.ts";
import { copied, copiedContent } from "./object_answers.ts";
import { notImplemented, S3Error } from "./s3_error.ts";
import {
  conditionsOf,
  refuseParameters,
  type S3Request,
  type Store,
  storedHeaders,
  xmlAnswer,
} from "./s3_request.ts";
import {
  addPart,
  assemble,
  type NamedPart,
  type Upload,
} from "./s3_uploads.ts";
import { elementsOf, textsIn, Xml } from "./s3_xml.ts";

/** Begins, feeds, lists, completes or aborts an upload. */
export function answerUpload(
  request: S3Request,
  store: Store,
): LoopbackAnswer {
  const { method, key, parameters } = request;
  const { uploads } = store;
  if (parameters.has("uploads")) {
    if (method !== "POST") throw notImplemented(`${method} of uploads`);
    refuseParameters(request, "uploads");
    const { id } = uploads.begin(key, storedHeaders(request));
    return xmlAnswer(
      "InitiateMultipartUploadResult",
      elementsOf({ Bucket: store.bucket, Key: key, UploadId: id }),
    );
  }
  const upload = uploads.get(parameters.get("uploadId") ?? "", key);
  switch (method) {
    case "PUT":
      refuseParameters(request, "uploadId", "partNumber");
      return takePart(request, upload, store);
    case "GET":
      refuseParameters(request, "uploadId", "max-parts", "part-number-marker");
      return partList(request, upload, store);
    case "POST":
      refuseParameters(request, "uploadId");
      return complete(request, upload, store);
    case "DELETE":
      refuseParameters(request, "uploadId");
      uploads.end(upload);
      return { status: 204 };
  }
  throw notImplemented(`${method} of an upload`);
}

function takePart(
  request: S3Request,
  upload: Upload,
  store: Store,
): LoopbackAnswer {
  const number = Number(request.parameters.get("partNumber"));
  if (request.headers.has("x-amz-copy-source")) {
    const content = copiedContent(request, store);
    const { etag, modifiedAt } = addPart(upload, number, content);
    return copied("CopyPartResult", etag, modifiedAt);
  }
  const checksums = checkDigests(request.headers, request.body);
  const { etag } = addPart(upload, number, request.body);
  return { status: 200, headers: { etag, ...checksums } };
}

const PARTS_MAX = 1000;

function partList(
  { parameters }: S3Request,
  upload: Upload,
  store: Store,
): LoopbackAnswer {
  const after = Number(parameters.get("part-number-marker") ?? 0);
  const wanted = Number(parameters.get("max-parts") ?? PARTS_MAX);
  const rest = [...upload.parts].filter(([number]) => number > after)
    .sort(([a], [b]) => a - b);
  const page = rest.slice(0, Math.min(wanted, PARTS_MAX));
  return xmlAnswer("ListPartsResult", [
    ...elementsOf({
      Bucket: store.bucket,
      Key: upload.key,
      UploadId: upload.id,
      PartNumberMarker: after,
      NextPartNumberMarker: page.at(-1)?.[0] ?? after,
      MaxParts: Math.min(wanted, PARTS_MAX),
      IsTruncated: page.length < rest.length,
    }),
    ...page.map(([number, { content, etag, modifiedAt }]) =>
      new Xml(
        "Part",
        elementsOf({
          PartNumber: number,
          LastModified: new Date(modifiedAt).toISOString(),
          ETag: etag,
          Size: content.length,
        }),
      )
    ),
  ]);
}

function complete(
  { key, headers, body }: S3Request,
  upload: Upload,
  store: Store,
): LoopbackAnswer {
  const whole = assemble(upload, namedParts(body));
  // One of the checksums of the parts would have to be made of those.
  const isComposite = headers.get("x-amz-checksum-type") !== "FULL_OBJECT" &&
    [...headers.keys()].some((name) => /^x-amz-checksum-(?!type)/.test(name));
  if (isComposite) throw notImplemented("checksums of checksums");
  const checksums = checkDigests(
    new Map([...headers].filter(([name]) => name.startsWith("x-amz-"))),
    whole.content,
  );
  const written = { ...whole, checksums };
  const { etag } = store.objects.put(key, written, conditionsOf(headers));
  store.uploads.end(upload);
  return xmlAnswer(
    "CompleteMultipartUploadResult",
    elementsOf({
      Location: `/${store.bucket}/${key}`,
      Bucket: store.bucket,
      Key: key,
      ETag: etag,
    }),
  );
}

function namedParts(body: Uint8Array<ArrayBuffer>): readonly NamedPart[] {
  const xml = new TextDecoder().decode(body);
  const numbers = textsIn(xml, "PartNumber");
  const etags = textsIn(xml, "ETag");
  if (numbers.length > 0 && numbers.length === etags.length) {
    return numbers.map((it, i) => ({ number: Number(it), etag: etags[i]! }));
  }
  throw new S3Error(
    400,
    "MalformedXML",
    "The XML you provided was not well-formed or did not validate against our published schema",
  );
}
