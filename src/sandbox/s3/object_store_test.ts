import { assert, assertEquals, assertRejects } from "@std/assert";
import { BucketError } from "@flyhot/runtime/bucket";
import { createHash } from "node:crypto";
import {
  assertS3Error,
  BYTES,
  running,
  send,
  type Signing,
} from "./fixture_test.ts";

Deno.test("startObjectStore() reads back what the official client wrote", async () => {
  await using store = await running();
  const bucket = store.bucket();
  const written = await bucket.put("a/b c+d/ü.txt", BYTES, "always", {
    contentType: "text/plain",
  });
  const etag = `"${createHash("md5").update(BYTES).digest("hex")}"`;
  assertEquals(written, { status: "written", etag });
  const read = await bucket.get("a/b c+d/ü.txt");
  assert(read.status === "found");
  assertEquals([read.etag, read.size], [etag, BYTES.byteLength]);
  assertEquals(await new Response(read.body).text(), "hello world");
  assertEquals(
    (await bucket.get("a/b c+d/ü.txt", { ifNoneMatch: etag })).status,
    "unchanged",
  );
  await bucket.delete("a/b c+d/ü.txt");
  await bucket.delete("a/b c+d/ü.txt");
  assertEquals((await bucket.get("a/b c+d/ü.txt")).status, "missing");
});

Deno.test("startObjectStore() lists in byte order, page by page", async () => {
  await using store = await running();
  const bucket = store.bucket();
  const keys = ["p/a&<b>", "p/ä", "p/\u{ffee}", "p/\u{1f600}", "p/A", "p/a\nb"];
  for (const key of [...keys, "q/other"]) {
    await bucket.put(key, BYTES, "always");
  }
  const listed = await Array.fromAsync(bucket.list("p/"));
  assertEquals(listed.map(({ key }) => key), [
    "p/A",
    "p/a\nb",
    "p/a&<b>",
    "p/ä",
    "p/\u{ffee}",
    "p/\u{1f600}",
  ]);
  assertEquals(new Set(listed.map(({ size }) => size)), new Set([11]));
  const { url } = store.server;
  const seen: string[] = [];
  let token = "";
  for (let page = 0; page < 4; page++) {
    const target = "/bucket?" +
      (token ? `continuation-token=${encodeURIComponent(token)}&` : "") +
      "list-type=2&max-keys=2&prefix=p%2F";
    const xml = await (await send(url, { target })).text();
    seen.push(...xml.match(/<Key>[^<]*/g) ?? []);
    assertEquals(/<IsTruncated>(\w+)/.exec(xml)?.[1], String(page < 2));
    token = /<NextContinuationToken>([^<]*)/.exec(xml)?.[1] ?? "";
    if (token === "") break;
  }
  assertEquals(seen.length, 6);
  assertEquals(new Set(seen).size, 6);
});

Deno.test("startObjectStore() lists groups by delimiter, and from a key on", async () => {
  await using store = await running();
  const bucket = store.bucket();
  for (const key of ["a/1", "a/2", "b", "c/1/x", "c/2"]) {
    await bucket.put(key, BYTES, "always");
  }
  const list = async (query: string) => {
    const target = `/bucket?${query}`;
    const xml = await (await send(store.server.url, { target })).text();
    return [...xml.matchAll(/<(Key|Prefix)>([^<]+)/g)].map(([, , key]) => key);
  };
  assertEquals(await list("delimiter=%2F&list-type=2"), ["b", "a/", "c/"]);
  assertEquals(await list("delimiter=%2F&list-type=2&prefix=c%2F"), [
    "c/",
    "c/2",
    "c/1/",
  ]);
  assertEquals(await list("list-type=2&start-after=b"), ["c/1/x", "c/2"]);
  const target = "/bucket?delimiter=%2F&list-type=2&max-keys=1";
  const first = await (await send(store.server.url, { target })).text();
  assert(first.includes("<Prefix>a/</Prefix>"));
  const token = /<NextContinuationToken>([^<]*)/.exec(first)?.[1] ?? "";
  assertEquals(
    await list(
      `continuation-token=${
        encodeURIComponent(token)
      }&delimiter=%2F&list-type=2`,
    ),
    ["b", "c/"],
  );
  await assertS3Error(
    await send(store.server.url, {
      target: "/bucket?continuation-token=%21&list-type=2",
    }),
    400,
    "InvalidArgument",
  );
});

Deno.test("startObjectStore() gives the part of an object that a client asks for", async () => {
  await using store = await running();
  const { url } = store.server;
  await (await send(url, { method: "PUT", body: BYTES })).body?.cancel();
  const part = async (range: string) => {
    const answer = await send(url, { unsigned: { range } });
    const text = await answer.text();
    return [answer.status, answer.headers.get("content-range"), text];
  };
  // As clients that download in parallel put it together again.
  assertEquals(await part("bytes=0-3"), [206, "bytes 0-3/11", "hell"]);
  assertEquals(await part("bytes=4-"), [206, "bytes 4-10/11", "o world"]);
  assertEquals(await part("bytes=8-99"), [206, "bytes 8-10/11", "rld"]);
  assertEquals(await part("bytes=-5"), [206, "bytes 6-10/11", "world"]);
  for (const odd of ["bytes=5-2", "bytes=a-b", "lines=1-2"]) {
    assertEquals(await part(odd), [200, null, "hello world"], odd);
  }
  for (const beyond of ["bytes=11-", "bytes=-0"]) {
    const answer = await send(url, { unsigned: { range: beyond } });
    await assertS3Error(answer, 416, "InvalidRange");
  }
});

