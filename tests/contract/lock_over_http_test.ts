import { assert, assertEquals } from "@std/assert";
import { BucketError, S3Bucket } from "@flyhot/runtime/bucket";
import { FlyhotError } from "../../src/errors.ts";
import type { Host } from "../../src/host.ts";
import { denoHost } from "../../src/host_deno.ts";
import { acquireLock } from "../../src/rollout/lock/lock.ts";
import { readLock } from "../../src/rollout/lock/store.ts";
import type { Fault } from "../../src/sandbox/server/faults.ts";
import { startObjectStore } from "../../src/sandbox/s3/object_store.ts";
import { Sim } from "../sim/sim.ts";
import { startGateway } from "./rgw.ts";

const KEYS = { accessKeyId: "AKIDLOCK", secretAccessKey: "lock/Secret+Key" };
const CONTENDERS = 20;
// Time goes by this much faster: a lock of half a minute lapses in a second.
const HASTE = 30;
const TTL_MS = 30_000;

/** A real host whose clock is in a hurry. */
function hastyHost(host: Host): Host {
  const start = host.now();
  const elapsed = () => (host.now() - start) * HASTE;
  return {
    ...host,
    now: () => start + elapsed(),
    monotonicNow: elapsed,
    sleep: (ms, signal) => host.sleep(ms / HASTE, signal),
  };
}

/** Lets many contend for one lock; says how often it was acquired. */
async function contend(
  client: () => S3Bucket,
  seed: number,
): Promise<number> {
  using real = denoHost();
  const dice = new Sim({ seed });
  const host = hastyHost(real);
  const holders = new Set<number>();
  let acquired = 0;
  const contender = async (id: number) => {
    const bucket = client();
    for (let attempt = 0; attempt < 3; attempt++) {
      // All at once the first time, later as it comes.
      if (attempt > 0) await host.sleep(dice.between(0, TTL_MS));
      try {
        await using lease = await acquireLock(
          {
            app: `lock-${seed}`,
            holder: `c${id}`,
            purpose: "contend",
            ttlMs: TTL_MS,
          },
          { host, bucket, reporter: { emit() {} } },
        );
        acquired++;
        holders.add(id);
        lease.signal.addEventListener("abort", () => holders.delete(id));
        assertEquals(holders.size, 1, `seed ${seed}: ${[...holders]}`);
        await host.sleep(dice.between(0, TTL_MS / 4));
        holders.delete(id);
      } catch (error) {
        if (error instanceof FlyhotError || error instanceof BucketError) {
          continue;
        }
        throw error;
      }
    }
  };
  await Promise.all(
    Array.from({ length: CONTENDERS }, (_, id) => contender(id)),
  );
  const left = await readLock(client(), `lock-${seed}`);
  assert(left !== null);
  return acquired;
}

const FAULTS: readonly Fault[] = [
  "lose_request",
  "lose_answer",
  "cut_answer",
  "error500",
  "slow_down",
  { delayMs: 20 },
];

Deno.test("acquireLock() never lets two hold the lock over HTTP, with and without trouble on the line", async () => {
  for (const trouble of [false, true]) {
    const dice = new Sim({ seed: 11 });
    const server = await startObjectStore({
      bucket: "locks",
      ...KEYS,
      faults: () =>
        trouble && dice.chance(0.1)
          ? FAULTS[dice.between(0, FAULTS.length - 1)]
          : undefined,
    });
    try {
      const client = () =>
        new S3Bucket({ endpoint: server.url, bucket: "locks", ...KEYS });
      const acquired = await contend(client, trouble ? 2 : 1);
      assert(acquired > 0);
    } finally {
      await server.close();
    }
  }
});

Deno.test("acquireLock() never lets two hold the lock on a Ceph gateway", async (t) => {
  const gateway = await startGateway();
  if (typeof gateway === "string") {
    await t.step({ name: `skipped: ${gateway}`, ignore: true, fn: () => {} });
    return;
  }
  await using _ = gateway;
  const { endpoint, region, bucket, accessKeyId, secretAccessKey } = gateway;
  const options = { endpoint, region, bucket, accessKeyId, secretAccessKey };
  const acquired = await contend(() => new S3Bucket(options), 3);
  assert(acquired > 0);
});
