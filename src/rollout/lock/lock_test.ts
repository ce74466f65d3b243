import { assert, assertEquals, assertRejects } from "@std/assert";
import { BucketError, MemoryBucket } from "@flyhot/runtime/bucket";
import { FlyhotError } from "../../errors.ts";
import { breakLock } from "./lock.ts";
import { readLock } from "./store.ts";
import { Setting, TTL_MS } from "./lock_fixture_test.ts";

Deno.test("acquireLock() writes a record that others can read, and releases it at the end", async () => {
  const all = new Setting();
  await all.run(async () => {
    const lease = await all.acquire();
    const stored = await readLock(all.bucket, "a");
    assertEquals(stored?.record, lease.record);
    assertEquals(stored?.record.holder, "ann");
    assertEquals(stored?.record.owner.length, 26);
    await lease[Symbol.asyncDispose]();
    assertEquals(await all.state(), "released");
    assertEquals(lease.signal.aborted, false);
  });
  assertEquals(all.events, []);
});

Deno.test("acquireLock() is refused by a held lock, and names who holds it", async () => {
  const all = new Setting();
  await all.run(async () => {
    await using _lease = await all.acquire();
    await all.host.sleep(2_000);
    const error = await assertRejects(
      () => all.acquire({ holder: "bob" }),
      FlyhotError,
      "Cannot lock a: held by ann for 2 s to deploy 1.2.3; it lapses in 31 s if not renewed",
    );
    assertEquals(error.exitCode, 5);
    assertEquals(error.hint, "wait for it, or override it with --force");
    assertEquals(await all.state(), "held");
  });
});

Deno.test("acquireLock() takes a released and a lapsed lock over", async () => {
  const all = new Setting();
  await all.run(async () => {
    await (await all.acquire())[Symbol.asyncDispose]();
    const second = await all.acquire({ holder: "bob" });
    assertEquals(second.record.holder, "bob");
    // Nothing reaches the bucket any more: it cannot be renewed, nor released.
    all.bucket.fault = () => ({ status: "unknown", reason: "cut" });
    await all.host.sleep(TTL_MS);
    assert(second.signal.aborted);
    await second[Symbol.asyncDispose]();
    all.bucket.fault = () => undefined;
    await assertRejects(
      () => all.acquire({ holder: "cy" }),
      FlyhotError,
      "held by bob",
    );
    await all.host.sleep(TTL_MS / 5);
    await using third = await all.acquire({ holder: "cy" });
    assertEquals(third.record.holder, "cy");
  });
});

Deno.test("acquireLock() overrides by force, with a warning, and the other one notices", async () => {
  const all = new Setting();
  await all.run(async () => {
    await using first = await all.acquire();
    await using _second = await all.acquire({ holder: "bob", force: true });
    assertEquals(all.events, [{
      type: "warning",
      text:
        "Overrides the lock of a: held by ann for 0 s to deploy 1.2.3; it lapses in 33 s if not renewed",
    }]);
    await all.host.sleep(TTL_MS / 2);
    assert(first.signal.aborted);
    const { reason } = first.signal;
    assert(reason instanceof FlyhotError);
    assertEquals(reason.code, "conflict");
    assert(
      reason.message.startsWith(
        "Cannot go on with a: its deploy lock is lost (held by bob",
      ),
      reason.message,
    );
    await first[Symbol.asyncDispose]();
    assertEquals(await all.state(), "held");
  });
});

Deno.test("acquireLock() holds the lock when the answer of its write is lost", async () => {
  const all = new Setting();
  await all.run(async () => {
    let faults = 0;
    all.bucket.fault = () => faults++ === 0 ? "lose the answer" : undefined;
    await using lease = await all.acquire();
    assertEquals((await readLock(all.bucket, "a"))?.record, lease.record);
    assertEquals(faults, 2);
  });
});

