import { assertEquals, assertThrows } from "@std/assert";
import { checkDigests } from "./checksums.ts";
import { S3Error } from "../s3_error.ts";

Deno.test("checkDigests() knows the checksums of S3 by their published values", () => {
  const digits = new TextEncoder().encode("123456789");
  for (
    const [name, hex] of [
      ["content-md5", "25f9e794323b453885f5181f1b624d0b"],
      ["x-amz-checksum-crc32", "cbf43926"],
      ["x-amz-checksum-crc32c", "e3069283"],
      ["x-amz-checksum-crc64nvme", "ae8b14860a799888"],
      ["x-amz-checksum-sha1", "f7c3bc1d808e04732adf679965ccc34ca7ae3441"],
    ] as const
  ) {
    const claimed = Uint8Array.fromHex(hex).toBase64();
    assertEquals(
      checkDigests(new Map([[name, claimed]]), digits),
      name === "content-md5" ? {} : { [name]: claimed },
    );
    const error = assertThrows(
      () => checkDigests(new Map([[name, claimed]]), digits.slice(1)),
      S3Error,
    );
    assertEquals([error.status, error.code], [400, "BadDigest"], name);
  }
});

Deno.test("checkDigests() takes no checksum for good that it does not know", () => {
  const none = new Uint8Array();
  const words = ["algorithm", "mode", "type"].map((word) =>
    [`x-amz-checksum-${word}`, "ENABLED"] as const
  );
  assertEquals(checkDigests(new Map(words), none), {});
  const error = assertThrows(
    () => checkDigests(new Map([["x-amz-checksum-xxhash64", "AA=="]]), none),
    S3Error,
  );
  assertEquals(error.status, 501);
});
