import { assert, assertEquals, assertRejects } from "@std/assert";
import {
  BucketError,
  MemoryBucket,
  type WriteCondition,
  type WriteOutcome,
} from "@flyhot/runtime/bucket";
import { Sim } from "../../../tests/sim/sim.ts";
import { SimHost } from "../../../tests/sim/sim_host.ts";
import { FlyhotError } from "../../errors.ts";
import type { ReportEvent } from "../../ui/reporter.ts";
import { acquireLock, breakLock } from "./lock.ts";
import type { LockLease } from "./lease.ts";
import { readLock } from "./store.ts";

const TTL_MS = 30_000;

type Fault = (
  content: string,
  condition: WriteCondition,
) => WriteOutcome | Error | "lose the answer" | undefined;

/** A bucket whose writes go wrong as told. */
class OddBucket extends MemoryBucket {
  fault: Fault = () => undefined;

  override async put(
    key: string,
    content: Uint8Array<ArrayBuffer>,
    condition: WriteCondition,
  ): Promise<WriteOutcome> {
    const fault = this.fault(new TextDecoder().decode(content), condition);
    if (fault instanceof Error) throw fault;
    if (typeof fault === "object") return fault;
    const outcome = await super.put(key, content, condition);
    return fault === undefined
      ? outcome
      : { status: "unknown", reason: "the line was cut" };
  }
}

class Setting {
  readonly sim = new Sim({ seed: 1 });
  readonly host = new SimHost(this.sim);
  readonly bucket = new OddBucket(undefined, () => this.sim.now);
  readonly events: ReportEvent[] = [];
  readonly deps = {
    host: this.host,
    bucket: this.bucket,
    reporter: { emit: (event: ReportEvent) => void this.events.push(event) },
  };

  acquire(
    options: { holder?: string; force?: boolean; ttlMs?: number } = {},
    signal?: AbortSignal,
  ): Promise<LockLease> {
    const { holder = "ann", ttlMs = TTL_MS, force = false } = options;
    const purpose = "deploy 1.2.3";
    return acquireLock(
      { app: "a", holder, purpose, ttlMs, force },
      this.deps,
      signal,
    );
  }

  run(act: () => Promise<void>): Promise<void> {
    return this.sim.run(act());
  }

  async state(): Promise<string | undefined> {
    return (await readLock(this.bucket, "a"))?.record.state;
  }
}

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
