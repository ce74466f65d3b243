import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { download } from "./download.ts";
import { MemoryBucket } from "../../../bucket/memory_bucket.ts";
import { BucketError, type ReadOutcome } from "../../../bucket/bucket.ts";
import { sha256 } from "../../../../tests/support/archives/tar.ts";
import { tempFolder } from "../../../../tests/support/temp_folder.ts";
import {
  CONTENT,
  NEVER,
  refused,
  serve,
  wantedOf,
} from "./download_fixture_test.ts";

// From the bucket

/** A bucket whose reads fail as they are told. */
class FailingBucket extends MemoryBucket {
  readonly #answer: () => ReadOutcome;

  constructor(answer: () => ReadOutcome) {
    super();
    this.#answer = answer;
  }

  override get(): Promise<ReadOutcome> {
    try {
      return Promise.resolve(this.#answer());
    } catch (error) {
      return Promise.reject(error);
    }
  }
}

Deno.test("download() reads what is in the bucket through the bucket", async () => {
  await using folder = await tempFolder();
  const bucket = new MemoryBucket();
  await bucket.put("releases/r.tar.gz", CONTENT, "always");
  const url = bucket.url("releases/r.tar.gz");
  const file = folder.join("r.tar.gz");
  assertEquals(await download(wantedOf(), url, file, bucket, NEVER), {
    sha256: sha256(CONTENT),
    size: CONTENT.length,
    content: null,
  });
  assertEquals(await Deno.readFile(file), CONTENT);
});

Deno.test("download() fetches a URL elsewhere without the bucket", async () => {
  await using folder = await tempFolder();
  await using server = serve(() => new Response(CONTENT));
  const bucket = new FailingBucket(() => {
    throw new Error("nobody may ask");
  });
  const { size } = await download(
    wantedOf(),
    server.url,
    folder.join("r.tar.gz"),
    bucket,
    NEVER,
  );
  assertEquals(size, CONTENT.length);
});

Deno.test("download() tries again where the bucket shows no such object yet", async () => {
  await using folder = await tempFolder();
  const bucket = new MemoryBucket();
  const url = bucket.url("releases/gone.tar.gz");
  const error = await refused(() =>
    download(wantedOf(), url, folder.join("r.tar.gz"), bucket, NEVER)
  );
  assertEquals(
    error.message,
    `Cannot download ${url}: there is no such object`,
  );
  assertEquals([error.phase, error.transient], ["fetch", true]);
  assertEquals(await folder.list(), []);
});

Deno.test("download() tries again exactly what the bucket calls transient", async () => {
  await using folder = await tempFolder();
  for (
    const [code, transient] of [
      ["network", true],
      ["server", true],
      ["credentials", false],
      ["clock_skew", false],
      ["no_bucket", false],
      ["refused", false],
    ] as const
  ) {
    const cause = new BucketError(code, `Cannot read it: ${code}`);
    const bucket = new FailingBucket(() => {
      throw cause;
    });
    const error = await refused(() =>
      download(
        wantedOf(),
        bucket.url("r"),
        folder.join("r.tar.gz"),
        bucket,
        NEVER,
      )
    );
    assertEquals(error.message, `Cannot read it: ${code}`);
    assertEquals([error.phase, error.transient], ["fetch", transient]);
    assertStrictEquals(error.cause, cause);
  }
});

Deno.test("download() tries again after a body of the bucket that was cut, and checks it like any other", async () => {
  await using folder = await tempFolder();
  const found = (
    body: ReadableStream<Uint8Array<ArrayBuffer>>,
  ): ReadOutcome => ({
    status: "found",
    etag: '"1"',
    size: null,
    body,
  });
  const cut = new FailingBucket(() =>
    found(ReadableStream.from((function* () {
      yield CONTENT.slice(0, 1000);
      throw new BucketError("network", "Cannot read it: the body stopped");
    })()))
  );
  const error = await refused(() =>
    download(wantedOf(), cut.url("r"), folder.join("cut"), cut, NEVER)
  );
  assertStringIncludes(error.message, "Cannot read it: the body stopped");
  assertEquals([error.phase, error.transient], ["fetch", true]);

  const wrong = new FailingBucket(() =>
    found(ReadableStream.from([CONTENT.slice().fill(7)]))
  );
  const verify = await refused(() =>
    download(wantedOf(), wrong.url("r"), folder.join("wrong"), wrong, NEVER)
  );
  assertEquals([verify.phase, verify.transient], ["verify", false]);
});

Deno.test("download() ends a read from the bucket when its signal says so", async () => {
  await using folder = await tempFolder();
  const bucket = new MemoryBucket();
  const reason = new DOMException("too slow", "TimeoutError");
  const error = await assertRejects(() =>
    download(
      wantedOf(),
      bucket.url("r"),
      folder.join("r.tar.gz"),
      bucket,
      AbortSignal.abort(reason),
    )
  );
  assertStrictEquals(error, reason);
});
