import { assert, assertEquals, assertThrows } from "@std/assert";
import { ulid } from "./ulid.ts";

Deno.test("ulid() writes time and randomness in Crockford's base 32", () => {
  assertEquals(ulid(0, new Uint8Array(10)), "0".repeat(26));
  assertEquals(
    ulid(2 ** 48 - 1, new Uint8Array(10).fill(255)),
    "7ZZZZZZZZZ" + "Z".repeat(16),
  );
  // The example of the specification.
  assertEquals(
    ulid(1469918176385, new Uint8Array(10)).slice(0, 10),
    "01ARYZ6S41",
  );
  assertEquals(
    ulid(0, Uint8Array.of(1, 2, 3, 4, 5, 6, 7, 8, 9, 10)).slice(10),
    "041061050R3GG28A",
  );
});

Deno.test("ulid() sorts by time, whatever the randomness", () => {
  const ids = [1, 31, 32, 1023, 1024, 1e12, 2e12].map((now, index) =>
    ulid(now, new Uint8Array(10).fill(255 - index * 30))
  );
  assertEquals([...ids].sort(), ids);
});

Deno.test("ulid() uses every random bit", () => {
  const plain = ulid(1, new Uint8Array(10));
  const seen = new Set([plain]);
  for (let bit = 0; bit < 80; bit++) {
    const random = new Uint8Array(10);
    random[bit >> 3] = 1 << (bit & 7);
    const id = ulid(1, random);
    assert(/^[0-9A-HJKMNP-TV-Z]{26}$/.test(id), id);
    seen.add(id);
  }
  assertEquals(seen.size, 81);
});

Deno.test("ulid() refuses what does not fit", () => {
  for (const now of [-1, 0.5, NaN, 2 ** 48]) {
    assertThrows(
      () => ulid(now, new Uint8Array(10)),
      RangeError,
      `Cannot make a ULID: the time ${now} is not a whole number`,
    );
  }
  assertThrows(
    () => ulid(0, new Uint8Array(9)),
    RangeError,
    "Cannot make a ULID: it takes 10 random bytes, got 9",
  );
});
