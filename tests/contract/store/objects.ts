/** One object: written, read, replaced and removed, with conditions.
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import { sha256Of } from "@flyhot/runtime/protocol";
import {
  etagOf,
  everyRequest,
  put,
  type Step,
  type StoreUnderTest,
  textAt,
} from "./asking.ts";

const LARGE = 8 * 1024 * 1024;

/** What a store does with one object. */
export async function objectSteps(
  step: Step,
  store: StoreUnderTest,
): Promise<void> {
  const bucket = store.client();
  await step(
    "put() then get() gives the same bytes, length and ETag",
    async (key) => {
      const written = await put(bucket, key("a"), "hello ü");
      assert(written.status === "written");
      const found = await bucket.get(key("a"));
      assert(found.status === "found");
      assertEquals(await new Response(found.body).text(), "hello ü");
      assertEquals(found.size, 8);
      if (written.etag !== "") assertEquals(found.etag, written.etag);
      assertEquals(bucket.keyOf(bucket.url(key("a"))), key("a"));
    },
  );

  await step(
    "put() overwrites, and every client sees it at once",
    async (key) => {
      for (const text of ["one", "two two", "3"]) {
        await put(bucket, key("a"), text);
        assertEquals(await textAt(store.client(), key("a")), text);
      }
    },
  );

  await step("get() finds nothing where nothing is", async (key) => {
    assertEquals((await bucket.get(key("gone"))).status, "missing");
  });

  await step(
    "get() with the ETag known answers unchanged until it changes",
    async (key) => {
      await put(bucket, key("a"), "one");
      const etag = await etagOf(bucket, key("a"));
      assertEquals(
        (await bucket.get(key("a"), { ifNoneMatch: etag })).status,
        "unchanged",
      );
      await put(bucket, key("a"), "two");
      assertEquals(await textAt(bucket, key("a"), etag), "two");
    },
  );

  await step(
    "put() with If-None-Match creates once, and again after a delete",
    async (key) => {
      const create = (text: string) =>
        put(bucket, key("a"), text, { ifNoneMatch: "*" });
      assertEquals((await create("one")).status, "written");
      assertEquals(await create("two"), { status: "lost" });
      assertEquals(await textAt(bucket, key("a")), "one");
      await bucket.delete(key("a"));
      assertEquals((await create("three")).status, "written");
      assertEquals(await textAt(bucket, key("a")), "three");
    },
  );

  await step(
    "put() with If-Match replaces exactly what was read",
    async (key) => {
      await put(bucket, key("a"), "one");
      const etag = await etagOf(bucket, key("a"));
      assertEquals(
        (await put(bucket, key("a"), "two", { ifMatch: etag })).status,
        "written",
      );
      assertEquals(await put(bucket, key("a"), "three", { ifMatch: etag }), {
        status: "lost",
      });
      assertEquals(await textAt(bucket, key("a")), "two");
      const other = store.client();
      assertEquals(await put(other, key("a"), "four", { ifMatch: etag }), {
        status: "lost",
      });
      const current = await etagOf(other, key("a"));
      assertEquals(
        (await put(other, key("a"), "five", { ifMatch: current })).status,
        "written",
      );
    },
  );

  await step(
    "put() with If-Match writes nothing where nothing is",
    async (key) => {
      const outcome = await put(bucket, key("gone"), "one", {
        ifMatch: `"${"0".repeat(32)}"`,
      });
      assertEquals(outcome, { status: "lost" });
      assertEquals((await bucket.get(key("gone"))).status, "missing");
    },
  );

  await step(
    "delete() removes, and does not mind what is not there",
    async (key) => {
      await put(bucket, key("a"), "one");
      await put(bucket, key("a/b"), "two");
      await bucket.delete(key("a"));
      assertEquals((await bucket.get(key("a"))).status, "missing");
      await bucket.delete(key("a"));
      assertEquals(await textAt(bucket, key("a/b")), "two");
    },
  );

  await step("large and empty objects come back as they went", async (key) => {
    const large = new Uint8Array(LARGE);
    for (let at = 0; at < LARGE; at += 65_536) {
      crypto.getRandomValues(large.subarray(at, at + 65_536));
    }
    for (const content of [large, new Uint8Array(0)]) {
      const outcome = await bucket.put(key("a"), content, "always");
      assertEquals(outcome.status, "written");
      const found = await bucket.get(key("a"));
      assert(found.status === "found");
      const back = await new Response(found.body).bytes();
      assertEquals(back.length, content.length);
      assertEquals(await sha256Of(back), await sha256Of(content));
    }
  });

  await step("an aborted signal stops every request", async (key) => {
    const signal = AbortSignal.abort(new Error("enough"));
    for (const act of everyRequest(bucket, key("a"), signal)) {
      await assertRejects(act, Error, "enough");
    }
    assertEquals((await bucket.get(key("a"))).status, "missing");
  });
}
