import { assertEquals, assertRejects } from "@std/assert";
import { S3Bucket } from "../../bucket/s3_bucket.ts";
import { startObjectServer } from "./object_server.ts";

const bytes = (text: string) => new TextEncoder().encode(text);

function client({ endpoint }: { endpoint: string }, bucket = "releases") {
  return new S3Bucket({
    endpoint,
    bucket,
    accessKeyId: "test",
    secretAccessKey: "test",
  });
}

Deno.test("startObjectServer() speaks to S3Bucket: reads, conditional writes, listings", async () => {
  await using server = startObjectServer();
  const bucket = client(server);
  const key = "releases/a b+c & <d>.json";
  const content = bytes("x".repeat(5000));
  assertEquals((await bucket.get(key)).status, "missing");
  const first = await bucket.put(key, content, { ifNoneMatch: "*" });
  assertEquals(first.status, "written");
  const etag = first.status === "written" ? first.etag : "";
  assertEquals(await bucket.put(key, bytes("2"), { ifNoneMatch: "*" }), {
    status: "lost",
  });
  assertEquals(await bucket.put(key, bytes("2"), { ifMatch: '"no"' }), {
    status: "lost",
  });
  assertEquals(await bucket.put("none", bytes("2"), { ifMatch: etag }), {
    status: "lost",
  });
  const read = await bucket.get(key);
  assertEquals(read.status, "found");
  if (read.status === "found") {
    assertEquals(read.etag, etag);
    assertEquals(read.size, 5000);
    assertEquals(await new Response(read.body).bytes(), content);
  }
  assertEquals(await bucket.get(key, { ifNoneMatch: etag }), {
    status: "unchanged",
  });
  assertEquals(
    (await bucket.put(key, bytes("3"), { ifMatch: etag })).status,
    "written",
  );
  await bucket.put("other", bytes(""), "always");
  const list = (prefix: string) => Array.fromAsync(bucket.list(prefix));
  assertEquals(
    (await list("releases/")).map(({ key, size }) => [key, size]),
    [[key, 1]],
  );
  await bucket.delete(key);
  await bucket.delete(key);
  assertEquals((await list("")).map(({ key }) => key), ["other"]);
  assertEquals(server.bucket.keyOf(client(server).url("other")), "other");
  await assertRejects(
    () => client(server, "elsewhere").get(key),
    Error,
    'Cannot find the bucket "elsewhere"',
  );
});

Deno.test("ObjectServer.written() settles with the first content that is wanted, or with the signal", async () => {
  await using server = startObjectServer();
  const bucket = client(server);
  const stop = new AbortController();
  const big = server.written(
    "a",
    (content) => content.length > 1 ? content.length : undefined,
    stop.signal,
  );
  const never = server.written("b", () => undefined, stop.signal);
  await bucket.put("b", bytes("no"), "always");
  await bucket.put("a", bytes("1"), "always");
  await bucket.put("a", bytes("22"), "always");
  assertEquals(await big, 2);
  stop.abort(new Error("enough"));
  await assertRejects(() => never, Error, "enough");
  await assertRejects(
    () => server.written("a", () => 1, stop.signal),
    Error,
    "enough",
  );
});
