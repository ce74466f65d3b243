/** Listings, and keys that are easily broken.
 * @module
 */
import { assert, assertEquals } from "@std/assert";
import {
  etagOf,
  put,
  type Step,
  type StoreUnderTest,
  textAt,
} from "./asking.ts";

/** Keys that are easily broken on their way: by the URL, the signature, the XML of a listing. */
const ODD_KEYS = [
  "a b",
  "a+b",
  "a%b",
  "a%20b",
  "a%2Fb",
  "a?b=c",
  "a#b",
  "a&b=c;d",
  `quotes"and'more`,
  "!'()*~-_.",
  "colon:at@comma,",
  "[a]{b}|c^",
  "back\\slash",
  "<xml>&amp;",
  "über",
  "u\u0308ber",
  "日本語",
  "😀",
  "trailing/",
  "a.b/..c/d",
  "x".repeat(900),
];

/** What a store lists, and that it keeps odd keys. */
export async function listingSteps(
  step: Step,
  store: StoreUnderTest,
): Promise<void> {
  const bucket = store.client();
  await step(
    "list() gives what has the prefix, in the order of code points, with length and ETag",
    async (key) => {
      const names = [
        "b",
        "a/1",
        "a",
        "a/10",
        "a/2",
        "A",
        "ä",
        "\uFFFD",
        "😀",
        "a-",
      ];
      for (const name of names) await put(bucket, key(name), name);
      const listed = await Array.fromAsync(bucket.list(key("")));
      assertEquals(
        listed.map((object) => object.key),
        ["A", "a", "a-", "a/1", "a/10", "a/2", "b", "ä", "\uFFFD", "😀"].map(
          key,
        ),
      );
      for (const object of listed) {
        assertEquals(
          object.size,
          new TextEncoder().encode(object.key.slice(key("").length)).length,
        );
        assertEquals(object.etag, await etagOf(bucket, object.key));
        assert(
          Number.isFinite(Date.parse(object.lastModified)),
          object.lastModified,
        );
      }
      const under = await Array.fromAsync(bucket.list(key("a/")));
      assertEquals(
        under.map((object) => object.key),
        ["a/1", "a/10", "a/2"].map(key),
      );
      assertEquals(await Array.fromAsync(bucket.list(key("none"))), []);
    },
  );

  await step("list() goes on past a page of a thousand", async (key) => {
    const names = Array.from(
      { length: 1_007 },
      (_, index) => key(String(index).padStart(4, "0")),
    );
    const waiting = [...names];
    await Promise.all(Array.from({ length: 20 }, async () => {
      for (let name = waiting.pop(); name; name = waiting.pop()) {
        await put(bucket, name, "");
      }
    }));
    const listed = await Array.fromAsync(bucket.list(key("")));
    assertEquals(listed.map((object) => object.key), names);
    let seen = 0;
    for await (const _ of bucket.list(key(""))) if (++seen === 3) break;
    assertEquals(seen, 3);
  });

  await step("odd keys are kept as they are, and apart", async (key) => {
    for (const name of ODD_KEYS) await put(bucket, key(name), name);
    for (const name of ODD_KEYS) {
      assertEquals(await textAt(bucket, key(name)), name);
      assertEquals(bucket.keyOf(bucket.url(key(name))), key(name));
    }
    const listed = await Array.fromAsync(bucket.list(key("")));
    assertEquals(
      new Set(listed.map((object) => object.key)),
      new Set(ODD_KEYS.map(key)),
    );
    for (const name of ODD_KEYS) {
      const found = await Array.fromAsync(bucket.list(key(name)));
      assert(found.some((object) => object.key === key(name)), name);
      await bucket.delete(key(name));
      assertEquals((await bucket.get(key(name))).status, "missing");
    }
  });
}
