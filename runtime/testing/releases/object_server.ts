/** A bucket on loopback, spoken to as S3: the part of it that the runtime uses.
 * @module
 */
import { MemoryBucket } from "../../bucket/memory_bucket.ts";
import type { ListedObject, WriteCondition } from "../../bucket/bucket.ts";

/** A running object server. */
export interface ObjectServer extends AsyncDisposable {
  /** What `AWS_ENDPOINT_URL_S3` has to be. */
  readonly endpoint: string;
  /** The only bucket's name. */
  readonly bucketName: string;
  /** What is in it, without the detour over HTTP. */
  readonly bucket: MemoryBucket;
  /** Waits until an object with some content is written over HTTP. */
  written<T>(
    key: string,
    read: (content: Uint8Array<ArrayBuffer>) => T | undefined,
    signal: AbortSignal,
  ): Promise<T>;
}

const BUCKET = "releases";

type Listener = (key: string, content: Uint8Array<ArrayBuffer>) => void;

/**
 * Starts an object server with one empty bucket, on a port that the operating system chooses.
 *
 * It answers GET, PUT and DELETE of objects and ListObjectsV2, honors `If-None-Match` and `If-Match`, and takes any
 * signature for a good one.
 */
export function startObjectServer(): ObjectServer {
  const listeners = new Set<Listener>();
  // The URL of the bucket is known once the port is.
  let bucket = new MemoryBucket();
  const server = Deno.serve({
    hostname: "127.0.0.1",
    port: 0,
    onListen: () => {},
    onError: (error) =>
      failure(
        500,
        "InternalError",
        error instanceof Error ? error.message : "",
      ),
  }, (request) => answer(request, bucket, listeners));
  const endpoint = `http://127.0.0.1:${server.addr.port}`;
  bucket = new MemoryBucket(`${endpoint}/${BUCKET}/`);
  return {
    endpoint,
    bucketName: BUCKET,
    bucket,
    written(key, read, signal) {
      return new Promise((resolve, reject) => {
        const end = () => {
          listeners.delete(listener);
          signal.removeEventListener("abort", give);
        };
        const give = () => {
          end();
          reject(signal.reason);
        };
        const listener: Listener = (written, content) => {
          if (written !== key) return;
          const value = read(content);
          if (value === undefined) return;
          end();
          resolve(value);
        };
        if (signal.aborted) return reject(signal.reason);
        listeners.add(listener);
        signal.addEventListener("abort", give, { once: true });
      });
    },
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

async function answer(
  request: Request,
  bucket: MemoryBucket,
  listeners: ReadonlySet<Listener>,
): Promise<Response> {
  const { pathname, searchParams } = new URL(request.url);
  const [name, ...rest] = pathname.slice(1).split("/");
  if (name !== BUCKET) return failure(404, "NoSuchBucket", `${name}`);
  const key = decodeURIComponent(rest.join("/"));
  if (key === "") {
    if (request.method !== "GET") return failure(405, "MethodNotAllowed", "");
    const prefix = searchParams.get("prefix") ?? "";
    return xml(200, listing(await Array.fromAsync(bucket.list(prefix))));
  }
  switch (request.method) {
    case "GET":
      return await get(request, key, bucket);
    case "PUT":
      return await put(request, key, bucket, listeners);
    case "DELETE":
      await bucket.delete(key);
      return new Response(null, { status: 204 });
    default:
      return failure(405, "MethodNotAllowed", request.method);
  }
}

async function get(
  { headers }: Request,
  key: string,
  bucket: MemoryBucket,
): Promise<Response> {
  const known = headers.get("if-none-match");
  const found = await bucket.get(
    key,
    known === null ? {} : { ifNoneMatch: known },
  );
  if (found.status === "missing") return failure(404, "NoSuchKey", key);
  if (found.status === "unchanged") return new Response(null, { status: 304 });
  return new Response(found.body, {
    headers: {
      etag: found.etag,
      "content-length": String(found.size),
      // Else the server may compress it, and weaken the ETag.
      "cache-control": "no-transform",
    },
  });
}

async function put(
  request: Request,
  key: string,
  bucket: MemoryBucket,
  listeners: ReadonlySet<Listener>,
): Promise<Response> {
  const content = await request.bytes();
  const ifMatch = request.headers.get("if-match");
  const condition: WriteCondition = ifMatch !== null
    ? { ifMatch }
    : request.headers.get("if-none-match") === "*"
    ? { ifNoneMatch: "*" }
    : "always";
  const outcome = await bucket.put(key, content, condition);
  if (outcome.status !== "written") {
    return failure(412, "PreconditionFailed", key);
  }
  for (const listener of [...listeners]) listener(key, content);
  return new Response(null, { headers: { etag: outcome.etag } });
}

function listing(objects: readonly ListedObject[]): string {
  const contents = objects.map(({ key, size, etag, lastModified }) =>
    `<Contents><Key>${
      text(key)
    }</Key><LastModified>${lastModified}</LastModified><ETag>${
      text(etag)
    }</ETag><Size>${size}</Size></Contents>`
  );
  return `<ListBucketResult><IsTruncated>false</IsTruncated>${
    contents.join("")
  }</ListBucketResult>`;
}

function failure(status: number, code: string, message: string): Response {
  return xml(
    status,
    `<Error><Code>${code}</Code><Message>${text(message)}</Message></Error>`,
  );
}

function xml(status: number, body: string): Response {
  return new Response(`<?xml version="1.0" encoding="UTF-8"?>\n${body}`, {
    status,
    headers: { "content-type": "application/xml" },
  });
}

function text(value: string): string {
  return value.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(
    '"',
    "&quot;",
  );
}
