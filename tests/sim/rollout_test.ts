import { assert, assertEquals, assertRejects } from "@std/assert";
import { BucketError } from "@flyhot/runtime/bucket";
import { bootUpgrade } from "../../runtime/machine/decide_upgrade.ts";
import { FlyhotError } from "../../src/errors.ts";
import { readLock } from "../../src/rollout/lock/store.ts";
import type { RolloutReport } from "../../src/rollout/report.ts";
import { inWorld, keys, runs } from "./in_world.ts";
import { Sim } from "./sim.ts";
import type { Temper } from "./sim_machine.ts";
import type { SimWorld } from "./sim_world.ts";

function standings(report: RolloutReport): string {
  return report.machines.map(({ id, standing }) => `${id} ${standing}`)
    .join(", ");
}

Deno.test("orchestrate() brings a release to all machines and commits it", async () => {
  const tempers = ["applies", "is slow", "tries twice"] as const;
  await inWorld({ seed: 1, tempers, resting: ["stopped"] }, async (world) => {
    const report = await world.run(world.deploy("1.0.0"));
    assertEquals(report.outcome, "committed");
    assertEquals(report.summary, "1.0.0 runs on 3 machines");
    assertEquals(
      standings(report),
      "m0 applied, m1 applied, m2 applied, m3 applies_at_next_start",
    );
    assertEquals(report.plan?.reload, ["app.ts"]);
    const { state, wave, version, sha256 } = world.generation!.hot_upgrade!;
    assertEquals({ state, wave, version, sha256 }, {
      state: "committed",
      wave: "*",
      version: "1.0.0",
      sha256: report.sha256,
    });
    assertEquals(runs(world), [
      report.sha256,
      report.sha256,
      report.sha256,
      null,
    ]);
    world.machines[3]!.restart();
    await world.run(Promise.resolve(), 20_000);
    assertEquals(world.machines[3]!.sha256, report.sha256);
    const again = await world.run(world.deploy("1.0.0"));
    assertEquals(again.outcome, "nothing_to_do");
    assertEquals(again.summary, "the machines run this already");
  });
});

Deno.test("orchestrate() says what it does, step by step", async () => {
  await inWorld({ seed: 1, tempers: ["applies", "applies"] }, async (world) => {
    await world.run(world.deploy("1.0.0"));
    const steps = world.events.flatMap((event) =>
      event.type === "done" ? [event.name] : []
    );
    assertEquals(steps, [
      "Lock",
      "Find machines",
      "Pack release",
      "Plan",
      "Publish release",
      "Upgrade wave 1 of 2",
      "Upgrade wave 2 of 2",
      "Commit",
      "Prune",
    ]);
    const ofM1 = world.events.flatMap((event) =>
      event.type === "machine" && event.id === "m1" ? [event.standing] : []
    );
    assertEquals(ofM1, ["queued", "nudged", "pending", "applied"]);
  });
});

Deno.test("orchestrate() stops at a canary that fails, and never touches the others", async () => {
  await inWorld(
    { seed: 1, tempers: ["fails", "applies", "applies"] },
    async (world) => {
      const report = await world.run(world.deploy("1.0.0"), 20_000);
      assertEquals(report.outcome, "rolled_back");
      assertEquals(
        report.summary,
        "1.0.0 is rolled back: machine m0 failed in health: the page is empty; 1 machine back on base",
      );
      assertEquals(standings(report), "m0 failed, m1 queued, m2 queued");
      assertEquals(report.machines[0]?.failure?.message, "the page is empty");
      assertEquals(runs(world), [null, null, null]);
      const waves = world.bucket.pointers.map((pointer) =>
        pointer.hot_upgrade?.wave
      );
      assertEquals(waves, [["m0"], "*"]);
    },
  );
});

