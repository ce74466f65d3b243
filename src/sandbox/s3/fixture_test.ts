/** What the tests of the object store share: a store, the official client, and requests signed by hand. No tests here.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import { S3Bucket } from "@flyhot/runtime/bucket";
import { createHash, createHmac } from "node:crypto";
import type { Fault } from "../server/faults.ts";
import type { LoopbackServer } from "../server/loopback_server.ts";
import { startObjectStore } from "./object_store.ts";

export const KEY = {
  accessKeyId: "AKSANDBOX",
  secretAccessKey: "very/secret+key",
};
export const BYTES = new TextEncoder().encode("hello world");

export interface Running extends AsyncDisposable {
  readonly server: LoopbackServer;
  bucket(options?: Partial<typeof KEY> & { bucket?: string }): S3Bucket;
}

export async function running(
  faults?: (path: string, method: string) => Fault | undefined,
): Promise<Running> {
  const server = await startObjectStore({
    bucket: "bucket",
    ...KEY,
    ...(faults ? { faults: ({ path, method }) => faults(path, method) } : {}),
  });
  return {
    server,
    bucket: (options) =>
      new S3Bucket({
        endpoint: server.url,
        bucket: "bucket",
        ...KEY,
        attemptsMax: 1,
        ...options,
      }),
    [Symbol.asyncDispose]: () => server.close(),
  };
}

export interface Signing {
  method?: string;
  target?: string;
  headers?: Record<string, string>;
  unsigned?: Record<string, string>;
  body?: Uint8Array<ArrayBuffer>;
  /** Makes the body of the request's signature instead. */
  sign?: (signature: string) => Uint8Array<ArrayBuffer>;
  payloadHash?: string;
  date?: Date;
  accessKeyId?: string;
  secret?: string;
  service?: string;
  signedMethod?: string;
  signedTarget?: string;
}

/** Signs by hand, straight from the text of the AWS spec, so that every part can be made wrong. */
export async function send(
  url: string,
  signing: Signing = {},
): Promise<Response> {
  const method = signing.method ?? "GET";
  const target = signing.target ?? "/bucket/key";
  const timestamp = (signing.date ?? new Date()).toISOString()
    .replaceAll(/[-:]|\.\d{3}/g, "");
  const headers: Record<string, string> = {
    host: new URL(url).host,
    "x-amz-date": timestamp,
    "x-amz-content-sha256": signing.payloadHash ?? "UNSIGNED-PAYLOAD",
    ...signing.headers,
  };
  const names = Object.keys(headers).sort();
  const [path = "", query = ""] = (signing.signedTarget ?? target).split("?");
  const canonical = [
    signing.signedMethod ?? method,
    path,
    query,
    names.map((name) => `${name}:${headers[name]}\n`).join(""),
    names.join(";"),
    headers["x-amz-content-sha256"],
  ].join("\n");
  const service = signing.service ?? "s3";
  const scope = [timestamp.slice(0, 8), "auto", service, "aws4_request"];
  const hash = createHash("sha256").update(canonical).digest("hex");
  const toSign = ["AWS4-HMAC-SHA256", timestamp, scope.join("/"), hash];
  const key = scope.reduce<string | Uint8Array>(
    (key, text) => createHmac("sha256", key).update(text).digest(),
    `AWS4${signing.secret ?? KEY.secretAccessKey}`,
  );
  const signature = createHmac("sha256", key).update(toSign.join("\n"))
    .digest("hex");
  const body = signing.sign?.(signature) ?? signing.body;
  const credential = [signing.accessKeyId ?? KEY.accessKeyId, ...scope];
  delete headers.host;
  return await fetch(url + target, {
    method,
    headers: {
      ...headers,
      ...signing.unsigned,
      authorization: `AWS4-HMAC-SHA256 Credential=${
        credential.join("/")
      }, SignedHeaders=${names.join(";")}, Signature=${signature}`,
    },
    ...(body ? { body } : {}),
  });
}

export async function assertS3Error(
  response: Response,
  status: number,
  code: string,
): Promise<void> {
  const xml = await response.text();
  assertEquals([response.status, /<Code>(.*?)<\/Code>/.exec(xml)?.[1]], [
    status,
    code,
  ]);
  assert(/<Message>.+<\/Message>/.test(xml), xml);
  assertEquals(response.headers.get("content-type"), "application/xml");
}
