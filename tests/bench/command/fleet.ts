/** What a rollout asks of the Machines API and of the store, and how long it takes, on fleets of simulated machines: the
 * real orchestrator and the real machines, on a clock of their own. And what the store is asked while nothing happens.
 * @module
 */
import type { Bucket } from "@flyhot/runtime/bucket";
import { inWorld } from "../../sim/rollouts/in_world.ts";
import type { SimWorld } from "../../sim/sim_world.ts";
import type { Bench } from "../figure.ts";

const DEFAULT_CONCURRENCY = 20;
/** What the API takes of one action on one machine: a burst, then so many a second. */
const LIMIT = { burst: 3, perSecond: 1 };
const GET_LIMIT = { burst: 10, perSecond: 5 };
/** In a simulated world the clock is, too. */
const realNow = performance.now.bind(performance);
const HOUR_MS = 3_600_000;

/** Counts what is asked of a bucket. */
function counted(bucket: Bucket, count: () => void): Bucket {
  return new Proxy(bucket, {
    get(target, key) {
      const member: unknown = Reflect.get(target, key, target);
      if (typeof member !== "function") return member;
      if (!["get", "put", "delete", "list"].includes(String(key))) {
        return member.bind(target);
      }
      return (...args: unknown[]) => {
        count();
        return member.apply(target, args);
      };
    },
  });
}

/** How many requests went beyond what the API takes, by machine and action. */
class Limits {
  beyond = 0;
  total = 0;
  readonly #tokens = new Map<string, { left: number; at: number }>();

  ask(request: Request, now: number): void {
    this.total++;
    const { pathname } = new URL(request.url);
    const key = `${request.method} ${pathname}`;
    const isGet = request.method === "GET" && /machines\/[^/]+$/.test(pathname);
    const { burst, perSecond } = isGet ? GET_LIMIT : LIMIT;
    const { left, at } = this.#tokens.get(key) ?? { left: burst, at: now };
    const tokens = Math.min(burst, left + (now - at) / 1000 * perSecond);
    // What comes in the same moment as the next token is on time.
    if (tokens < 0.999) this.beyond++;
    this.#tokens.set(key, { left: Math.max(0, tokens - 1), at: now });
  }
}

async function rollOut(machines: number) {
  let deployer = 0;
  let fleet = 0;
  return await inWorld({
    seed: 1,
    tempers: Array.from({ length: machines }, () => "applies" as const),
    plant: {
      deployerBucket: (bucket) => counted(bucket, () => deployer++),
      machineBucket: (bucket) => counted(bucket, () => fleet++),
    },
  }, async (world: SimWorld) => {
    const limits = new Limits();
    world.onRequest = (request) => limits.ask(request, world.sim.elapsed);
    const from = realNow();
    const report = await world.run(
      world.deploy("1.0.0", {
        maxConcurrency: DEFAULT_CONCURRENCY,
        timeoutMs: 120_000,
        lockTtlMs: 120_000,
      }),
    );
    if (report.outcome !== "committed") {
      throw new Error(`${machines} machines: ${report.summary}`);
    }
    return {
      seconds: world.sim.elapsed / 1000,
      tookMs: realNow() - from,
      limits,
      deployer,
      fleet,
    };
  });
}

/** Requests of one machine in an hour in which nothing happens. */
async function atRest(ms: number): Promise<number> {
  let requests = 0;
  const machines = 3;
  return await inWorld({
    seed: 1,
    tempers: Array.from({ length: machines }, () => "applies" as const),
    plant: { machineBucket: (bucket) => counted(bucket, () => requests++) },
  }, async (world) => {
    await world.run(world.deploy("1.0.0"), 120_000);
    requests = 0;
    await world.run(Promise.resolve(), ms);
    return requests / machines / ms * HOUR_MS;
  });
}

async function* figures({ tiny }: { readonly tiny: boolean }) {
  for (const machines of tiny ? [3] : [10, 100, 1_000]) {
    const { seconds, tookMs, limits, deployer, fleet } = await rollOut(
      machines,
    );
    const many = machines.toLocaleString("en-US");
    yield {
      name: `a rollout to ${many} machines`,
      value: seconds,
      unit: "s, simulated",
      note:
        `${DEFAULT_CONCURRENCY} at once; the deployer asks the store ${deployer} times, a machine ${
          (fleet / machines).toFixed(0)
        } times; simulated in ${(tookMs / 1000).toFixed(1)} s`,
    };
    yield {
      name: `${many} machines: requests beyond the API's rate limits`,
      value: limits.beyond,
      unit: `of ${limits.total}`,
      goal: { atMost: 0 },
    };
  }
  yield {
    name: "the store at rest",
    value: await atRest(tiny ? 60_000 : HOUR_MS),
    unit: "requests a machine and hour",
    note: "conditional reads of the pointer, every 5 s (FLYHOT_POLL_MS)",
  };
}

/** What rollouts ask for. */
export const bench: Bench = {
  about: "rollouts to simulated fleets, and the store at rest",
  run: figures,
};
