/** Clients that are refused.
 * @module
 */
import { assertEquals, assertRejects } from "@std/assert";
import {
  type Bucket,
  BucketError,
  type BucketErrorCode,
} from "@flyhot/runtime/bucket";
import {
  everyRequest,
  put,
  type Step,
  type StoreUnderTest,
  textAt,
} from "./asking.ts";

/** How a store refuses wrong keys and buckets that are not there. */
export async function refusalSteps(
  step: Step,
  store: StoreUnderTest,
): Promise<void> {
  const bucket = store.client();
  const { stranger, elsewhere } = store;
  if (stranger) {
    await step(
      "a wrong secret key opens nothing and changes nothing",
      async (key) => {
        await put(bucket, key("a"), "one");
        await refuseAll(stranger, key("a"), "credentials");
        assertEquals(await textAt(bucket, key("a")), "one");
      },
    );
  }
  if (elsewhere) {
    await step("a bucket that is not there is named as that", async (key) => {
      await refuseAll(elsewhere, key("a"), "no_bucket");
      const create = put(elsewhere, key("a"), "x", { ifNoneMatch: "*" });
      assertEquals(
        (await assertRejects(() => create, BucketError)).code,
        "no_bucket",
      );
      const match = put(elsewhere, key("a"), "x", { ifMatch: `"1"` });
      assertEquals(
        (await assertRejects(() => match, BucketError)).code,
        "no_bucket",
      );
    });
  }
}

async function refuseAll(
  bucket: Bucket,
  key: string,
  code: BucketErrorCode,
): Promise<void> {
  for (const act of everyRequest(bucket, key)) {
    const error = await assertRejects(act, BucketError);
    assertEquals(error.code, code, error.message);
  }
}
