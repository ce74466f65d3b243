import { assertEquals, assertStringIncludes } from "@std/assert";
import { judgeClock, judgeProbe } from "./bucket_checks.ts";

Deno.test("judgeClock() allows what the lock allows, and fails what signatures do not", () => {
  const found = (skewMs: number | null) => {
    const { verdict, text, code } = judgeClock(skewMs);
    return [verdict, text, code];
  };
  const agrees = "agrees with the bucket's to the second";
  assertEquals(found(0), ["pass", agrees, null]);
  assertEquals(found(-1000), ["pass", agrees, null]);
  assertEquals(found(2000), ["pass", "is 2.0 s ahead of the bucket's", null]);
  assertEquals(found(10_000), [
    "pass",
    "is 10.0 s ahead of the bucket's",
    null,
  ]);
  assertEquals(found(-10_001), ["warn", "is 10.0 s behind the bucket's", null]);
  assertEquals(found(900_000), [
    "warn",
    "is 15 min ahead of the bucket's",
    null,
  ]);
  assertEquals(found(-900_001), [
    "fail",
    "The clock is 15 min behind the bucket's",
    "auth",
  ]);
  assertEquals(found(null), [
    "warn",
    "cannot be compared: the bucket names no time",
    null,
  ]);
});

Deno.test("judgeProbe() fails only a bucket that is known to break its word", () => {
  assertEquals(judgeProbe({ status: "honored" }).verdict, "pass");
  const unclear = judgeProbe({ status: "unclear", why: "cut off" });
  assertEquals([unclear.verdict, unclear.remedy], [
    "warn",
    "run flyhot doctor again",
  ]);
  const { verdict, code, text, remedy } = judgeProbe({
    status: "not_honored",
    why: "x",
  });
  assertEquals([verdict, code, text, remedy], [
    "fail",
    "conflict",
    "The bucket does not honor conditional writes: x",
    "use a store that does, such as Tigris, AWS S3, R2 or Ceph",
  ]);
});

Deno.test("judgeProbe() says what Tigris promises across regions, and only of Tigris", () => {
  const text = (endpoint: string) =>
    judgeProbe({ status: "honored" }, endpoint).text;
  for (
    const endpoint of [
      "https://fly.storage.tigris.dev",
      "https://t3.storage.dev",
      "https://T3.storage.dev/",
      "https://my-bucket.t3.storage.dev",
      "https://my-bucket.fly.storage.tigris.dev:443/",
      "http://fly.storage.tigris.dev",
    ]
  ) {
    assertStringIncludes(
      text(endpoint),
      "Single- and Multi-region buckets only",
    );
  }
  for (
    const endpoint of [
      "https://s3.eu-west-1.amazonaws.com",
      "https://fly.storage.tigris.dev.example",
      "https://nott3.storage.dev",
      "https://evil.example/fly.storage.tigris.dev",
      "https://t3.storage.dev@evil.example",
      "http://127.0.0.1:9000",
      "file:///t3.storage.dev",
      "x",
      "",
    ]
  ) {
    assertEquals(
      text(endpoint),
      "create-only and compare-and-swap are honored",
    );
  }
});
