import { assertEquals, assertRejects } from "@std/assert";
import { BucketError, MemoryBucket } from "@flyhot/runtime/bucket";
import { type Manifest, PROTOCOL_VERSION } from "@flyhot/runtime/protocol";
import { Sim } from "../../tests/sim/sim.ts";
import { SimHost } from "../../tests/sim/sim_host.ts";
import { FlyhotError } from "../errors.ts";
import { digestOfText } from "./digest.ts";
import type { PackedRelease } from "./pack/pack.ts";
import { publishRelease } from "./publish.ts";

const CONTENT = "what is in the release";
const SHA256 = digestOfText(CONTENT);
const KEY = `releases/shop-1.0.0_a-${SHA256.slice(0, 12)}.tar.gz`;

function setting() {
  const sim = new Sim({ seed: 1 });
  const host = new SimHost(sim);
  host.files.put("/tmp", { "release.tar.gz": CONTENT });
  const bucket = new MemoryBucket();
  const release: PackedRelease = {
    manifest: {
      protocol: PROTOCOL_VERSION,
      app: "shop",
      version: "1.0.0+a",
    } as Manifest,
    path: "/tmp/release.tar.gz",
    sha256: SHA256,
    size: CONTENT.length,
    notes: [],
    dispose: () => Promise.resolve(),
  };
  const publish = (signal?: AbortSignal) =>
    sim.run(publishRelease(release, { host, bucket }, signal));
  return { bucket, publish };
}

async function textAt(bucket: MemoryBucket): Promise<string> {
  const found = await bucket.get(KEY);
  return found.status === "found" ? await new Response(found.body).text() : "";
}

Deno.test("publishRelease() stores the release under its digest, once", async () => {
  const { bucket, publish } = setting();
  assertEquals(await publish(), {
    key: KEY,
    url: `memory://bucket/${KEY}`,
    existed: false,
  });
  assertEquals(await textAt(bucket), CONTENT);
  assertEquals((await publish()).existed, true);
});

Deno.test("publishRelease() looks what is there when the answer of its write is lost", async () => {
  for (const lands of [true, false]) {
    const { bucket, publish } = setting();
    const put = bucket.put.bind(bucket);
    let writes = 0;
    bucket.put = async (...args) => {
      if (++writes > 1) return await put(...args);
      if (lands) await put(...args);
      return { status: "unknown", reason: "cut" };
    };
    assertEquals((await publish()).existed, false);
    assertEquals(writes, lands ? 1 : 2);
    assertEquals(await textAt(bucket), CONTENT);
  }
});

Deno.test("publishRelease() refuses other content under the same name, and leaves it alone", async () => {
  const { bucket, publish } = setting();
  await bucket.put(KEY, new TextEncoder().encode("something else"), "always");
  const error = await assertRejects(
    publish,
    FlyhotError,
    "something else is stored under this name (14 bytes",
  );
  assertEquals(error.code, "conflict");
  assertEquals(await textAt(bucket), "something else");
});

Deno.test("publishRelease() refuses a release that comes back different", async () => {
  for (const broken of ["what is in the releasf", "cut", ""]) {
    const { bucket, publish } = setting();
    const put = bucket.put.bind(bucket);
    bucket.put = (key, _, ...rest) =>
      put(key, new TextEncoder().encode(broken), ...rest);
    const error = await assertRejects(
      publish,
      FlyhotError,
      `Cannot publish memory://bucket/${KEY}: it came back different (${broken.length} bytes`,
    );
    assertEquals(error.code, "network");
  }
});

Deno.test("publishRelease() gives up when the release does not appear", async () => {
  const { bucket, publish } = setting();
  bucket.put = () =>
    Promise.resolve({ status: "unknown", reason: "no answer within 1 ms" });
  const error = await assertRejects(
    publish,
    FlyhotError,
    "no answer within 1 ms",
  );
  assertEquals(error.code, "network");
  bucket.put = () => Promise.resolve({ status: "written", etag: "" });
  await assertRejects(
    publish,
    FlyhotError,
    "it is not there after it was written",
  );
});

Deno.test("publishRelease() refuses a bucket without conditional writes", async () => {
  const { bucket, publish } = setting();
  bucket.put = () => Promise.resolve({ status: "unsupported", reason: "501" });
  const error = await assertRejects(
    publish,
    FlyhotError,
    "the bucket does not honor conditional writes (501)",
  );
  assertEquals(error.code, "conflict");
});

Deno.test("publishRelease() passes refusals on, and stops when it is told to", async () => {
  const { bucket, publish } = setting();
  await assertRejects(
    () => publish(AbortSignal.abort(new Error("enough"))),
    Error,
    "enough",
  );
  bucket.put = () =>
    Promise.reject(new BucketError("credentials", "Cannot write: 403"));
  await assertRejects(publish, BucketError, "Cannot write: 403");
});