Deno.test("startObjectStore() lists keys encoded as aws-cli asks for it, slashes left, and says so", async () => {
  await using store = await running();
  await store.bucket().put("aws/a b&ü.txt", BYTES, "always");
  const target =
    "/bucket?delimiter=%2F&encoding-type=url&list-type=2&prefix=aws%2F&start-after=aws%2Fa";
  const xml = await (await send(store.server.url, { target })).text();
  for (
    const piece of [
      "<Key>aws/a%20b%26%C3%BC.txt</Key>",
      "<EncodingType>url</EncodingType>",
      "<Delimiter>/</Delimiter>",
      "<StartAfter>aws/a</StartAfter>",
    ]
  ) assert(xml.includes(piece), `${piece} in ${xml}`);
});

Deno.test("startObjectStore() refuses content that is not what its checksum says", async () => {
  await using store = await running();
  const { url } = store.server;
  for (const algorithm of ["sha1", "sha256"]) {
    const put = (body: string) =>
      send(url, {
        method: "PUT",
        body: BYTES,
        headers: {
          [`x-amz-checksum-${algorithm}`]: createHash(algorithm).update(body)
            .digest("base64"),
        },
      });
    const good = await put("hello world");
    await good.body?.cancel();
    assertEquals(good.status, 200);
    await assertS3Error(await put("hello"), 400, "BadDigest");
  }
});

Deno.test("startObjectStore() judges the conditions of a read", async () => {
  await using store = await running();
  const { url } = store.server;
  const written = await send(url, { method: "PUT", body: BYTES });
  const etag = written.headers.get("etag") ?? "";
  assertEquals([written.status, await written.text()], [200, ""]);
  const get = (conditions: Record<string, string>, method = "GET") =>
    send(url, { method, headers: conditions });
  const unchanged = await get({ "if-none-match": etag });
  assertEquals([unchanged.status, unchanged.headers.get("etag")], [304, etag]);
  assertEquals(await unchanged.text(), "");
  const same = await get({ "if-match": etag });
  assertEquals([same.status, await same.text()], [200, "hello world"]);
  await assertS3Error(
    await get({ "if-match": '"other"' }),
    412,
    "PreconditionFailed",
  );
  const head = await get({}, "HEAD");
  assertEquals(
    [head.status, head.headers.get("content-length"), await head.text()],
    [200, "11", ""],
  );
  const missing = await send(url, { method: "HEAD", target: "/bucket/none" });
  assertEquals([missing.status, await missing.text()], [404, ""]);
});

Deno.test("startObjectStore() removes many objects, lists in the old way, and knows its buckets", async () => {
  await using store = await running();
  const { url } = store.server;
  const keys = ["a&b", "c/1", "c/2", "d"];
  for (const key of keys) await store.bucket().put(key, BYTES, "always");
  const text = async (signing: Signing) =>
    await (await send(url, signing)).text();
  const listed = async (query: string) => {
    const xml = await text({ target: `/bucket${query}` });
    return Array.from(
      xml.matchAll(/<(?:Key|Prefix|NextMarker)>([^<]+)/g),
      ([, it]) => it,
    );
  };
  assertEquals(await listed(""), ["a&amp;b", "c/1", "c/2", "d"]);
  assertEquals(await listed("?marker=c%2F1"), ["c/2", "d"]);
  assertEquals(
    await listed("?delimiter=%2F&encoding-type=url&max-keys=2"),
    ["c/", "a%26b", "c/"],
  );
  await assertS3Error(
    await send(url, { target: "/bucket?versions=" }),
    501,
    "NotImplemented",
  );
  assert((await text({ target: "/" })).includes("<Name>bucket</Name>"));
  assert((await text({ target: "/bucket?location=" })).includes("Location"));
  const versioning = await text({ target: "/bucket?versioning=" });
  assert(versioning.includes("<VersioningConfiguration"), versioning);
  assert(!versioning.includes("Status"), versioning);
  await assertS3Error(
    await send(url, { target: "/bucket", method: "PUT" }),
    409,
    "BucketAlreadyOwnedByYou",
  );
  const remove = (inner: string) =>
    send(url, {
      method: "POST",
      target: "/bucket?delete=",
      body: new TextEncoder().encode(`<Delete>${inner}</Delete>`),
    });
  const removed = await remove(
    "<Object><Key>a&#38;b</Key></Object><Object><Key>none</Key></Object>",
  );
  assertEquals(
    (await removed.text()).match(/<Key>[^<]*/g),
    ["<Key>a&amp;b", "<Key>none"],
  );
  const quiet = await remove(
    "<Object><Key>c/1</Key></Object><Quiet>true</Quiet>",
  );
  assertEquals((await quiet.text()).match(/<Key>/g), null);
  await assertS3Error(await remove(""), 400, "MalformedXML");
  await assertS3Error(
    await remove("<Object><Key>d</Key><VersionId>1</VersionId></Object>"),
    501,
    "NotImplemented",
  );
  assertEquals(await listed(""), ["c/2", "d"]);
});

Deno.test("startObjectStore() gives the official client errors it can explain", async () => {
  await using store = await running();
  const { url } = store.server;
  for (
    const [options, code, said] of [
      [{ secretAccessKey: "wrong" }, "credentials", "SignatureDoesNotMatch"],
      [{ accessKeyId: "AKOTHER" }, "credentials", "InvalidAccessKeyId"],
      [{ bucket: "other" }, "no_bucket", `Cannot find the bucket "other"`],
    ] as const
  ) {
    const error = await assertRejects(
      () => store.bucket(options).get("key"),
      BucketError,
      said,
    );
    assertEquals(error.code, code);
  }
  await store.server.close();
  const error = await assertRejects(
    () => store.bucket().get("key"),
    BucketError,
    `Cannot reach ${url}/bucket/key (GET)`,
  );
  assertEquals(error.code, "network");
});
