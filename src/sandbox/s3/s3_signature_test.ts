import { assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import {
  assertS3Error,
  BYTES,
  running,
  send,
  type Signing,
} from "./fixture_test.ts";

Deno.test("startObjectStore() refuses requests that are not signed as they are sent", async () => {
  await using store = await running();
  const { url } = store.server;
  const unsigned = await fetch(`${url}/bucket/key`);
  await assertS3Error(unsigned, 403, "AccessDenied");
  const cases: [string, number, string, Signing][] = [
    ["wrong secret", 403, "SignatureDoesNotMatch", { secret: "wrong" }],
    ["unknown key", 403, "InvalidAccessKeyId", { accessKeyId: "AKOTHER" }],
    ["other method", 403, "SignatureDoesNotMatch", {
      method: "DELETE",
      signedMethod: "GET",
    }],
    ["other key", 403, "SignatureDoesNotMatch", {
      signedTarget: "/bucket/other",
    }],
    ["other query", 403, "SignatureDoesNotMatch", {
      target: "/bucket?list-type=2&prefix=b",
      signedTarget: "/bucket?list-type=2&prefix=a",
    }],
    ["path signed raw", 403, "SignatureDoesNotMatch", {
      target: "/bucket/a%20b",
      signedTarget: "/bucket/a b",
    }],
    ["changed signed header", 403, "SignatureDoesNotMatch", {
      method: "PUT",
      body: BYTES,
      headers: { "x-amz-meta-a": "1" },
      unsigned: { "x-amz-meta-a": "2" },
    }],
    ["unsigned content-type", 403, "AccessDenied", {
      method: "PUT",
      body: BYTES,
      unsigned: { "content-type": "text/plain" },
    }],
    ["unsigned x-amz-meta", 403, "AccessDenied", {
      unsigned: { "x-amz-meta-a": "1" },
    }],
    ["other service", 400, "AuthorizationHeaderMalformed", { service: "ec2" }],
    ["20 minutes late", 403, "RequestTimeTooSkewed", {
      date: new Date(Date.now() - 20 * 60_000),
    }],
    ["20 minutes early", 403, "RequestTimeTooSkewed", {
      date: new Date(Date.now() + 20 * 60_000),
    }],
    ["changed body", 400, "XAmzContentSHA256Mismatch", {
      method: "PUT",
      body: BYTES,
      payloadHash: createHash("sha256").update("other").digest("hex"),
    }],
    ["chunked", 501, "NotImplemented", {
      payloadHash: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD",
    }],
    ["wrong md5", 400, "BadDigest", {
      method: "PUT",
      body: BYTES,
      headers: { "content-md5": "AAAA" },
    }],
    ["other bucket", 404, "NoSuchBucket", { target: "/other/key" }],
    ["missing key", 404, "NoSuchKey", {}],
    ["multipart", 501, "NotImplemented", {
      method: "POST",
      target: "/bucket/key?uploads=",
    }],
    ["post", 405, "MethodNotAllowed", { method: "POST" }],
    ["long key", 400, "KeyTooLongError", {
      target: `/bucket/${"k".repeat(1025)}`,
    }],
  ];
  for (const [name, status, code, signing] of cases) {
    try {
      await assertS3Error(await send(url, signing), status, code);
    } catch (error) {
      throw new Error(`case "${name}"`, { cause: error });
    }
  }
  const bad = await fetch(`${url}/bucket/key`, {
    headers: { authorization: "Basic abc" },
  });
  await assertS3Error(bad, 400, "AuthorizationHeaderMalformed");
});

Deno.test("startObjectStore() accepts clocks 5 minutes off and a body with the signed hash", async () => {
  await using store = await running();
  const { url } = store.server;
  for (const minutes of [-5, 5]) {
    const response = await send(url, {
      method: "PUT",
      body: BYTES,
      payloadHash: createHash("sha256").update(BYTES).digest("hex"),
      date: new Date(Date.now() + minutes * 60_000),
      headers: { "content-type": "text/plain", "x-amz-meta-a": "1" },
    });
    assertEquals([response.status, await response.text()], [200, ""]);
  }
  const read = await send(url);
  assertEquals(read.headers.get("content-type"), "text/plain");
  assertEquals(read.headers.get("x-amz-meta-a"), "1");
  await read.body?.cancel();
});
