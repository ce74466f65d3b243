/** What every store must do, whichever it is: one suite for all of them.
 * @module
 */
import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  type Bucket,
  BucketError,
  type BucketErrorCode,
  type WriteOutcome,
} from "@flyhot/runtime/bucket";
import { sha256Of } from "@flyhot/runtime/protocol";

/** A store to be tested. */
export interface StoreUnderTest {
  /** Makes a new client of the bucket that all of them share. */
  client(): Bucket;
  /** A client with a wrong secret key; left out where there are no keys. */
  readonly stranger?: Bucket;
  /** A client of a bucket that is not there; left out where there is only one. */
  readonly elsewhere?: Bucket;
}

const RACERS = 12;
const LARGE = 8 * 1024 * 1024;

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

/**
 * Tests a store, step by step.
 *
 * @param t the test that the steps belong to
 * @param store the store; its bucket may hold anything outside of `contract/`
 */
export async function storeContract(
  t: Deno.TestContext,
  store: StoreUnderTest,
): Promise<void> {
  const bucket = store.client();
  let steps = 0;
  const step = (
    name: string,
    act: (key: (name: string) => string) => Promise<void>,
  ) => {
    const prefix = `contract/${crypto.randomUUID()}/${++steps}/`;
    return t.step(name, () => act((name) => prefix + name));
  };

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
        assertEquals(await text_(store.client(), key("a")), text);
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
      assertEquals(await text_(bucket, key("a"), etag), "two");
    },
  );

  await step(
    "put() with If-None-Match creates once, and again after a delete",
    async (key) => {
      const create = (text: string) =>
        put(bucket, key("a"), text, { ifNoneMatch: "*" });
      assertEquals((await create("one")).status, "written");
      assertEquals(await create("two"), { status: "lost" });
      assertEquals(await text_(bucket, key("a")), "one");
      await bucket.delete(key("a"));
      assertEquals((await create("three")).status, "written");
      assertEquals(await text_(bucket, key("a")), "three");
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
      assertEquals(await text_(bucket, key("a")), "two");
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

  for (const size of [10, 1024 * 1024]) {
    await step(
      `of ${RACERS} that create an object of ${size} bytes at once, exactly one wins`,
      async (key) => {
        for (let round = 0; round < 5; round++) {
          const outcomes = await race((racer) =>
            store.client().put(
              key(`${round}`),
              new Uint8Array(size).fill(racer),
              { ifNoneMatch: "*" },
            )
          );
          const winner = onlyWinner(outcomes);
          const found = await bucket.get(key(`${round}`));
          assert(found.status === "found");
          const content = await new Response(found.body).bytes();
          assertEquals(content.length, size);
          assert(content.every((byte) => byte === winner), `round ${round}`);
        }
      },
    );
  }

  await step(
    `of ${RACERS} that replace an object at once, exactly one wins`,
    async (key) => {
      await put(bucket, key("a"), "begin");
      for (let round = 0; round < 8; round++) {
        const etag = await etagOf(bucket, key("a"));
        const outcomes = await race((racer) =>
          put(store.client(), key("a"), `${round} ${racer}`, { ifMatch: etag })
        );
        assertEquals(
          await text_(bucket, key("a")),
          `${round} ${onlyWinner(outcomes)}`,
        );
      }
    },
  );

  await step(
    "no step of a counter is lost that many raise by compare-and-swap",
    async (key) => {
      await put(bucket, key("a"), "0");
      const each = 5;
      await Promise.all(Array.from({ length: 6 }, async () => {
        const client = store.client();
        for (let done = 0; done < each;) {
          const found = await client.get(key("a"));
          assert(found.status === "found");
          const count = Number(await new Response(found.body).text());
          const outcome = await put(client, key("a"), `${count + 1}`, {
            ifMatch: found.etag,
          });
          // On one machine no answer is lost: what is not written was lost.
          if (outcome.status === "written") done++;
        }
      }));
      assertEquals(await text_(bucket, key("a")), `${6 * each}`);
    },
  );

  await step(
    "get() gives one version whole, while others overwrite it",
    async (key) => {
      const content = (letter: string) => letter.repeat(100_000);
      await put(bucket, key("a"), content("a"));
      let writing = true;
      const writer = (async () => {
        for (const letter of "bcdefghij") {
          await put(
            bucket,
            key("a"),
            content(letter),
          );
        }
        writing = false;
      })();
      while (writing) {
        const text = await text_(store.client(), key("a"));
        assertEquals(text, content(text.charAt(0)));
      }
      await writer;
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
      assertEquals(await text_(bucket, key("a/b")), "two");
    },
  );

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
      assertEquals(await text_(bucket, key(name)), name);
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

  const { stranger, elsewhere } = store;
  if (stranger) {
    await step(
      "a wrong secret key opens nothing and changes nothing",
      async (key) => {
        await put(bucket, key("a"), "one");
        await refuseAll(stranger, key("a"), "credentials");
        assertEquals(await text_(bucket, key("a")), "one");
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

function put(
  bucket: Bucket,
  key: string,
  text: string,
  condition: Parameters<Bucket["put"]>[2] = "always",
): Promise<WriteOutcome> {
  return bucket.put(key, new TextEncoder().encode(text), condition);
}

async function text_(
  bucket: Bucket,
  key: string,
  ifNoneMatch?: string,
): Promise<string> {
  const found = await bucket.get(
    key,
    ifNoneMatch === undefined ? {} : { ifNoneMatch },
  );
  assert(found.status === "found", `${key} is ${found.status}`);
  return await new Response(found.body).text();
}

async function etagOf(bucket: Bucket, key: string): Promise<string> {
  const found = await bucket.get(key);
  assert(found.status === "found");
  await found.body.cancel();
  return found.etag;
}

function race(
  act: (racer: number) => Promise<WriteOutcome>,
): Promise<WriteOutcome[]> {
  return Promise.all(Array.from({ length: RACERS }, (_, racer) => act(racer)));
}

/** One has won; the others know that they did not, or that they do not know. */
function onlyWinner(outcomes: readonly WriteOutcome[]): number {
  const statuses = outcomes.map(({ status }) => status);
  assertEquals(
    statuses.filter((status) => status === "written").length,
    1,
    `${statuses}`,
  );
  assert(
    statuses.every((status) =>
      status === "written" || status === "lost" || status === "unknown"
    ),
    `${statuses}`,
  );
  return statuses.indexOf("written");
}

function everyRequest(
  bucket: Bucket,
  key: string,
  signal?: AbortSignal,
): (() => Promise<unknown>)[] {
  const options = signal ? { signal } : {};
  return [
    () => bucket.get(key, options),
    () => bucket.put(key, new Uint8Array(1), "always", options),
    () => bucket.delete(key, options),
    () => Array.fromAsync(bucket.list(key, options)),
  ];
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
