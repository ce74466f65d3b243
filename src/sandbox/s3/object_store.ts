/** An S3 object store on loopback: path-style, SigV4 in headers and presigned URLs, conditional requests, bodies in chunks.
 *
 * Operations: GetObject with ranges, HeadObject, PutObject, CopyObject, DeleteObject and DeleteObjects, multipart uploads,
 * ListObjects in both versions, HeadBucket, GetBucketLocation, GetBucketVersioning,
 * ListBuckets. What it cannot do is 501.
 * @module
 */
import type { FaultHook } from "../server/faults.ts";
import {
  type LoopbackAnswer,
  type LoopbackRequest,
  type LoopbackServer,
  serveLoopback,
  splitTarget,
} from "../server/loopback_server.ts";
import { answerBucket, bucketList } from "./bucket_answers.ts";
import { answerObject } from "./object_answers.ts";
import { notImplemented, S3Error } from "./s3_error.ts";
import { S3Objects } from "./s3_objects.ts";
import { type S3Request, type Store, xmlAnswer } from "./s3_request.ts";
import { verifySignature } from "./request/s3_signature.ts";
import { S3Uploads } from "./s3_uploads.ts";
import { elementsOf } from "./s3_xml.ts";
import { answerUpload } from "./upload_answers.ts";

/** Options of {@linkcode startObjectStore}. */
interface ObjectStoreOptions {
  /** The only bucket. */
  readonly bucket: string;
  /** The only access key. */
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  /** Makes trouble. Default none. */
  readonly faults?: FaultHook;
}

/** Starts an object store on 127.0.0.1, on a port chosen by the system. */
export function startObjectStore(
  options: ObjectStoreOptions,
): Promise<LoopbackServer> {
  const { bucket } = options;
  const store = { bucket, objects: new S3Objects(), uploads: new S3Uploads() };
  const secrets = new Map([[options.accessKeyId, options.secretAccessKey]]);
  return serveLoopback({
    service: "s3",
    ...(options.faults ? { faults: options.faults } : {}),
    handle: (request) => Promise.resolve(answer(request, store, secrets)),
    fail: (status, why) =>
      errorAnswer(
        new S3Error(status, status === 500 ? "InternalError" : "SlowDown", why),
        "",
      ),
  });
}

function answer(
  request: LoopbackRequest,
  store: Store,
  secrets: ReadonlyMap<string, string>,
): LoopbackAnswer {
  const [path, query] = splitTarget(request.target);
  try {
    const { body, trailers } = verifySignature(
      { ...request, path, query },
      secrets,
      Date.now(),
    );
    const [, name = "", ...rest] = path.split("/");
    const checked: S3Request = {
      method: request.method,
      key: decodeURIComponent(rest.join("/")),
      parameters: parametersIn(query),
      headers: new Map([...request.headers, ...trailers]),
      body,
    };
    if (name === "") {
      if (request.method === "GET") return bucketList(store);
      throw notImplemented(`${request.method} of no bucket`);
    }
    if (decodeURIComponent(name) !== store.bucket) {
      throw new S3Error(
        404,
        "NoSuchBucket",
        "The specified bucket does not exist",
      );
    }
    if (checked.key === "") return answerBucket(checked, store);
    if (new TextEncoder().encode(checked.key).byteLength > 1024) {
      throw new S3Error(400, "KeyTooLongError", "Your key is too long");
    }
    const { parameters } = checked;
    return parameters.has("uploads") || parameters.has("uploadId")
      ? answerUpload(checked, store)
      : answerObject(checked, store);
  } catch (error) {
    if (error instanceof S3Error) return errorAnswer(error, path);
    throw error;
  }
}

// Of a signature, or what SDKs call an operation; a checksum in a presigned URL is that of no body yet, and S3 ignores it.
const UNASKED =
  /^(?:x-id|x-amz-(?:algorithm|credential|date|expires|signedheaders|signature|content-sha256|user-agent|(?:sdk-)?checksum-.+))$/i;

function parametersIn(query: string): URLSearchParams {
  const all = [...new URLSearchParams(query)];
  return new URLSearchParams(all.filter(([name]) => !UNASKED.test(name)));
}

function errorAnswer(error: S3Error, resource: string): LoopbackAnswer {
  const requestId = crypto.randomUUID();
  const { headers, ...rest } = xmlAnswer(
    "Error",
    elementsOf({
      Code: error.code,
      Message: error.message,
      Resource: resource,
      RequestId: requestId,
    }),
    error.status,
  );
  return { ...rest, headers: { ...headers, "x-amz-request-id": requestId } };
}
