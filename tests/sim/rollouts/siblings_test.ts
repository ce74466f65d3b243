import { assert, assertEquals } from "@std/assert";
import { type Bucket, BucketError } from "@flyhot/runtime/bucket";
import type { RolloutReport } from "../../../src/rollout/report.ts";
import type { ReportEvent } from "../../../src/ui/reporter.ts";
import { inWorld, runs } from "./in_world.ts";
import type { SimMachine } from "../sim_machine.ts";
import type { SimWorld } from "../sim_world.ts";

const FLEET = ["applies", "applies", "applies"] as const;

/** Does something to machines when they are first heard to have applied a release. */
function onApplied(
  world: SimWorld,
  act: (machine: SimMachine) => void,
): void {
  const met = new Set<string>();
  world.onEvent = (event: ReportEvent) => {
    if (event.type !== "machine" || event.standing !== "applied") return;
    if (met.has(event.id)) return;
    met.add(event.id);
    act(world.machines.find(({ id }) => id === event.id)!);
  };
}

function standings({ machines }: RolloutReport): string[] {
  return machines.map(({ id, standing }) => `${id} ${standing}`);
}

const waves = (world: SimWorld) =>
  world.bucket.pointers.flatMap(({ hot_upgrade }) =>
    hot_upgrade?.state === "probation" ? [String(hot_upgrade.wave)] : []
  );

Deno.test("F2: two machines of the second wave die at once: who died is named with its code, all go back, the third is not touched", async () => {
  await inWorld({ seed: 1, tempers: FLEET }, async (world) => {
    onApplied(world, (machine) => {
      if (machine.id !== "m0") machine.crash(machine.id === "m1" ? 70 : 137);
    });
    const report = await world.run(world.deploy("1.0.0"));
    assertEquals(report.outcome, "rolled_back");
    // The rollout ends with the first death that it sees; the other may be seen with it.
    assert(
      /m1 failed .*ended with code 70|m2 failed .*ended with code 137/.test(
        report.summary,
      ),
      report.summary,
    );
    await world.run(Promise.resolve(), 30_000);
    assertEquals(runs(world), [null, null, null]);
    assertEquals(world.machines.map(({ lives }) => lives), [1, 2, 2]);
  });
});

Deno.test("F2: the canary dies while the second wave is under way, and is gone before it ends", async () => {
  await inWorld({ seed: 1, tempers: FLEET }, async (world) => {
    onApplied(world, ({ id }) => {
      if (id === "m0") return;
      const [canary] = world.machines;
      if (canary!.lives > 1) return;
      canary!.crash(73);
      world.sim.sleep(4_000).then(() => canary!.destroy());
    });
    const report = await world.run(world.deploy("1.0.0"));
    assertEquals(report.outcome, "rolled_back");
    assert(
      report.summary.includes(
        "machine m0 failed in probation: its process ended with code 73",
      ),
      report.summary,
    );
  });
});

Deno.test("F4: a canary that vanishes after it applied has proved nothing: the next machine is the canary", async () => {
  await inWorld({ seed: 1, tempers: FLEET }, async (world) => {
    onApplied(world, (machine) => {
      if (machine.id === "m0") machine.destroy();
    });
    const report = await world.run(world.deploy("1.0.0"));
    assertEquals(report.outcome, "committed");
    assertEquals(waves(world), ["m0", "m0,m1", "m0,m1,m2"]);
  });
});

Deno.test("F4: where the proxy stops every machine as soon as it has applied it, one is started that proves it, and stopped again", async () => {
  await inWorld({ seed: 1, tempers: ["applies", "applies"] }, async (world) => {
    onApplied(world, (machine) => machine.stop());
    const report = await world.run(world.deploy("1.0.0"));
    assertEquals(report.outcome, "committed", report.summary);
    await world.run(Promise.resolve(), 10_000);
    assertEquals(world.machines.map(({ state }) => state), [
      "stopped",
      "stopped",
    ]);
    for (const machine of world.machines) machine.start();
    await world.run(Promise.resolve(), 30_000);
    assertEquals(runs(world), [report.sha256, report.sha256]);
  });
});

