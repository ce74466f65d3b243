import { assert, assertEquals } from "@std/assert";
import { createHash } from "node:crypto";
import { assertS3Error, BYTES, running, send } from "./fixture_test.ts";

const MIB = 1024 * 1024;

function md5(bytes: Uint8Array): string {
  return createHash("md5").update(bytes).digest("hex");
}

Deno.test("startObjectStore() puts an object together of parts, in the order of their numbers", async () => {
  await using store = await running();
  const { url } = store.server;
  const text = async (response: Promise<Response>) => {
    const answer = await response;
    return [answer.status, await answer.text()] as const;
  };
  const begin = async (key: string) => {
    const [, xml] = await text(send(url, {
      method: "POST",
      target: `/bucket/${key}?uploads=`,
      headers: { "content-type": "text/plain", "x-amz-meta-a": "1" },
    }));
    return /<UploadId>(.*?)</.exec(xml)?.[1] ?? "";
  };
  const part = (id: string, number: number, body: Uint8Array<ArrayBuffer>) =>
    send(url, {
      method: "PUT",
      target: `/bucket/key?partNumber=${number}&uploadId=${id}`,
      body,
    });
  const complete = (
    id: string,
    parts: readonly (readonly [number, string])[],
    headers: Record<string, string> = {},
  ) =>
    send(url, {
      method: "POST",
      target: `/bucket/key?uploadId=${id}`,
      headers,
      body: new TextEncoder().encode(
        `<CompleteMultipartUpload>${
          parts.map(([number, etag]) =>
            `<Part><PartNumber>${number}</PartNumber><ETag>&quot;${etag}&quot;</ETag></Part>`
          ).join("")
        }</CompleteMultipartUpload>`,
      ),
    });

  const large = new Uint8Array(5 * MIB).fill(7);
  const id = await begin("key");
  for (
    const [number, body] of [[9, BYTES], [1, BYTES], [1, large]] as const
  ) {
    assertEquals((await text(part(id, number, body)))[0], 200);
  }
  await assertS3Error(await part(id, 0, BYTES), 400, "InvalidArgument");
  await assertS3Error(await part("none", 1, BYTES), 404, "NoSuchUpload");

  const target = `/bucket/key?max-parts=1&uploadId=${id}`;
  const [, first] = await text(send(url, { target }));
  assertEquals(
    [/<PartNumber>(\d+)/.exec(first)?.[1], /<Size>(\d+)/.exec(first)?.[1]],
    ["1", String(5 * MIB)],
  );
  assert(first.includes("<IsTruncated>true<"), first);
  const [, under] = await text(send(url, { target: "/bucket?uploads=" }));
  assert(under.includes(`<Key>key</Key><UploadId>${id}</UploadId>`), under);
  const missing = await send(url, { method: "HEAD", target: "/bucket/key" });
  assertEquals(missing.status, 404);

  const both = [[1, md5(large)], [9, md5(BYTES)]] as const;
  for (
    const [parts, code] of [
      [[], "MalformedXML"],
      [both.toReversed(), "InvalidPartOrder"],
      [[both[0], both[0]], "InvalidPartOrder"],
      [[[1, md5(BYTES)]], "InvalidPart"],
      [[both[0], [2, md5(BYTES)]], "InvalidPart"],
    ] as const
  ) {
    await assertS3Error(await complete(id, parts), 400, code);
  }
  await assertS3Error(
    await complete(id, both, { "if-match": '"x"' }),
    404,
    "NoSuchKey",
  );
  const [status, done] = await text(
    complete(id, both, { "if-none-match": "*" }),
  );
  const joint = createHash("md5").update(md5(large), "hex")
    .update(md5(BYTES), "hex").digest("hex");
  assertEquals(status, 200);
  assert(done.includes(`<ETag>&quot;${joint}-2&quot;</ETag>`), done);
  const read = await send(url);
  const bytes = await read.bytes();
  assertEquals([bytes.length, bytes[0], bytes.at(-1)], [5 * MIB + 11, 7, 100]);
  assertEquals(
    [read.headers.get("content-type"), read.headers.get("x-amz-meta-a")],
    ["text/plain", "1"],
  );
  await assertS3Error(await complete(id, both), 404, "NoSuchUpload");
});

Deno.test("startObjectStore() wants 5 MiB of all parts but the last, and forgets an upload that is aborted", async () => {
  await using store = await running();
  const { url } = store.server;
  const begun = await send(url, {
    method: "POST",
    target: "/bucket/key?uploads=",
  });
  const id = /<UploadId>(.*?)</.exec(await begun.text())?.[1];
  for (const number of [1, 2]) {
    const target = `/bucket/key?partNumber=${number}&uploadId=${id}`;
    const answer = await send(url, { method: "PUT", target, body: BYTES });
    await answer.body?.cancel();
  }
  const target = `/bucket/key?uploadId=${id}`;
  const body = new TextEncoder().encode(
    [1, 2].map((number) =>
      `<PartNumber>${number}</PartNumber><ETag>${md5(BYTES)}</ETag>`
    ).join(""),
  );
  const complete = () => send(url, { method: "POST", target, body });
  await assertS3Error(await complete(), 400, "EntityTooSmall");
  const composite = await send(url, {
    method: "POST",
    target,
    body,
    headers: { "x-amz-checksum-crc32": "AAAAAA==-2" },
  });
  await composite.body?.cancel();
  assertEquals([400, 501].includes(composite.status), true);
  const aborted = await send(url, { method: "DELETE", target });
  assertEquals(aborted.status, 204);
  await assertS3Error(await complete(), 404, "NoSuchUpload");
});
