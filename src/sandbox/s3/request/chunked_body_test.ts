import { assertEquals, assertThrows } from "@std/assert";
import { createHash, createHmac } from "node:crypto";
import { assertS3Error, KEY, running, send } from "../fixture_test.ts";
import { dechunk } from "./chunked_body.ts";
import { S3Error } from "../s3_error.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

Deno.test("dechunk() puts pieces together and reads the headers at the end", () => {
  const { body, trailers } = dechunk(
    bytes(
      "3\r\n\r\n!\r\nA\r\n0123456789\r\n0\r\nX-Amz-Checksum-Crc32: abc=\r\n\r\n",
    ),
    null,
  );
  assertEquals(new TextDecoder().decode(body), "\r\n!0123456789");
  assertEquals([...trailers], [["x-amz-checksum-crc32", "abc="]]);
  assertEquals(dechunk(bytes("0\r\n\r\n"), null).body.length, 0);
});

Deno.test("dechunk() refuses a body that is cut or written otherwise", () => {
  for (
    const text of [
      "",
      "5\r\nhell",
      "5\r\nhello",
      "5\r\nhello\r\n",
      "4\r\nhello\r\n0\r\n\r\n",
      "x\r\n\r\n",
      "-1\r\n\r\n",
      "123456789\r\n",
      `0${" ".repeat(2000)}\r\n\r\n`,
      "0\r\nno header\r\n\r\n",
    ]
  ) {
    assertThrows(() => dechunk(bytes(text), null), S3Error, "terminated");
  }
});

/** A request whose chunks are signed one after the other, straight from the text of the AWS spec. */
async function chunked(
  url: string,
  change: (body: string) => string = (body) => body,
): Promise<Response> {
  const date = new Date();
  const timestamp = date.toISOString().replaceAll(/[-:]|\.\d{3}/g, "");
  const scope = [timestamp.slice(0, 8), "auto", "s3", "aws4_request"];
  const sha256 = (text: string) =>
    createHash("sha256").update(text).digest("hex");
  const key = scope.reduce<string | Uint8Array>(
    (key, text) => createHmac("sha256", key).update(text).digest(),
    `AWS4${KEY.secretAccessKey}`,
  );
  const signed = (kind: string, ...lines: string[]) =>
    createHmac("sha256", key).update(
      [`AWS4-HMAC-SHA256-${kind}`, timestamp, scope.join("/"), ...lines]
        .join("\n"),
    ).digest("hex");
  const trailer = `x-amz-checksum-sha256:${
    createHash("sha256").update("hello").digest("base64")
  }`;
  return await send(url, {
    method: "PUT",
    date,
    payloadHash: "STREAMING-AWS4-HMAC-SHA256-PAYLOAD-TRAILER",
    headers: {
      "content-encoding": "aws-chunked,identity",
      "x-amz-decoded-content-length": "5",
      "x-amz-trailer": "x-amz-checksum-sha256",
    },
    sign: (seed) => {
      let previous = seed;
      let body = "";
      for (const piece of ["he", "llo", ""]) {
        previous = signed("PAYLOAD", previous, sha256(""), sha256(piece));
        body += `${piece.length.toString(16)};chunk-signature=${previous}\r\n${
          piece === "" ? "" : `${piece}\r\n`
        }`;
      }
      const last = signed("TRAILER", previous, sha256(`${trailer}\n`));
      body += `${trailer}\r\nx-amz-trailer-signature:${last}\r\n\r\n`;
      return bytes(change(body));
    },
  });
}

Deno.test("startObjectStore() takes a body that is signed chunk by chunk, and none that was changed", async () => {
  await using store = await running();
  const { url } = store.server;
  const good = await chunked(url);
  assertEquals([good.status, await good.text()], [200, ""]);
  const read = await send(url);
  assertEquals(
    [read.headers.get("content-encoding"), await read.text()],
    ["identity", "hello"],
  );
  for (
    const [change, code] of [
      [(body) => body.replace("llo", "LLO"), "SignatureDoesNotMatch"],
      [(body) => body.replace(/.*\r\nhe\r\n/, ""), "SignatureDoesNotMatch"],
      [(body) => body.replace("sha256:", "sha256:A"), "SignatureDoesNotMatch"],
      [
        (body) => body.replace(/x-amz-trailer-signature.*\r\n/, ""),
        "SignatureDoesNotMatch",
      ],
    ] satisfies [(body: string) => string, string][]
  ) {
    await assertS3Error(await chunked(url, change), 403, code);
  }
});