Deno.test("F4: a machine that is suspended before it answers and wakes after the commit takes it then", async () => {
  await inWorld({ seed: 1, tempers: FLEET }, async (world) => {
    world.onEvent = (event) => {
      if (event.type !== "machine" || event.standing !== "nudged") return;
      if (event.id === "m2") world.machines[2]!.suspend();
    };
    const report = await world.run(world.deploy("1.0.0"));
    assertEquals(report.outcome, "committed", report.summary);
    assertEquals(standings(report).at(-1), "m2 applies_at_next_start");
    world.machines[2]!.start();
    await world.run(Promise.resolve(), 30_000);
    assertEquals(runs(world), [report.sha256, report.sha256, report.sha256]);
    assertEquals(world.machines[2]!.lives, 1);
  });
});

Deno.test("F1: a machine that cannot be listed for a while and comes back runs what the others run", async () => {
  for (const goneFor of [2_000, 20_000]) {
    await inWorld({ seed: 1, tempers: FLEET }, async (world) => {
      const [, , away] = world.machines;
      onApplied(world, ({ id }) => {
        if (id !== "m0") return;
        away!.state = null;
        world.sim.sleep(goneFor).then(() => away!.state = "started");
      });
      const report = await world.run(world.deploy("1.0.0"));
      assertEquals(report.outcome, "committed", report.summary);
      await world.run(Promise.resolve(), 60_000);
      assertEquals(runs(world), [report.sha256, report.sha256, report.sha256]);
      const again = await world.run(world.deploy("1.0.0"));
      assertEquals(again.outcome, "nothing_to_do");
    });
  }
});

Deno.test("F1: after a rollout that failed on one machine, the same command does not turn green while that machine rests", async () => {
  await inWorld({ seed: 1, tempers: ["applies", "applies"] }, async (world) => {
    world.machines[1]!.temper = "fails";
    const first = await world.run(world.deploy("1.0.0"));
    assertEquals(first.outcome, "rolled_back");
    world.machines[1]!.stop();
    const second = await world.run(world.deploy("1.0.0"));
    assertEquals(second.outcome, "committed");
    assertEquals(standings(second), ["m0 applied", "m1 applies_at_next_start"]);
    world.machines[1]!.start();
    await world.run(Promise.resolve(), 30_000);
    assertEquals(runs(world), [second.sha256, second.sha256]);
  });
});

Deno.test("F3: a committed release that kills each start on two machines at once: both are ended, and rollback mends both", async () => {
  await inWorld({ seed: 1, tempers: ["applies", "applies"] }, async (world) => {
    const good = await world.run(world.deploy("1.0.0"));
    world.natures.set("2.0.0", "dies at start");
    const bad = await world.run(world.deploy("2.0.0"));
    assertEquals(bad.outcome, "committed");
    for (const machine of world.machines) machine.restart();
    await world.run(Promise.resolve(), 240_000);
    assertEquals(runs(world), [good.sha256, good.sha256]);
    assert(world.machines.every(({ lives }) => lives < 8));
    const lives = world.machines.map((machine) => machine.lives);
    const back = await world.run(world.rollback());
    assertEquals(back.outcome, "committed", back.summary);
    await world.run(Promise.resolve(), 120_000);
    assertEquals(runs(world), [good.sha256, good.sha256]);
    assertEquals(world.machines.map((machine) => machine.lives), lives);
  });
});

Deno.test("F6: neither a deployer behind nor one ahead of the bucket takes a lock that is held", async () => {
  for (const skewMs of [20 * 60_000, -20 * 60_000]) {
    await inWorld({ seed: 1, tempers: ["is slow"] }, async (world) => {
      const { SimProcess } = await import("../sim.ts");
      const first = world.deploy(
        "1.0.0",
        { lockTtlMs: 60_000 },
        undefined,
        {},
        {
          process: new SimProcess("one", -skewMs),
        },
      );
      const second = world.sim.sleep(4_000).then(() =>
        world.deploy("2.0.0", { lockTtlMs: 60_000 }, undefined, {}, {
          process: new SimProcess("two", skewMs),
        })
      ).then(({ outcome }) => outcome, (error) => error.code);
      const report = await world.run(first);
      assertEquals(report.outcome, "committed", report.summary);
      assertEquals(await world.run(second), "conflict");
    });
  }
});

