import { assert, assertEquals } from "@std/assert";
import { type Bucket, BucketError } from "@flyhot/runtime/bucket";
import { BrokenPromise, Promises } from "./promises.ts";
import { SimWorld } from "./sim_world.ts";
import { IMAGE } from "./world/shop.ts";

const REST_MS = 60_000;

/** A fleet that runs a release, and one more machine, whose reads fail for so long; or which hears of nothing. */
async function scaledUp(
  { cutMs, isDeaf }: { readonly cutMs: number; readonly isDeaf: boolean },
): Promise<{ world: SimWorld; promises: Promises } & Disposable> {
  let cutUntil = -1;
  const world = new SimWorld({
    seed: 1,
    tempers: ["applies"],
    plant: {
      machineBucket: (bucket, id) => {
        if (id === "m0") return bucket;
        const get: Bucket["get"] = (...args) => {
          if (isDeaf) return Promise.resolve({ status: "missing" });
          if (world.sim.elapsed >= cutUntil) return bucket.get(...args);
          return Promise.reject(new BucketError("network", "cut"));
        };
        return new Proxy(bucket, {
          get: (target, name) => {
            if (name === "get") return get;
            const value: unknown = Reflect.get(target, name);
            return typeof value === "function" ? value.bind(target) : value;
          },
        });
      },
    },
  });
  const promises = new Promises(world, {
    blindMs: 1_000,
    deathsMax: 2,
    several: false,
  });
  const { outcome } = await world.run(world.deploy("2.0.0"));
  assertEquals(outcome, "committed");
  cutUntil = world.sim.elapsed + cutMs;
  world.scaleUp(IMAGE);
  return { world, promises, [Symbol.dispose]: () => world.end() };
}

function judge({ world, promises }: { world: SimWorld; promises: Promises }) {
  const wanted = world.generation?.hot_upgrade?.sha256 ?? null;
  promises.judgeRest(() => wanted);
  return { broken: promises.broken, wanted };
}

Deno.test("SimWorld.rest() waits for a machine whose looks have failed, which then runs what it should", async () => {
  using it = await scaledUp({ cutMs: 50_000, isDeaf: false });
  const begun = it.world.sim.elapsed;
  assertEquals(await it.world.rest(REST_MS), true);
  const { broken, wanted } = judge(it);
  assertEquals(broken, null);
  assert(wanted !== null);
  assertEquals(it.world.machines.map(({ sha256 }) => sha256), [wanted, wanted]);
  assert(it.world.sim.elapsed - begun > REST_MS);
});

Deno.test("SimWorld.rest() waits no longer for a machine whose looks succeed, and that runs something else", async () => {
  using it = await scaledUp({ cutMs: 0, isDeaf: true });
  assertEquals(await it.world.rest(REST_MS), false);
  assert(judge(it).broken instanceof BrokenPromise);
});

Deno.test("SimWorld.rest() gives a machine that cannot look at all no more than the longest back-off", async () => {
  using it = await scaledUp({ cutMs: Infinity, isDeaf: false });
  assertEquals(await it.world.rest(REST_MS), true);
  assert(judge(it).broken instanceof BrokenPromise);
});