Deno.test("orchestrate() brings all machines back to the last release when one of a later wave fails", async () => {
  await inWorld(
    { seed: 1, tempers: ["applies", "applies", "applies"] },
    async (world) => {
      const good = await world.run(world.deploy("1.0.0"));
      world.machines[2]!.temper = "goes back by itself";
      const bad = await world.run(world.deploy("1.1.0", { maxConcurrency: 1 }));
      assertEquals(bad.outcome, "rolled_back");
      assertEquals(
        bad.summary,
        "1.1.0 is rolled back: machine m2 went back by itself in probation: the page is empty; 3 machines back on 1.0.0",
      );
      assertEquals(standings(bad), "m0 returned, m1 returned, m2 rolled_back");
      assertEquals(runs(world), [good.sha256, good.sha256, good.sha256]);
      const { hot_upgrade, history } = world.generation!;
      assertEquals(hot_upgrade?.rollback_of, bad.upgrade_id);
      assertEquals(hot_upgrade?.sha256, good.sha256);
      assertEquals(history.map(({ version, state }) => `${version} ${state}`), [
        "1.1.0 rolled_back",
        "1.0.0 committed",
      ]);
      const fingerprints = new Set(
        bad.machines.map((each) => each.fingerprint),
      );
      assertEquals(fingerprints, new Set([good.machines[0]?.fingerprint]));
    },
  );
});

Deno.test("orchestrate() reports every machine of a wave that failed, not only the first", async () => {
  const tempers = ["fails", "fails", "fails", "applies"] as const;
  await inWorld({ seed: 1, tempers }, async (world) => {
    const report = await world.run(
      world.deploy("1.0.0", { canary: 0, maxConcurrency: 20 }),
    );
    assertEquals(
      standings(report),
      "m0 failed, m1 failed, m2 failed, m3 returned",
    );
    assertEquals(
      report.machines.map(({ failure }) => failure?.phase),
      ["health", "health", "health", undefined],
    );
  });
});

Deno.test("orchestrate() gives a silent machine up when its time is over, and says so", async () => {
  await inWorld(
    { seed: 1, tempers: ["applies", "keeps silent"] },
    async (world) => {
      const report = await world.run(
        world.deploy("1.0.0", { timeoutMs: 12_000 }),
      );
      assertEquals(report.outcome, "rolled_back");
      assertEquals(
        report.summary,
        "1.0.0 is rolled back: machine m1 did not say how it ended within 12 s; 1 machine back on base",
      );
      assertEquals(standings(report), "m0 returned, m1 silent");
    },
  );
});

Deno.test("orchestrate() goes on without a machine that vanishes, but not without one that stops in the middle", async () => {
  await inWorld(
    { seed: 1, tempers: ["applies", "vanishes"] },
    async (world) => {
      const report = await world.run(world.deploy("1.0.0"));
      assertEquals(report.outcome, "committed");
      assertEquals(standings(report), "m0 applied");
    },
  );
  await inWorld({ seed: 1, tempers: ["applies", "stops"] }, async (world) => {
    const report = await world.run(world.deploy("1.0.0"));
    assertEquals(report.outcome, "rolled_back");
    assertEquals(standings(report), "m0 returned, m1 silent");
  });
});

Deno.test("orchestrate() waits for a machine that restarts in the middle", async () => {
  await inWorld(
    { seed: 1, tempers: ["applies", "restarts"] },
    async (world) => {
      const report = await world.run(world.deploy("1.0.0"));
      assertEquals(report.outcome, "committed");
      assertEquals(runs(world), [report.sha256, report.sha256]);
    },
  );
});

Deno.test("orchestrate() refuses a cold change with its reason, and writes nothing but the lock", async () => {
  await inWorld({ seed: 1, tempers: ["applies"] }, async (world) => {
    const report = await world.run(
      world.deploy("1.0.0", {}, undefined, { "main.ts": "// other" }),
    );
    assertEquals(report.outcome, "cold");
    assertEquals(
      report.summary,
      "needs a cold deploy: main.ts is the main module, which runs only once",
    );
    assertEquals(report.plan?.cold[0]?.chain, ["main.ts"]);
    assertEquals(await keys(world), ["releases/shop-deploy.lock"]);
  });
});

Deno.test("orchestrate() only plans in a dry run: no lock, no write", async () => {
  await inWorld({ seed: 1, tempers: ["applies"] }, async (world) => {
    const plan = async (files: Record<string, string>, text = "1.0.0") =>
      await world.run(
        world.deploy(text, { dryRun: true }, undefined, files),
      );
    const hot = await plan({});
    assertEquals(hot.outcome, "dry_run");
    assertEquals(hot.summary, "would go hot to 1 machine");
    assertEquals(hot.plan?.reload, ["app.ts"]);
    const cold = await plan({ "main.ts": "// other", "extra.css": "" });
    assertEquals(cold.outcome, "dry_run");
    assertEquals(cold.plan?.hot, false);
    assertEquals(cold.plan?.assets, ["extra.css"]);
    assertEquals((await plan({}, "base")).summary, "nothing would change");
    assertEquals(await keys(world), []);
  });
});