Deno.test("F2: a machine restarted in order takes the release again and ends by itself with a harmless code: that is a death", async () => {
  for (const code of [0, 130, 143]) {
    await inWorld(
      { seed: 1, tempers: ["applies", "applies"] },
      async (world) => {
        onApplied(world, (machine) => {
          if (machine.id !== "m0") return;
          machine.restart();
          // It has taken it again by then.
          world.sim.sleep(9_000).then(() => machine.crash(code));
        });
        const report = await world.run(
          world.deploy("1.0.0", { probationMs: 20_000 }),
        );
        assertEquals(report.outcome, "rolled_back", `${code}`);
        assert(
          report.summary.includes(`its process ended with code ${code}`),
          report.summary,
        );
        await world.run(Promise.resolve(), 60_000);
        assertEquals(runs(world), [null, null]);
      },
    );
  }
});

Deno.test("F2: a restart and a stop are in order, whether the platform says so or only the order of its events does", async () => {
  for (const lives of [1, 2]) {
    await inWorld({ seed: 1, tempers: FLEET }, async (world) => {
      const [canary, second] = world.machines;
      // The simulated platform says of every other process only that it ended.
      if (lives === 2) canary!.restart();
      onApplied(world, ({ id }) => {
        if (id === "m1") canary!.restart();
        if (id === "m2") second!.stop();
      });
      const report = await world.run(world.deploy("1.0.0"));
      assertEquals(report.outcome, "committed", report.summary);
      second!.start();
      await world.run(Promise.resolve(), 60_000);
      assertEquals(runs(world), Array(3).fill(report.sha256));
    });
  }
});

Deno.test("F3: a committed release that cannot be downloaded while its machine dies young again and again is not charged with that", async () => {
  let isCut = false;
  await inWorld(
    {
      seed: 1,
      tempers: ["applies", "applies"],
      plant: {
        machineBucket: (bucket, id) =>
          id !== "m0" ? bucket : new Proxy(bucket, {
            get(target, name) {
              if (name === "get") {
                return (key: string, ...rest: unknown[]) =>
                  isCut && key.endsWith(".tar.gz")
                    ? Promise.reject(new BucketError("network", "cut"))
                    : Reflect.apply(target.get, target, [key, ...rest]);
              }
              const value: unknown = Reflect.get(target, name);
              return typeof value === "function" ? value.bind(target) : value;
            },
          }),
      },
    },
    async (world) => {
      const [young, other] = world.machines;
      const report = await world.run(world.deploy("1.0.0"));
      assertEquals(report.outcome, "committed");
      isCut = true;
      young!.restart();
      for (let death = 1; death <= 4; death++) {
        await world.run(Promise.resolve(), 12_000);
        assertEquals(young!.sha256, null, "its image runs meanwhile");
        young!.crash(1);
      }
      await world.run(Promise.resolve(), 12_000);
      isCut = false;
      await world.run(Promise.resolve(), 120_000);
      assertEquals([young!.sha256, other!.sha256], [
        report.sha256,
        report.sha256,
      ]);
      // And it is taken at the next start as well: nothing was noted against it.
      young!.restart();
      await world.run(Promise.resolve(), 20_000);
      assertEquals(young!.sha256, report.sha256);
    },
  );
});

