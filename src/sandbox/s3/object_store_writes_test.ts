import { assert, assertEquals } from "@std/assert";
import { getJson, putJson } from "@flyhot/runtime/bucket";
import type { Fault } from "../server/faults.ts";
import { assertS3Error, BYTES, running, send } from "./fixture_test.ts";

Deno.test("startObjectStore() takes a client's conditional writes one at a time", async () => {
  await using store = await running();
  const bucket = store.bucket();
  const create = () =>
    putJson(bucket, "lock", { by: crypto.randomUUID() }, {
      ifNoneMatch: "*",
    });
  const created = await Promise.all(Array.from({ length: 12 }, create));
  assertEquals(created.filter(({ status }) => status === "written").length, 1);
  assertEquals(created.filter(({ status }) => status === "lost").length, 11);
  const first = await getJson(bucket, "lock");
  assert(first.status === "found");
  const swapped = await Promise.all(
    Array.from(
      { length: 12 },
      (_, i) => putJson(bucket, "lock", { i }, { ifMatch: first.etag }),
    ),
  );
  assertEquals(swapped.filter(({ status }) => status === "written").length, 1);
  assertEquals(swapped.filter(({ status }) => status === "lost").length, 11);
  assertEquals(
    await putJson(bucket, "none", {}, { ifMatch: first.etag }),
    { status: "lost" },
  );
});

Deno.test("startObjectStore() refuses a write or removal whose condition does not hold", async () => {
  await using store = await running();
  const { url } = store.server;
  const put = (headers: Record<string, string>, target = "/bucket/key") =>
    send(url, { method: "PUT", body: BYTES, headers, target });
  await assertS3Error(await put({ "if-match": '"x"' }), 404, "NoSuchKey");
  const first = await put({ "if-none-match": "*" });
  assertEquals([first.status, await first.text()], [200, ""]);
  await assertS3Error(
    await put({ "if-none-match": "*" }),
    412,
    "PreconditionFailed",
  );
  await assertS3Error(
    await put({ "if-match": '"x"' }),
    412,
    "PreconditionFailed",
  );
  await assertS3Error(
    await put({ "if-none-match": '"x"' }),
    501,
    "NotImplemented",
  );
  await assertS3Error(
    await send(url, { method: "DELETE", headers: { "if-match": '"x"' } }),
    412,
    "PreconditionFailed",
  );
  const bare = (first.headers.get("etag") ?? "").replaceAll('"', "");
  const again = await put({ "if-match": bare });
  assertEquals([again.status, await again.text()], [200, ""]);
});

Deno.test("startObjectStore() copies an object, with its headers or others, whole or as a part", async () => {
  await using store = await running();
  const { url } = store.server;
  const first = await send(url, {
    method: "PUT",
    body: BYTES,
    target: "/bucket/a%20b",
    headers: { "content-type": "text/plain", "x-amz-meta-a": "1" },
  });
  const etag = first.headers.get("etag") ?? "";
  await first.body?.cancel();
  const copy = (headers: Record<string, string>, target = "/bucket/key") =>
    send(url, {
      method: "PUT",
      target,
      headers: { "x-amz-copy-source": "/bucket/a%20b", ...headers },
    });
  const type = async () => {
    const read = await send(url);
    assertEquals(await read.text(), "hello world");
    return [
      read.headers.get("content-type"),
      read.headers.get("x-amz-meta-a"),
    ];
  };
  const done = await copy({ "x-amz-copy-source-if-match": etag });
  const xml = await done.text();
  assert(xml.includes(`<ETag>&quot;${etag.slice(1, -1)}&quot;</ETag>`), xml);
  assertEquals(await type(), ["text/plain", "1"]);
  const other = await copy({
    "x-amz-copy-source": "bucket/a%20b",
    "x-amz-metadata-directive": "REPLACE",
    "content-type": "text/x",
  });
  await other.body?.cancel();
  assertEquals(await type(), ["text/x", null]);
  const source = "x-amz-copy-source";
  for (
    const [headers, status, code] of [
      [{ [source]: "/bucket/none" }, 404, "NoSuchKey"],
      [{ [source]: "/other/a" }, 404, "NoSuchBucket"],
      [{ [source]: "/bucket/a%20b?versionId=1" }, 501, "NotImplemented"],
      [{ [source]: "/bucket/key" }, 400, "InvalidRequest"],
      [{ [`${source}-if-match`]: '"x"' }, 412, "PreconditionFailed"],
      [{ [`${source}-if-none-match`]: etag }, 412, "PreconditionFailed"],
      [{ [`${source}-if-modified-since`]: "x" }, 501, "NotImplemented"],
      [{ "if-none-match": "*" }, 412, "PreconditionFailed"],
    ] as const
  ) await assertS3Error(await copy(headers), status, code);
});

Deno.test("startObjectStore() makes the trouble it is told to make, when a write meets it", async () => {
  const plan = new Map<string, Fault>([
    ["/bucket/before", "lose_request"],
    ["/bucket/after", "lose_answer"],
    ["/bucket/500", "error500"],
    ["/bucket/503", "slow_down"],
    ["/bucket/late", { delayMs: 1 }],
    ["/bucket/cut", "cut_answer"],
  ]);
  await using store = await running((path, method) =>
    method === "PUT" ? plan.get(path) : undefined
  );
  const bucket = store.bucket();
  const outcome = async (key: string) => {
    const { status } = await bucket.put(key, BYTES, { ifNoneMatch: "*" });
    const read = await bucket.get(key);
    if (read.status === "found") await read.body.cancel();
    return [status, read.status];
  };
  assertEquals(await outcome("before"), ["unknown", "missing"]);
  assertEquals(await outcome("after"), ["unknown", "found"]);
  assertEquals(await outcome("500"), ["unknown", "missing"]);
  assertEquals(await outcome("503"), ["unknown", "missing"]);
  assertEquals(await outcome("late"), ["written", "found"]);
  assertEquals(store.server.requests(), { PUT: 5, GET: 5 });
  // The connection is in use already, so that fetch sends the write again by itself.
  assertEquals(await outcome("cut"), ["unknown", "found"]);
  assertEquals(store.server.requests(), { PUT: 7, GET: 6 });
});
