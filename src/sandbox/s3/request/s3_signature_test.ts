import { assertEquals } from "@std/assert";
import { createHash, createHmac } from "node:crypto";
import {
  assertS3Error,
  BYTES,
  KEY,
  running,
  send,
  type Signing,
} from "../fixture_test.ts";

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
    ["chunked otherwise", 501, "NotImplemented", {
      payloadHash: "STREAMING-AWS4-ECDSA-P256-SHA256-PAYLOAD",
    }],
    ["chunked without chunks", 400, "IncompleteBody", {
      method: "PUT",
      body: BYTES,
      payloadHash: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    }],
    ["chunked to another length", 400, "IncompleteBody", {
      method: "PUT",
      body: new TextEncoder().encode("2\r\nhi\r\n0\r\n\r\n"),
      headers: { "x-amz-decoded-content-length": "3" },
      payloadHash: "STREAMING-UNSIGNED-PAYLOAD-TRAILER",
    }],
    ["wrong md5", 400, "BadDigest", {
      method: "PUT",
      body: BYTES,
      headers: { "content-md5": "AAAA" },
    }],
    ["other bucket", 404, "NoSuchBucket", { target: "/other/key" }],
    ["missing key", 404, "NoSuchKey", {}],
    ["parameters of another operation", 501, "NotImplemented", {
      target: "/bucket/key?tagging=",
    }],
    ["a version", 501, "NotImplemented", {
      target: "/bucket/key?versionId=1",
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

Deno.test("startObjectStore() takes a presigned URL while it lasts, and as it was signed", async () => {
  await using store = await running();
  const { url } = store.server;
  const written = await send(url, { method: "PUT", body: BYTES });
  await written.body?.cancel();
  const presigned = (
    { expires = "60", date = new Date(), method = "GET", path = "/bucket/key" },
  ) => {
    const timestamp = date.toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
    const scope = [timestamp.slice(0, 8), "auto", "s3", "aws4_request"];
    const query = [
      "X-Amz-Algorithm=AWS4-HMAC-SHA256",
      `X-Amz-Credential=${
        encodeURIComponent([KEY.accessKeyId, ...scope].join("/"))
      }`,
      `X-Amz-Date=${timestamp}`,
      `X-Amz-Expires=${expires}`,
      "X-Amz-SignedHeaders=host",
    ].join("&");
    const canonical = [
      method,
      path,
      query,
      `host:${new URL(url).host}\n`,
      "host",
      "UNSIGNED-PAYLOAD",
    ].join("\n");
    const hash = createHash("sha256").update(canonical).digest("hex");
    const toSign = ["AWS4-HMAC-SHA256", timestamp, scope.join("/"), hash];
    const key = scope.reduce<string | Uint8Array>(
      (key, text) => createHmac("sha256", key).update(text).digest(),
      `AWS4${KEY.secretAccessKey}`,
    );
    const signature = createHmac("sha256", key).update(toSign.join("\n"))
      .digest("hex");
    return `${url}${path}?${query}&X-Amz-Signature=${signature}`;
  };
  const minutes = (count: number) => new Date(Date.now() + count * 60_000);
  const good = await fetch(presigned({}));
  assertEquals([good.status, await good.text()], [200, "hello world"]);
  const old = await fetch(presigned({ date: minutes(-120), expires: "7300" }));
  assertEquals([old.status, await old.text()], [200, "hello world"]);
  const put = await fetch(presigned({ method: "PUT" }), {
    method: "PUT",
    body: "by URL",
    headers: { "content-type": "text/plain" },
  });
  assertEquals([put.status, await put.text()], [200, ""]);
  const read = await fetch(presigned({}));
  assertEquals(
    [read.headers.get("content-type"), await read.text()],
    ["text/plain", "by URL"],
  );
  for (
    const [target, status, code, init = {}] of [
      [presigned({ date: minutes(-2) }), 403, "AccessDenied"],
      [presigned({ date: minutes(20) }), 403, "AccessDenied"],
      [
        presigned({ expires: "604801" }),
        400,
        "AuthorizationQueryParametersError",
      ],
      [presigned({ expires: "" }), 400, "AuthorizationQueryParametersError"],
      [presigned({}), 403, "SignatureDoesNotMatch", { method: "PUT" }],
      [`${presigned({})}&response-expires=1`, 403, "SignatureDoesNotMatch"],
      [presigned({}), 403, "AccessDenied", { headers: { "x-amz-acl": "x" } }],
    ] satisfies [string, number, string, RequestInit?][]
  ) {
    await assertS3Error(await fetch(target, init), status, code);
  }
});
