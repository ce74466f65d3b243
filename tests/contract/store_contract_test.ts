import { assert, assertEquals } from "@std/assert";
import {
  MemoryBucket,
  S3Bucket,
  type S3BucketOptions,
} from "@flyhot/runtime/bucket";
import type { Fault, FaultRequest } from "../../src/sandbox/server/faults.ts";
import { startObjectStore } from "../../src/sandbox/s3/object_store.ts";
import { startGateway } from "./rgw.ts";
import { storeContract, type StoreUnderTest } from "./store_contract.ts";

const KEYS = {
  accessKeyId: "AKIDCONTRACT",
  secretAccessKey: "contract/Secret+Key",
};

function overHttp(options: S3BucketOptions): StoreUnderTest {
  return {
    client: () => new S3Bucket(options),
    stranger: new S3Bucket({
      ...options,
      secretAccessKey: "not/the/Secret+Key",
    }),
    elsewhere: new S3Bucket({ ...options, bucket: "elsewhere" }),
  };
}

Deno.test("MemoryBucket keeps the contract of a store", async (t) => {
  const bucket = new MemoryBucket();
  await storeContract(t, { client: () => bucket });
});

Deno.test("S3Bucket and the sandbox's object store keep the contract of a store", async (t) => {
  const server = await startObjectStore({ bucket: "contract", ...KEYS });
  try {
    await storeContract(
      t,
      overHttp({ endpoint: server.url, bucket: "contract", ...KEYS }),
    );
  } finally {
    await server.close();
  }
});

Deno.test("S3Bucket and a Ceph gateway keep the contract of a store", async (t) => {
  const gateway = await startGateway();
  if (typeof gateway === "string") {
    await t.step({ name: `skipped: ${gateway}`, ignore: true, fn: () => {} });
    return;
  }
  await using _ = gateway;
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = gateway;
  await storeContract(
    t,
    overHttp({ endpoint, region, bucket, accessKeyId, secretAccessKey }),
  );
});

/** A store that makes the next request go wrong. */
async function withTrouble(
  use: (
    bucket: S3Bucket,
    trouble: (fault: Fault, method: string) => void,
  ) => Promise<void>,
): Promise<void> {
  let next: { fault: Fault; method: string } | null = null;
  const faults = ({ method }: FaultRequest) => {
    if (next?.method !== method) return undefined;
    const { fault } = next;
    next = null;
    return fault;
  };
  const server = await startObjectStore({
    bucket: "contract",
    ...KEYS,
    faults,
  });
  try {
    await use(
      new S3Bucket({ endpoint: server.url, bucket: "contract", ...KEYS }),
      (fault, method) => next = { fault, method },
    );
    assertEquals(next, null);
  } finally {
    await server.close();
  }
}

const bytes = (text: string) => new TextEncoder().encode(text);

async function textAt(bucket: S3Bucket, key: string): Promise<string | null> {
  const found = await bucket.get(key);
  return found.status === "found"
    ? await new Response(found.body).text()
    : null;
}

Deno.test("S3Bucket.put() says unknown when the answer is lost, whether or not it was written", async (t) => {
  const cases: [fault: Fault, written: boolean][] = [
    ["lose_answer", true],
    ["lose_request", false],
    ["error500", false],
    ["slow_down", false],
  ];
  for (const [fault, written] of cases) {
    await t.step(`${fault}`, async () => {
      await withTrouble(async (bucket, trouble) => {
        trouble(fault, "PUT");
        const created = await bucket.put("a", bytes("one"), {
          ifNoneMatch: "*",
        });
        assertEquals(created.status, "unknown");
        assertEquals(await textAt(bucket, "a"), written ? "one" : null);
        await bucket.put("b", bytes("one"), "always");
        const found = await bucket.get("b");
        assert(found.status === "found");
        await found.body.cancel();
        trouble(fault, "PUT");
        const replaced = await bucket.put("b", bytes("two"), {
          ifMatch: found.etag,
        });
        assertEquals(replaced.status, "unknown");
        assertEquals(await textAt(bucket, "b"), written ? "two" : "one");
      });
    });
  }
});

Deno.test("S3Bucket.put() never says written for what is not, when a connection closes and fetch sends again by itself", async () => {
  await withTrouble(async (bucket, trouble) => {
    // A connection that was in use before is what fetch sends again on.
    await bucket.put("warm", bytes("up"), "always");
    trouble("cut_answer", "PUT");
    const created = await bucket.put("a", bytes("one"), { ifNoneMatch: "*" });
    // The first time it was written; of the second time the client knows no more than that it lost.
    assert(
      created.status === "lost" || created.status === "unknown",
      created.status,
    );
    assertEquals(await textAt(bucket, "a"), "one");
  });
});

Deno.test("S3Bucket.get(), delete() and list() get over trouble by themselves", async () => {
  for (
    const fault of ["lose_answer", "lose_request", "error500", "slow_down", {
      delayMs: 1,
    }] as const
  ) {
    await withTrouble(async (bucket, trouble) => {
      await bucket.put("a", bytes("one"), "always");
      trouble(fault, "GET");
      assertEquals(await textAt(bucket, "a"), "one");
      trouble(fault, "GET");
      assertEquals((await Array.fromAsync(bucket.list(""))).length, 1);
      trouble(fault, "DELETE");
      await bucket.delete("a");
      assertEquals(await textAt(bucket, "a"), null);
    });
  }
});
