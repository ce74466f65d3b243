import { assert, assertEquals, assertRejects } from "@std/assert";
import { BucketError } from "@flyhot/runtime/bucket";
import { SimHost } from "../../../tests/sim/sim_host.ts";
import { FlyhotError } from "../../errors.ts";
import { acquireLock, breakLock } from "./lock.ts";
import type { LockLease } from "./lease.ts";
import { Setting, TTL_MS } from "./lock_fixture_test.ts";

Deno.test("LockLease renews itself at a third of its time, for as long as it is held", async () => {
  const all = new Setting();
  await all.run(async () => {
    const lease = await all.acquire();
    const renewals = new Set<string>();
    for (let waited = 0; waited < 5 * TTL_MS; waited += 1_000) {
      await all.host.sleep(1_000);
      renewals.add(lease.record.renewed_at);
      assertEquals(lease.signal.aborted, false);
    }
    assertEquals(renewals.size, 16);
    assertEquals(
      lease.record.acquired_at,
      new Date(all.sim.now - 5 * TTL_MS).toISOString(),
    );
    await lease[Symbol.asyncDispose]();
    assertEquals(await all.state(), "released");
  });
});

Deno.test("LockLease survives renewals whose answers are lost, and failing ones, while there is time", async () => {
  for (
    const fault of [
      "lose the answer",
      { status: "unknown", reason: "cut" },
      new BucketError("network", "cut"),
    ] as const
  ) {
    const all = new Setting();
    await all.run(async () => {
      const lease = await all.acquire();
      let faults = 0;
      all.bucket.fault = () => ++faults % 3 === 0 ? undefined : fault;
      await all.host.sleep(5 * TTL_MS);
      assertEquals(lease.signal.aborted, false);
      assert(faults > 5);
      all.bucket.fault = () => undefined;
      await lease[Symbol.asyncDispose]();
      assertEquals(await all.state(), "released");
    });
  }
});

Deno.test("LockLease gives itself up before anybody could take it over", async () => {
  const all = new Setting();
  await all.run(async () => {
    const lease = await all.acquire();
    all.bucket.fault = () => ({ status: "unknown", reason: "cut" });
    await all.host.sleep(0.9 * TTL_MS - 1);
    assertEquals(lease.signal.aborted, false);
    await all.host.sleep(2);
    assert(lease.signal.aborted);
    assertEquals(
      lease.signal.reason.message,
      "Cannot go on with a: its deploy lock is lost (it could not be renewed in time)",
    );
    await lease[Symbol.asyncDispose]();
    assertEquals(all.events, []);
  });
});

Deno.test("LockLease is lost when somebody frees or removes it", async () => {
  for (
    const [act, why] of [
      [(all: Setting) => breakLock("a", all.deps), "somebody released it"],
      [
        (all: Setting) => all.bucket.delete("releases/a-deploy.lock"),
        "somebody removed it",
      ],
    ] as const
  ) {
    const all = new Setting();
    await all.run(async () => {
      await using lease = await all.acquire();
      await act(all);
      await all.host.sleep(TTL_MS / 2);
      assertEquals(
        lease.signal.reason?.message,
        `Cannot go on with a: its deploy lock is lost (${why})`,
      );
    });
  }
});

Deno.test("LockLease only warns when it cannot be released, because it lapses", async () => {
  const all = new Setting();
  await all.run(async () => {
    const lease = await all.acquire();
    all.bucket.fault = () => ({ status: "unknown", reason: "cut" });
    await lease[Symbol.asyncDispose]();
    assertEquals(all.events, [{
      type: "warning",
      text:
        `The lock of a is not released (tried 3 times); it lapses at ${lease.record.expires_at}`,
    }]);
  });
});

Deno.test("two deployers whose clocks are 320 s apart never both hold the lock", async () => {
  for (const skewMs of [320_000, -320_000, 20 * 60_000]) {
    const all = new Setting();
    const reporter = { emit() {} };
    const ahead = {
      host: new SimHost(all.sim, { skewMs }),
      bucket: all.bucket,
      reporter,
    };
    const claim = { app: "a", holder: "bob", purpose: "x", ttlMs: 300_000 };
    await all.sim.run((async () => {
      const first = await all.acquire({ ttlMs: 300_000 });
      for (let minute = 0; minute < 20; minute++) {
        await all.sim.sleep(60_000);
        const error = await assertRejects(
          () => acquireLock(claim, ahead),
          FlyhotError,
          "held by ann",
        );
        assertEquals(error.code, "conflict");
        assert(!first.signal.aborted);
      }
      await first[Symbol.asyncDispose]();
      const second = await acquireLock(claim, ahead);
      await assertRejects(() => all.acquire(), FlyhotError, "held by bob");
      await second[Symbol.asyncDispose]();
    })());
  }
});

Deno.test("LockLease.confirm() notices a lock that is lost, before the renewal does", async () => {
  const takers: ((all: Setting) => Promise<unknown>)[] = [
    (all) => breakLock("a", all.deps),
    (all) => all.bucket.delete("releases/a-deploy.lock"),
    async (all) => (await all.acquire({ holder: "bob", force: true })),
  ];
  for (const take of takers) {
    const all = new Setting();
    await all.sim.run((async () => {
      const lease = await all.acquire();
      await lease.confirm();
      const bucket = lease.guard(all.bucket);
      assertEquals(
        (await bucket.put("k", new Uint8Array(), "always")).status,
        "written",
      );
      const taken = await take(all);
      await assertRejects(
        () => bucket.put("k", new Uint8Array(1), "always"),
        FlyhotError,
        "its deploy lock is lost",
      );
      await assertRejects(() => bucket.delete("k"), FlyhotError);
      assert(lease.signal.aborted);
      const left = await all.bucket.get("k");
      assertEquals(left.status === "found" && left.size, 0);
      if (left.status === "found") await left.body.cancel();
      await lease[Symbol.asyncDispose]();
      if (taken instanceof Object && Symbol.asyncDispose in taken) {
        await (taken as LockLease)[Symbol.asyncDispose]();
      }
    })());
  }
});

Deno.test("a guarded write is unknown where nobody can tell who holds the lock", async () => {
  const all = new Setting();
  await all.sim.run((async () => {
    const lease = await all.acquire();
    const bucket = lease.guard(all.bucket);
    const get = all.bucket.get.bind(all.bucket);
    all.bucket.get = () =>
      Promise.reject(new BucketError("network", "Cannot read: cut"));
    assertEquals(await bucket.put("k", new Uint8Array(), "always"), {
      status: "unknown",
      reason: "Cannot read: cut",
    });
    await assertRejects(() => bucket.delete("k"), BucketError);
    all.bucket.get = get;
    assertEquals((await all.bucket.get("k")).status, "missing");
    assert(!lease.signal.aborted);
    await lease[Symbol.asyncDispose]();
  })());
});
