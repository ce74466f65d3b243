import { assert, assertEquals, assertRejects } from "@std/assert";
import { FlyhotError } from "../../../src/errors.ts";
import { inWorld, runs } from "./in_world.ts";
import { standings } from "./standings.ts";

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

Deno.test("orchestrate() goes on without a machine that vanishes or is stopped in order, but not without one that dies", async () => {
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
    assertEquals(report.outcome, "committed");
    assertEquals(standings(report), "m0 applied, m1 applies_at_next_start");
  });
  await inWorld(
    { seed: 1, tempers: ["applies", "is slow"] },
    async (world) => {
      const deploy = world.deploy("1.0.0");
      world.sim.sleep(15_000).then(() => world.machines[1]!.crash(3));
      const report = await world.run(deploy);
      assertEquals(report.outcome, "rolled_back");
      assertEquals(
        report.machines[1]?.failure?.message,
        "its process ended with code 3 before it said how the upgrade went",
      );
    },
  );
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

Deno.test("orchestrate() starts a machine where all are at rest, and stops it again once it has proved the release", async () => {
  await inWorld(
    { seed: 1, tempers: [], resting: ["stopped", "stopped"] },
    async (world) => {
      const report = await world.run(world.deploy("1.0.0"));
      assertEquals(report.outcome, "committed");
      assertEquals(
        standings(report),
        "m0 applied, m1 applies_at_next_start",
      );
      assertEquals(
        world.calls.map(({ machineId, action }) => `${action} ${machineId}`),
        ["start m0", "stop m0"],
      );
      assertEquals(world.machines.map(({ state }) => state), [
        "stopped",
        "stopped",
      ]);
      assertEquals(world.generation?.hot_upgrade?.state, "committed");
    },
  );
});

Deno.test("orchestrate() gives up after three machines that do not stay started", async () => {
  await inWorld(
    { seed: 1, tempers: [], resting: ["stopped", "stopped"] },
    async (world) => {
      for (const machine of world.machines) {
        // As an autostop that does not wait would.
        machine.temper = "stops";
      }
      const report = await world.run(world.deploy("1.0.0"));
      assertEquals(report.outcome, "rolled_back");
      assert(
        report.summary.includes(
          "no machine stayed started to prove the release (3 machines started)",
        ),
        report.summary,
      );
      assertEquals(
        world.calls.filter(({ action }) => action === "start").length,
        3,
      );
    },
  );
});

Deno.test("orchestrate() only plans where all are at rest in a dry run: it starts nothing", async () => {
  await inWorld(
    { seed: 1, tempers: [], resting: ["stopped", "stopped"] },
    async (world) => {
      const error = await assertRejects(
        () => world.run(world.deploy("1.0.0", { dryRun: true })),
        FlyhotError,
        "Cannot upgrade shop: none of its 2 machines is started (2 stopped)",
      );
      assertEquals(error.code, "not_found");
      assertEquals(world.calls, []);
    },
  );
});

Deno.test("orchestrate() goes back at once when a process dies after it said that it applied", async () => {
  for (
    const [nature, machines, message] of [
      ["dies at once", 1, "its process ended with code 1 after 0.1 s"],
      ["dies soon", 1, "its process ended with code 1 after 2.5 s"],
      ["dies soon", 3, "its process ended with code 1 after 2.5 s"],
    ] as const
  ) {
    const tempers = Array.from({ length: machines }, () => "applies" as const);
    await inWorld({ seed: 1, tempers }, async (world) => {
      world.natures.set("1.0.0", nature);
      const report = await world.run(world.deploy("1.0.0"));
      assertEquals(report.outcome, "rolled_back");
      assert(report.summary.includes(message), report.summary);
      assertEquals(report.machines[0]?.failure?.message, message);
      assertEquals(world.generation?.hot_upgrade?.state, "committed");
      assertEquals(world.generation?.hot_upgrade?.sha256, null);
      await world.run(Promise.resolve(), 20_000);
      assertEquals(runs(world), tempers.map(() => null));
      // One process died; no other was touched.
      assertEquals(
        world.machines.map(({ lives }) => lives),
        [2, 1, 1].slice(0, machines),
      );
    });
  }
});

Deno.test("orchestrate() takes the next machine for the canary where the first is stopped before it answers", async () => {
  await inWorld(
    { seed: 1, tempers: ["stops", "applies", "applies", "applies"] },
    async (world) => {
      const report = await world.run(world.deploy("1.0.0"));
      assertEquals(report.outcome, "committed");
      assertEquals(
        standings(report),
        "m0 applies_at_next_start, m1 applied, m2 applied, m3 applied",
      );
      const waves = world.bucket.pointers.flatMap((pointer) =>
        pointer.hot_upgrade ? [pointer.hot_upgrade.wave] : []
      );
      assertEquals(waves, [
        ["m0"],
        ["m0", "m1"],
        ["m0", "m1", "m2", "m3"],
        "*",
      ]);
    },
  );
  await inWorld(
    { seed: 1, tempers: ["stops", "fails", "applies"] },
    async (world) => {
      const report = await world.run(world.deploy("1.0.0"));
      assertEquals(report.outcome, "rolled_back");
      assertEquals(report.machines[2]?.standing, "queued");
    },
  );
});

Deno.test("orchestrate() is neutral about machines that come to rest in order after they applied it", async () => {
  await inWorld(
    { seed: 1, tempers: ["applies", "applies", "applies"] },
    async (world) => {
      world.onEvent = (event) => {
        if (event.type !== "machine" || event.standing !== "applied") return;
        const machine = world.machines.find(({ id }) => id === event.id)!;
        if (event.id === "m1") machine.stop();
        if (event.id === "m2") machine.suspend();
      };
      const report = await world.run(world.deploy("1.0.0"));
      assertEquals(report.outcome, "committed");
      assertEquals(
        standings(report),
        "m0 applied, m1 applies_at_next_start, m2 applies_at_next_start",
      );
      assertEquals(report.summary, "1.0.0 runs on 1 machine");
    },
  );
});

Deno.test("orchestrate() says of a machine in an endless loop that it serves nobody", async () => {
  await inWorld({ seed: 1, tempers: ["applies", "applies"] }, async (world) => {
    world.natures.set("1.0.0", "hangs");
    const report = await world.run(world.deploy("1.0.0"));
    assertEquals(report.outcome, "rolled_back");
    assert(
      report.summary.includes(
        "it serves nobody; restart it with: fly machine restart m0",
      ),
      report.summary,
    );
    assertEquals(report.machines[1]?.standing, "queued");
    // The next one is refused before anything is written.
    const moves = world.bucket.pointers.length;
    const error = await assertRejects(
      () => world.run(world.deploy("1.1.0")),
      FlyhotError,
      "machine m0 serves nobody",
    );
    assertEquals([error.exitCode, error.hint], [
      7,
      "restart it with: fly machine restart m0",
    ]);
    assertEquals(world.bucket.pointers.length, moves);
    world.machines[0]!.restart();
    const good = await world.run(world.deploy("1.1.0"));
    assertEquals(good.outcome, "committed");
  });
});