Deno.test("orchestrate() changes nothing when it is interrupted before it publishes", async () => {
  await inWorld({ seed: 1, tempers: ["applies"] }, async (world) => {
    const signal = AbortSignal.abort(new Error("interrupted"));
    const error = await assertRejects(
      () => world.run(world.deploy("1.0.0", {}, signal)),
      FlyhotError,
      "Cannot upgrade shop: interrupted before anything was changed",
    );
    assertEquals(error.exitCode, 7);
    assertEquals(await keys(world), []);
    const controller = new AbortController();
    world.onEvent = (event) => {
      if (event.type === "step" && event.name === "Plan") {
        controller.abort(new Error("interrupted"));
      }
    };
    await assertRejects(
      () => world.run(world.deploy("1.0.0", {}, controller.signal)),
      FlyhotError,
      "interrupted before anything was changed",
    );
    assertEquals(await keys(world), ["releases/shop-deploy.lock"]);
    assertEquals(
      (await readLock(world.bucket, "shop"))?.record.state,
      "released",
    );
  });
});

Deno.test("orchestrate() brings the machines back when it is interrupted later", async () => {
  await inWorld({ seed: 1, tempers: ["applies", "applies"] }, async (world) => {
    const controller = new AbortController();
    world.onEvent = (event) => {
      if (event.type === "machine" && event.standing === "applied") {
        controller.abort(new Error("interrupted"));
      }
    };
    const report = await world.run(
      world.deploy("1.0.0", {}, controller.signal),
    );
    assertEquals(report.outcome, "rolled_back");
    assertEquals(
      report.summary,
      "1.0.0 is rolled back: interrupted; 1 machine back on base",
    );
    assertEquals(standings(report), "m0 returned, m1 queued");
    assertEquals(runs(world), [null, null]);
    assertEquals(
      (await readLock(world.bucket, "shop"))?.record.state,
      "released",
    );
  });
});

Deno.test("orchestrate() lets no write of the pointer land after it said that nothing was changed", async () => {
  await inWorld({ seed: 1, tempers: ["applies"] }, async (world) => {
    const { sha256 } = await world.run(world.deploy("0.9.0"));
    const controller = new AbortController();
    const put = world.bucket.put.bind(world.bucket);
    const late: Promise<unknown>[] = [];
    world.bucket.put = (key, ...rest) => {
      if (!key.endsWith("-current.json") || late.length > 0) {
        return put(key, ...rest);
      }
      late.push(world.sim.sleep(60_000).then(() => put(key, ...rest)));
      controller.abort(new Error("interrupted"));
      return Promise.resolve({ status: "unknown", reason: "cut" });
    };
    await assertRejects(
      () => world.run(world.deploy("1.0.0", {}, controller.signal)),
      FlyhotError,
      "interrupted before anything was changed",
    );
    await world.run(Promise.resolve(), 120_000);
    assertEquals(await Promise.all(late), [{ status: "lost" }]);
    const versions = world.bucket.pointers.map(({ hot_upgrade }) =>
      hot_upgrade?.version
    );
    assertEquals(new Set(versions), new Set(["0.9.0"]));
    assertEquals(runs(world), [sha256]);
  });
});

Deno.test("orchestrate() says it when it cannot point back", async () => {
  await inWorld({ seed: 1, tempers: ["fails"] }, async (world) => {
    const put = world.bucket.put.bind(world.bucket);
    let moves = 0;
    world.bucket.put = (key, ...rest) =>
      key.endsWith("-current.json") && ++moves > 1
        ? Promise.resolve({ status: "unknown", reason: "the line is cut" })
        : put(key, ...rest);
    const error = await assertRejects(
      () => world.run(world.deploy("1.0.0")),
      FlyhotError,
      "Cannot point memory://bucket/releases/shop-current.json back from upgrade",
    );
    assertEquals(error.exitCode, 7);
    assertEquals(
      error.hint,
      "when the bucket answers again, run: flyhot rollback",
    );
  });
});

Deno.test("orchestrate() refuses where nothing runs", async () => {
  await inWorld(
    { seed: 1, tempers: [], resting: ["stopped", "suspended"] },
    async (world) => {
      const error = await assertRejects(
        () => world.run(world.deploy("1.0.0")),
        FlyhotError,
        "Cannot upgrade shop: none of its 2 machines is started (1 stopped, 1 suspended)",
      );
      assertEquals(error.code, "not_found");
    },
  );
});

