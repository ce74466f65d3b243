import { assertEquals, assertRejects } from "@std/assert";
import {
  type Bucket,
  BucketError,
  MemoryBucket,
  type WriteCondition,
  type WriteOutcome,
} from "@flyhot/runtime/bucket";
import { probeConditionalWrites } from "./conditional_writes.ts";

const KEY = "releases/my-app-doctor/01";
const never = new AbortController().signal;

/** A bucket whose writes go as `put` says; undefined leaves it as it is. */
function bucketWith(
  put: (
    condition: WriteCondition,
    count: number,
    write: (condition: WriteCondition) => Promise<WriteOutcome>,
  ) => WriteOutcome | undefined | Promise<WriteOutcome>,
): Bucket {
  const bucket = new MemoryBucket();
  const memoryPut = bucket.put.bind(bucket);
  let count = 0;
  bucket.put = async (key, content, condition, options) =>
    await put(
      condition,
      ++count,
      (condition) => memoryPut(key, content, condition, options),
    ) ?? await memoryPut(key, content, condition, options);
  return bucket;
}

async function keysOf(bucket: Bucket): Promise<string[]> {
  return (await Array.fromAsync(bucket.list(""))).map(({ key }) => key);
}

Deno.test("probeConditionalWrites() trusts a bucket that honors all four conditions, and leaves nothing", async () => {
  const conditions: WriteCondition[] = [];
  const bucket = bucketWith((condition) => void conditions.push(condition));
  assertEquals(await probeConditionalWrites(bucket, KEY, never), {
    status: "honored",
  });
  assertEquals(conditions, [
    { ifNoneMatch: "*" },
    { ifNoneMatch: "*" },
    { ifMatch: '"1"' },
    { ifMatch: '"1"' },
  ]);
  assertEquals(await keysOf(bucket), []);
});

const always = "always";
for (
  const [what, bucket, expected] of [
    [
      "ignores If-None-Match",
      () =>
        bucketWith((condition, _count, write) =>
          condition !== always && "ifNoneMatch" in condition
            ? write(always)
            : undefined
        ),
      {
        status: "not_honored",
        why: "creating it a second time was let through",
      },
    ],
    [
      "ignores If-Match",
      () =>
        bucketWith((condition, _count, write) =>
          condition !== always && "ifMatch" in condition
            ? write(always)
            : undefined
        ),
      {
        status: "not_honored",
        why: "replacing it by an ETag it has no more was let through",
      },
    ],
    [
      "refuses its own ETag",
      () =>
        bucketWith((_, count) => count === 3 ? { status: "lost" } : undefined),
      { status: "not_honored", why: "replacing it by its ETag was refused" },
    ],
    [
      "answers 501",
      () => bucketWith(() => ({ status: "unsupported", reason: "501" })),
      { status: "not_honored", why: "creating an object: 501" },
    ],
    [
      "gives no answer",
      () =>
        bucketWith((_, count) =>
          count === 2 ? { status: "unknown", reason: "cut off" } : undefined
        ),
      { status: "unclear", why: "creating it a second time: cut off" },
    ],
    [
      "names no ETag",
      () =>
        bucketWith(async (condition, count, write) => {
          const outcome = await write(condition);
          return count === 1 ? { status: "written", etag: "" } : outcome;
        }),
      { status: "unclear", why: "the server names no ETag" },
    ],
  ] as const
) {
  Deno.test(`probeConditionalWrites() finds out a bucket that ${what}, and cleans up`, async () => {
    const it = bucket();
    assertEquals(await probeConditionalWrites(it, KEY, never), expected);
    assertEquals(await keysOf(it), []);
  });
}

Deno.test("probeConditionalWrites() cleans up when a write is refused, or it is interrupted", async () => {
  const refused = bucketWith((_, count) => {
    if (count < 3) return undefined;
    throw new BucketError("credentials", "Cannot write", { status: 403 });
  });
  await assertRejects(
    () => probeConditionalWrites(refused, KEY, never),
    BucketError,
    "Cannot write",
  );
  assertEquals(await keysOf(refused), []);
  const controller = new AbortController();
  const interrupted = bucketWith((_, count) => {
    if (count === 2) controller.abort(new Error("interrupted"));
    return undefined;
  });
  await assertRejects(
    () => probeConditionalWrites(interrupted, KEY, controller.signal),
    Error,
    "interrupted",
  );
  assertEquals(await keysOf(interrupted), []);
});