Deno.test("F5: a forced deployer that publishes while another prunes, twice and with clocks far off, finds its release in the bucket", async () => {
  const { SimProcess } = await import("../sim.ts");
  for (const skewMs of [20 * 60_000, -20 * 60_000]) {
    for (const seed of [1, 2, 3]) {
      await inWorld({ seed, tempers: ["applies"] }, async (world) => {
        const files = { "data.txt": "kept for long" };
        const first = await world.run(
          world.deploy("1.0.0", {}, undefined, files),
        );
        await world.run(world.rollback({ to: "base" }));
        await world.run(world.deploy("2.0.0"));
        // Of the first release the history still tells; an hour later it is no longer young.
        await world.run(Promise.resolve(), 3_700_000);
        const pruner = new SimProcess("pruner", skewMs);
        const one = world.deploy("3.0.0", {}, undefined, {}, {
          process: pruner,
        });
        const two = world.sim.sleep(seed * 2_000).then(() =>
          world.deploy("1.0.0", { force: true }, undefined, files, {
            process: new SimProcess("other", -skewMs),
          })
        );
        await world.run(Promise.allSettled([one, two]));
        await world.run(Promise.resolve(), 60_000);
        const { hot_upgrade, history } = world.generation!;
        for (const upgrade of [hot_upgrade, ...history]) {
          if (!upgrade?.key) continue;
          assertEquals((await world.bucket.get(upgrade.key)).status, "found");
        }
        assert(first.sha256 !== null);
      });
    }
  }
});

Deno.test("F7: deployers that name the bucket by turns by another endpoint take, prune and go back to each other's releases", async () => {
  let deployers = 0;
  const named = (bucket: Bucket): Bucket => {
    const host = `memory://endpoint${deployers++ % 2}/`;
    return new Proxy(bucket, {
      get(target, name) {
        if (name === "url") return (key: string) => host + key;
        if (name === "keyOf") {
          return (url: string) =>
            url.startsWith(host) ? url.slice(host.length) : null;
        }
        const value: unknown = Reflect.get(target, name);
        return typeof value === "function" ? value.bind(target) : value;
      },
    });
  };
  await inWorld(
    {
      seed: 1,
      tempers: ["applies", "applies"],
      plant: { deployerBucket: named },
    },
    async (world) => {
      const digests: (string | null)[] = [];
      for (const version of ["1.0.0", "2.0.0", "3.0.0"]) {
        const report = await world.run(world.deploy(version));
        assertEquals(report.outcome, "committed", report.summary);
        digests.push(report.sha256);
        // What is an hour old may be pruned.
        await world.run(Promise.resolve(), 3_700_000);
      }
      const { hot_upgrade, history } = world.generation!;
      const urls = [hot_upgrade!, ...history].map((it) => it.tarball_url!);
      assertEquals(new Set(urls.map((url) => new URL(url).host)).size, 2);
      for (const back of [digests[1], digests[0]]) {
        const report = await world.run(world.rollback());
        assertEquals(report.outcome, "committed", report.summary);
        assertEquals(runs(world), [back, back]);
        for (const machine of world.machines) machine.restart();
        await world.run(Promise.resolve(), 20_000);
        assertEquals(runs(world), [back, back]);
      }
      const again = await world.run(world.deploy("3.0.0"));
      assertEquals(again.sha256, digests[2]);
    },
  );
});

Deno.test("F13: sixty cold deploys, most upgraded hot and some rolled back, leave 20 generations and what machines run", async () => {
  await inWorld({ seed: 1, tempers: ["applies"] }, async (world) => {
    const [machine] = world.machines;
    for (let turn = 0; turn < 60; turn++) {
      machine!.deploy(`registry.fly.io/shop:cold-${turn}`);
      await world.run(Promise.resolve(), 8_000);
      if (turn % 4 === 3) continue;
      const report = await world.run(world.deploy(`1.0.${turn}`));
      assertEquals(report.outcome, "committed", report.summary);
      if (turn % 4 === 1) await world.run(world.rollback());
      const { generations } = world.bucket.pointers.at(-1)!;
      assert(Object.keys(generations).length <= 21);
      assert(machine!.imageRef in generations);
    }
    const { generations } = world.bucket.pointers.at(-1)!;
    // The last prune counts the one that was there then.
    assert(Object.keys(generations).length <= 21);
  });
});