Deno.test("orchestrate() refuses a bucket that ignores conditions, and moves no pointer", async () => {
  await inWorld({ seed: 1, tempers: ["applies"] }, async (world) => {
    const put = world.bucket.put.bind(world.bucket);
    world.bucket.put = (key, content) => put(key, content, "always");
    const error = await assertRejects(
      () => world.run(world.deploy("1.0.0")),
      FlyhotError,
      "does not honour conditional writes",
    );
    assertEquals(error.code, "conflict");
    assertEquals(world.bucket.pointers, []);
  });
});

Deno.test("orchestrate() leaves the pointer to whoever took the lock away", async () => {
  await inWorld({ seed: 1, tempers: ["is slow"] }, async (world) => {
    const first = world.deploy("1.0.0", { lockTtlMs: 9_000 });
    const both = Promise.allSettled([
      first,
      world.sim.sleep(8_000).then(() =>
        world.deploy("2.0.0", {
          force: true,
          deployedBy: "bob",
          timeoutMs: 60_000,
        })
      ),
    ]);
    const [one, two] = await world.run(both);
    assert(one.status === "rejected" && one.reason instanceof FlyhotError);
    assertEquals(one.reason.code, "conflict");
    assert(
      one.reason.message.includes("its deploy lock is lost (held by bob"),
      one.reason.message,
    );
    assert(two.status === "fulfilled");
    assertEquals(two.value.outcome, "committed");
    assertEquals(world.generation?.hot_upgrade?.version, "2.0.0");
    assert(
      world.events.some((event) =>
        event.type === "warning" &&
        event.text.startsWith("Overrides the lock of shop: held by ann")
      ),
    );
  });
});

Deno.test("orchestrate() is refused by a held lock, which names who holds it and for how long", async () => {
  await inWorld({ seed: 1, tempers: ["is slow"] }, async (world) => {
    const both = Promise.allSettled([
      world.deploy("1.0.0", { version: "1.0.0" }),
      world.sim.sleep(8_000).then(() => world.deploy("2.0.0")),
    ]);
    const [, two] = await world.run(both);
    assert(two.status === "rejected" && two.reason instanceof FlyhotError);
    assertEquals(two.reason.exitCode, 5);
    assertEquals(
      two.reason.message,
      "Cannot lock shop: held by ann for 8 s to deploy 1.0.0; it lapses in 58 s if not renewed",
    );
  });
});

Deno.test("orchestrate() prunes what no machine needs, and nothing of another app", async () => {
  await inWorld({ seed: 1, tempers: ["applies"] }, async (world) => {
    const foreign = "releases/shop-staging-1.0.0-0123456789ab.tar.gz";
    await world.bucket.put(foreign, new Uint8Array(3), "always");
    for (let version = 1; version <= 22; version++) {
      await world.run(world.deploy(`${version}.0.0`));
    }
    // What is younger than an hour may be about to be named by somebody.
    const young = await keys(world);
    assertEquals(young.filter((key) => key.endsWith(".tar.gz")).length, 23);
    await world.run(world.sim.sleep(3_700_000));
    await world.run(world.deploy("23.0.0"));
    const all = await keys(world);
    const results = all.filter((key) => key.includes("-results/"));
    const releases = all.filter((key) => key.endsWith(".tar.gz"));
    assertEquals(results.length, 5);
    // The current one, 20 of the history, and the foreign one.
    assertEquals(releases.length, 22);
    assert(releases.includes(foreign));
    assertEquals(world.generation?.history.length, 20);
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
    // A deployer that lost its lock leaves the rest to the next one.
    if (generation?.hot_upgrade?.state === "probation") return;
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

Deno.test("orchestrate() keeps its promises in 300 random lives of an app", async () => {
  const tally: Tally = {
    committed: 0,
    rolled_back: 0,
    nothing_to_do: 0,
    conflict: 0,
    incomplete: 0,
    network: 0,
  };
  for (let seed = 1; seed <= 300; seed++) {
    try {
      await life(seed, tally);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  // The lives must reach what they are there for.
  assert(tally.committed > 200, JSON.stringify(tally));
  assert(tally.rolled_back > 100, JSON.stringify(tally));
});