Deno.test("acquireLock() gives up when no write is answered, and leaves no lock behind", async () => {
  const all = new Setting();
  await all.run(async () => {
    all.bucket.fault = () => ({
      status: "unknown",
      reason: "no answer within 1 ms",
    });
    const error = await assertRejects(
      () => all.acquire(),
      FlyhotError,
      "Cannot lock a: no answer within 1 ms",
    );
    assertEquals(error.code, "network");
    assertEquals(await all.state(), undefined);
    // The write lands, and then the network dies: what was left behind is freed.
    let faults = 0;
    all.bucket.fault = (content) =>
      content.includes("released")
        ? undefined
        : ++faults === 1
        ? "lose the answer"
        : new BucketError("refused", "Cannot write: 403");
    await assertRejects(() => all.acquire(), BucketError, "Cannot write: 403");
    assertEquals(await all.state(), "released");
  });
});

Deno.test("acquireLock() gives up when others are always faster", async () => {
  const all = new Setting();
  await all.run(async () => {
    all.bucket.fault = () => ({ status: "lost" });
    const error = await assertRejects(
      () => all.acquire(),
      FlyhotError,
      "Cannot lock a: other deployers were faster 8 times",
    );
    assertEquals(error.code, "conflict");
  });
});

Deno.test("acquireLock() refuses a bucket without conditional writes, whether it says so or ignores them", async () => {
  const refusal =
    "Cannot lock a: the bucket at memory://bucket/ does not honor conditional writes (If-Match)";
  const says = new Setting();
  await says.run(async () => {
    says.bucket.fault = () => ({ status: "unsupported", reason: "501" });
    const error = await assertRejects(
      () => says.acquire(),
      FlyhotError,
      refusal,
    );
    assertEquals(error.code, "conflict");
  });
  const ignores = new Setting();
  await ignores.run(async () => {
    const put = MemoryBucket.prototype.put;
    ignores.bucket.put = (key, content) =>
      put.call(ignores.bucket, key, content, "always");
    await assertRejects(() => ignores.acquire(), FlyhotError, refusal);
    assertEquals(await ignores.state(), "released");
  });
});

Deno.test("acquireLock() stops when it is told to", async () => {
  const all = new Setting();
  await all.run(async () => {
    await assertRejects(
      () => all.acquire({}, AbortSignal.abort(new Error("enough"))),
      Error,
      "enough",
    );
    assertEquals(await all.state(), undefined);
  });
});

Deno.test("breakLock() frees a held lock, and tells whose it was", async () => {
  const all = new Setting();
  await all.run(async () => {
    assertEquals(await breakLock("a", all.deps), null);
    const lease = await all.acquire();
    all.bucket.fault = () => ({ status: "lost" });
    await assertRejects(
      () => breakLock("a", all.deps),
      FlyhotError,
      "Cannot free the lock of a: it changed just now",
    );
    all.bucket.fault = () => undefined;
    assertEquals((await breakLock("a", all.deps))?.holder, "ann");
    assertEquals(await all.state(), "released");
    assertEquals(await breakLock("a", all.deps), null);
    await lease[Symbol.asyncDispose]();
  });
});

Deno.test("a lock whose record cannot be read is held, and --force takes it over", async () => {
  for (const text of ["", "{", "[]", "{}", '{"protocol":99}', "\0"]) {
    const all = new Setting();
    const key = "releases/a-deploy.lock";
    await all.bucket.put(key, new TextEncoder().encode(text), "always");
    await all.sim.run((async () => {
      await assertRejects(() => all.acquire(), FlyhotError, "held by somebody");
      const lease = await all.acquire({ force: true });
      assertEquals(lease.record.holder, "ann");
      await lease[Symbol.asyncDispose]();
    })());
  }
});

Deno.test("a bucket that names no time is refused", async () => {
  const all = new Setting();
  const get = all.bucket.get.bind(all.bucket);
  all.bucket.get = (key, { onDate: _, ...options } = {}) => get(key, options);
  await assertRejects(
    () => all.sim.run(all.acquire()),
    FlyhotError,
    "have no Date header",
  );
});
