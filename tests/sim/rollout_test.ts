import { assert, assertEquals, assertRejects } from "@std/assert";
import { BucketError } from "@flyhot/runtime/bucket";
import { bootUpgrade } from "../../runtime/decide_upgrade.ts";
import { FlyhotError } from "../../src/errors.ts";
import type { RolloutReport } from "../../src/rollout/report.ts";
import { Sim } from "./sim.ts";
import type { Temper } from "./sim_machine.ts";
import { SimWorld } from "./sim_world.ts";

async function inWorld<T>(
  options: ConstructorParameters<typeof SimWorld>[0],
  use: (world: SimWorld) => Promise<T>,
): Promise<T> {
  const world = new SimWorld(options);
  try {
    return await use(world);
  } finally {
    await world.end();
    assertEquals(world.bucket.broken, [], `seed ${options.seed}`);
    assertNoInterleaving(world);
  }
}

function standings(report: RolloutReport): string {
  return report.machines.map(({ id, standing }) => `${id} ${standing}`)
    .join(", ");
}

Deno.test("orchestrate() brings a release to all machines and commits it", async () => {
  await inWorld({
    seed: 1,
    tempers: ["applies", "is slow", "tries twice"],
    resting: ["stopped"],
  }, async (world) => {
    const report = await world.run(world.deploy("1.0.0"));
    assertEquals(report.outcome, "committed");
    assertEquals(report.summary, "1.0.0 runs on 3 machines");
    assertEquals(
      standings(report),
      "m0 applied, m1 applied, m2 applied, m3 applies_at_next_start",
    );
    assertEquals(report.plan?.reload, ["app.ts"]);
    assertEquals(world.generation?.hot_upgrade?.state, "committed");
    assertEquals(world.generation?.hot_upgrade?.wave, "*");
    assertEquals(
      world.machines.slice(0, 3).map(({ sha256 }) => sha256 === report.sha256),
      [true, true, true],
    );
    const again = await world.run(world.deploy("1.0.0"));
    assertEquals(again.outcome, "nothing_to_do");
  });
});

const TEMPERS = [
  "fails",
  "goes back by itself",
  "keeps silent",
  "is slow",
  "tries twice",
  "stops",
  "vanishes",
  "restarts",
] as const;

interface Tally {
  committed: number;
  rolled_back: number;
  nothing_to_do: number;
  conflict: number;
  incomplete: number;
  network: number;
}

async function life(seed: number, tally: Tally): Promise<void> {
  const dice = new Sim({ seed: seed + 1_000_000 });
  const temper = (): Temper =>
    dice.chance(0.75) ? "applies" : TEMPERS[dice.between(0, 7)]!;
  const bad = seed % 2 === 0;
  const deployers = seed % 5 === 0 ? 2 : 1;
  const options = {
    seed,
    impatience: [0.005, 0.02, 0.05][seed % 3]!,
    tempers: Array.from({ length: dice.between(1, 5) }, temper),
    resting: Array.from({ length: dice.between(0, 1) }, () => "stopped"),
    ...(bad
      ? {
        faults: { read: 0.03, write: 0.08, lateMs: 120_000 },
        machineFaults: { read: 0.02, write: 0.05 },
      }
      : {}),
  };
  await inWorld(options, async (world) => {
    let version = 0;
    const deployOnce = async () => {
      const before = runsAfterStart(world);
      const interrupt = new AbortController();
      if (dice.chance(0.2)) {
        world.sim.sleep(dice.between(0, 40_000))
          .then(() => interrupt.abort(new Error("interrupted")));
      }
      try {
        const report = await world.deploy(
          `1.0.${dice.chance(0.1) ? version : ++version}`,
          { canary: dice.between(0, 2), maxConcurrency: dice.between(1, 3) },
          interrupt.signal,
        );
        assert(report.outcome in tally, report.outcome);
        tally[report.outcome as keyof Tally]++;
        if (deployers === 1) assertTrue(world, report, before);
      } catch (error) {
        if (error instanceof BucketError) return void tally.network++;
        if (!(error instanceof FlyhotError)) throw error;
        // All machines may have stopped or vanished by now.
        if (error.code === "not_found") return;
        assert(error.code in tally, `${seed}: ${error.code} ${error.message}`);
        tally[error.code as keyof Tally]++;
      }
    };
    for (let round = 0; round < 3; round++) {
      await world.run(
        Promise.all(Array.from({ length: deployers }, deployOnce)),
        dice.between(0, 60_000),
      );
      for (const machine of world.machines) {
        if (machine.state === "stopped") machine.restart();
        machine.temper = temper();
      }
    }
    // Left alone, every machine comes to run what a machine that starts now would run.
    for (const machine of world.machines) machine.temper = "applies";
    await world.run(Promise.resolve(), 300_000);
    const generation = world.generation;
    if (generation?.hot_upgrade?.state === "probation") return void console.log("open", seed);
    const wanted = runsAfterStart(world);
    for (const { id, state, sha256 } of world.machines) {
      if (state === "started") {
        assertEquals(sha256, wanted, `seed ${seed} ${id}`);
      }
    }
  });
}

/** The digest that a machine that starts now would run. */
function runsAfterStart(world: SimWorld): string | null {
  return bootUpgrade(world.generation)?.sha256 ?? null;
}

/** The report must say what the machines run. */
function assertTrue(
  world: SimWorld,
  report: RolloutReport,
  before: string | null,
): void {
  const { seed } = world.sim;
  const { outcome } = report;
  const current = world.generation?.hot_upgrade;
  if (outcome === "committed") {
    assertEquals(current?.id, report.upgrade_id, `seed ${seed}`);
    assertEquals(current?.state, "committed", `seed ${seed}`);
  }
  if (outcome === "rolled_back") {
    assertEquals(current?.rollback_of, report.upgrade_id, `seed ${seed}`);
    assertEquals(current?.sha256 ?? null, before, `seed ${seed}`);
  }
  for (const { id, standing } of report.machines) {
    const machine = world.machines.find((each) => each.id === id);
    if (machine?.state !== "started") continue;
    const at = `seed ${seed}: ${id} ${standing} after ${outcome}`;
    if (standing === "applied" || standing === "nothing_to_do") {
      assertEquals(machine.sha256, report.sha256, at);
    }
    if (standing === "returned") assertEquals(machine.sha256, before, at);
  }
}

/** An upgrade that was replaced never comes back: no two deployers ever worked at once. */
function assertNoInterleaving(world: SimWorld): void {
  const ids = world.bucket.pointers.map((pointer) =>
    Object.values(pointer.generations)[0]?.hot_upgrade?.id
  );
  const runs = ids.filter((id, index) => id !== ids[index - 1]);
  assertEquals(new Set(runs).size, runs.length, `seed ${world.sim.seed}`);
}

Deno.test("orchestrate() keeps its promises in 300 random lives of an app", async () => {
  const tally: Tally = {
    committed: 0,
    rolled_back: 0,
    nothing_to_do: 0,
    conflict: 0,
    incomplete: 0,
    network: 0,
  };
  for (let seed = 1; seed <= (Number(Deno.env.get("SEEDS")) || 300); seed++) {
    try {
      await life(seed, tally);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  // The lives must reach what they are there for.
  assert(tally.committed > 200, JSON.stringify(tally));
  assert(tally.rolled_back > 100, JSON.stringify(tally));
  console.log(tally);
});
