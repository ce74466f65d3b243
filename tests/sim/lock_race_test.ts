import { assert, assertEquals } from "@std/assert";
import { BucketError, MemoryBucket } from "@flyhot/runtime/bucket";
import { FlyhotError } from "../../src/errors.ts";
import { acquireLock } from "../../src/rollout/lock/lock.ts";
import { readLock } from "../../src/rollout/lock/store.ts";
import { type FaultRates, FaultyBucket } from "./faulty_bucket.ts";
import { Sim } from "./sim.ts";
import { SimHost } from "./sim_host.ts";

const TTL_MS = 30_000;
// The computers' own clocks decide nothing.
const SKEW_MS = 20 * 60_000;

interface RaceOptions {
  readonly contenders: number;
  readonly faults: FaultRates;
}

interface RaceOutcome {
  readonly acquired: number;
  readonly takenOver: number;
  readonly lost: number;
  readonly refused: number;
  readonly trace: string;
}

async function race(sim: Sim, options: RaceOptions): Promise<RaceOutcome> {
  const shared = new MemoryBucket(undefined, () => sim.now);
  const holders = new Set<number>();
  const warnings: string[] = [];
  const trace: string[] = [];
  let acquired = 0, takenOver = 0, lost = 0, refused = 0;

  async function contend(id: number): Promise<void> {
    const host = new SimHost(sim, { skewMs: sim.between(-SKEW_MS, SKEW_MS) });
    const bucket = new FaultyBucket(sim, shared, options.faults);
    const reporter = {
      emit: (event: { type: string; text?: string }) =>
        void warnings.push(event.text ?? event.type),
    };
    await sim.sleep(sim.between(0, 5_000));
    for (let attempt = 0; attempt < 3; attempt++) {
      let lease;
      try {
        const before = (await shared.get("releases/a-deploy.lock")).status;
        lease = await acquireLock(
          { app: "a", holder: `c${id}`, purpose: "race", ttlMs: TTL_MS },
          { host, bucket, reporter },
        );
        if (before === "found") takenOver++;
      } catch (error) {
        if (error instanceof FlyhotError) refused++;
        else assert(error instanceof BucketError, String(error));
        await sim.sleep(sim.between(0, TTL_MS));
        continue;
      }
      acquired++;
      trace.push(`${sim.elapsed}:${id}`);
      holders.add(id);
      assertEquals(holders.size, 1, `seed ${sim.seed}: ${[...holders]}`);
      lease.signal.addEventListener("abort", () => {
        holders.delete(id);
        lost++;
      });
      // Some work longer than the lock would hold without renewal; some fall off the network.
      if (sim.chance(0.3)) {
        sim.sleep(sim.between(0, TTL_MS)).then(() => bucket.cut = true);
      }
      await sim.sleep(sim.between(0, 3 * TTL_MS));
      holders.delete(id);
      await lease[Symbol.asyncDispose]();
      return;
    }
  }

  await sim.run(
    Promise.all(
      Array.from({ length: options.contenders }, (_, i) => contend(i)),
    ),
  );
  return { acquired, takenOver, lost, refused, trace: trace.join(" ") };
}

Deno.test("acquireLock() never lets two hold the lock, over 2000 random schedules of 20 contenders", async () => {
  const total = { acquired: 0, takenOver: 0, lost: 0, refused: 0 };
  for (let seed = 1; seed <= 2_000; seed++) {
    const bad = seed % 2 === 0;
    const sim = new Sim({ seed, impatience: [0.005, 0.05, 0.2][seed % 3]! });
    const outcome = await race(sim, {
      contenders: 20,
      faults: bad ? { read: 0.05, write: 0.2, lateMs: 120_000 } : {},
    });
    if (!bad) assert(outcome.acquired > 0, `seed ${seed}: nobody got it`);
    total.acquired += outcome.acquired;
    total.takenOver += outcome.takenOver;
    total.lost += outcome.lost;
    total.refused += outcome.refused;
  }
  // The schedules must reach what they are there for.
  assert(total.acquired > 2_000, JSON.stringify(total));
  assert(total.takenOver > 500, JSON.stringify(total));
  assert(total.lost > 100, JSON.stringify(total));
  assert(total.refused > 2_000, JSON.stringify(total));
});

Deno.test("Sim repeats a schedule exactly, given the same seed", async () => {
  const run = (seed: number) =>
    race(new Sim({ seed }), {
      contenders: 8,
      faults: { write: 0.3, lateMs: 60_000 },
    });
  assertEquals(await run(7), await run(7));
  assert((await run(7)).trace !== (await run(8)).trace);
});

Deno.test("acquireLock() leaves no held lock behind, when all have released it", async () => {
  const sim = new Sim({ seed: 3 });
  const shared = new MemoryBucket(undefined, () => sim.now);
  const bucket = new FaultyBucket(sim, shared);
  const reporter = { emit() {} };
  await sim.run((async () => {
    for (let round = 0; round < 3; round++) {
      await using _lease = await acquireLock(
        { app: "a", holder: "me", purpose: "test", ttlMs: TTL_MS },
        { host: new SimHost(sim), bucket, reporter },
      );
    }
  })());
  assertEquals((await readLock(shared, "a"))?.record.state, "released");
});
