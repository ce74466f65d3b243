import { assertEquals, assertRejects } from "@std/assert";
import { MemoryBucket } from "@flyhot/runtime/bucket";
import { FlyhotError } from "../../../src/errors.ts";
import { inWorld, runs } from "./in_world.ts";
import { IMAGE } from "../world/shop.ts";
import { deployAll } from "./deploy_all.ts";

Deno.test("rollback() brings all machines back to the release before, and once more to the one before that", async () => {
  await inWorld({
    seed: 1,
    tempers: ["applies", "is slow"],
    resting: ["stopped"],
  }, async (world) => {
    const [one, two] = await deployAll(world, "1.0.0", "2.0.0", "3.0.0");
    const report = await world.run(world.rollback());
    assertEquals(report.outcome, "committed");
    assertEquals(
      report.summary,
      "2.0.0 runs on 2 machines again; 1 machine takes 2.0.0 at the next start",
    );
    assertEquals([report.version, report.sha256, report.image_ref], [
      "2.0.0",
      two,
      IMAGE,
    ]);
    assertEquals(report.upgrade_id, world.generation?.hot_upgrade?.id);
    assertEquals(
      report.machines.map(({ id, standing }) => `${id} ${standing}`),
      ["m0 applied", "m1 applied", "m2 applies_at_next_start"],
    );
    assertEquals(runs(world), [two, two, null]);
    assertEquals((await world.run(world.rollback())).version, "1.0.0");
    assertEquals(runs(world), [one, one, null]);
    const base = await world.run(world.rollback());
    assertEquals([base.version, base.sha256, base.size], ["base", null, null]);
    assertEquals(runs(world), [null, null, null]);
    const error = await assertRejects(
      () => world.run(world.rollback()),
      FlyhotError,
      "Cannot roll shop back: base runs already",
    );
    assertEquals(error.code, "not_found");
  });
});

Deno.test("rollback() goes to a named upgrade, or to the base image", async () => {
  await inWorld({ seed: 1, tempers: ["applies"] }, async (world) => {
    const [one, two] = await deployAll(world, "1.0.0", "2.0.0");
    const id = world.generation!.history.at(-1)!.id;
    assertEquals(
      (await world.run(world.rollback({ to: id }))).version,
      "1.0.0",
    );
    assertEquals(runs(world), [one]);
    const back = world.generation!.history.at(0)!.id;
    await world.run(world.rollback({ to: back }));
    assertEquals(runs(world), [two]);
    await world.run(world.rollback({ to: "base" }));
    assertEquals(runs(world), [null]);
    const error = await assertRejects(
      () => world.run(world.rollback({ to: "01NOSUCH" })),
      FlyhotError,
      `Cannot roll shop back to 01NOSUCH: the history of ${IMAGE} has no such upgrade`,
    );
    assertEquals([error.code, error.hint], [
      "not_found",
      "see what it has with: flyhot releases",
    ]);
  });
});

Deno.test("rollback() refuses where nothing was ever upgraded, and what is not in the bucket any more", async () => {
  await inWorld({ seed: 1, tempers: ["applies"] }, async (world) => {
    await assertRejects(
      () => world.run(world.rollback()),
      FlyhotError,
      `Cannot roll shop back: its machines run ${IMAGE} as it is`,
    );
    await deployAll(world, "1.0.0", "2.0.0");
    const [first] = await Array.fromAsync(
      world.bucket.list("releases/shop-1.0.0-"),
    );
    // Somebody else's hand: the world itself never removes what the pointer names.
    await MemoryBucket.prototype.delete.call(world.bucket, first!.key);
    const error = await assertRejects(
      () => world.run(world.rollback()),
      FlyhotError,
      "Cannot roll shop back to 1.0.0: memory://bucket/releases/shop-1.0.0-",
    );
    assertEquals([error.code, error.hint], [
      "not_found",
      "deploy that version again with: flyhot hot; or go back to the image with: flyhot rollback --to-base",
    ]);
    assertEquals(world.generation?.hot_upgrade?.version, "2.0.0");
    const base = await world.run(world.rollback({ to: "base" }));
    assertEquals([base.outcome, base.version], ["committed", "base"]);
    assertEquals(runs(world), [null]);
    // The world has seen what the test's own hand removed.
    world.bucket.broken.length = 0;
  });
});

Deno.test("rollback() says which machine does not go back, and leaves the pointer moved", async () => {
  await inWorld({ seed: 1, tempers: ["applies", "applies"] }, async (world) => {
    await deployAll(world, "1.0.0", "2.0.0");
    world.machines[1]!.refusesToGoBack = true;
    const error = await assertRejects(
      () => world.run(world.rollback()),
      FlyhotError,
      "Cannot bring all machines of shop back to 1.0.0: machine m1 failed in health: the page is empty",
    );
    assertEquals(error.exitCode, 7);
    assertEquals(world.generation?.hot_upgrade?.version, "1.0.0");
  });
});

Deno.test("rollback() names what helps where machines take no release that nobody signed", async () => {
  await inWorld({ seed: 1, tempers: ["applies", "applies"] }, async (world) => {
    await deployAll(world, "1.0.0", "2.0.0");
    for (const machine of world.machines) machine.wantsSignatures = true;
    const error = await assertRejects(
      () => world.run(world.rollback()),
      FlyhotError,
      "failed in verify: unsigned",
    );
    assertEquals(
      error.hint,
      "m0, m1 will not take that release, not after a restart either: go back to the image with: flyhot rollback --to-base; or deploy a release that is signed with: flyhot hot",
    );
    const base = await world.run(world.rollback({ to: "base" }));
    assertEquals(base.version, "base");
    assertEquals(runs(world), [null, null]);
  });
});

Deno.test("rollback() undoes a rollout that was left half way", async () => {
  await inWorld({ seed: 1, tempers: ["applies", "is slow"] }, async (world) => {
    const [one] = await deployAll(world, "1.0.0");
    // Its lock lapses while the bucket does not answer: it must leave everything as it is.
    const deploy = world.deploy("2.0.0", { lockTtlMs: 3_000 });
    const put = world.bucket.put.bind(world.bucket);
    world.onPointer = ({ generations }) => {
      // From the second wave on.
      if (generations[IMAGE]?.hot_upgrade?.wave.length !== 2) return;
      world.bucket.put = (key, ...rest) =>
        key.endsWith(".lock")
          ? Promise.resolve({ status: "unknown", reason: "cut" })
          : put(key, ...rest);
    };
    await assertRejects(
      () => world.run(deploy),
      FlyhotError,
      "stays as it is on up to 2 machines",
    );
    world.bucket.put = put;
    assertEquals(world.generation?.hot_upgrade?.state, "probation");
    const report = await world.run(
      world.rollback({ timeoutMs: 60_000, force: true }),
    );
    assertEquals(report.version, "1.0.0");
    assertEquals(runs(world), [one, one]);
  });
});

Deno.test("rollback() waits for the deploy lock like a deploy", async () => {
  await inWorld({ seed: 1, tempers: ["is slow"] }, async (world) => {
    const both = Promise.allSettled([
      world.deploy("1.0.0"),
      world.sim.sleep(8_000).then(() => world.rollback()),
    ]);
    const [, two] = await world.run(both);
    assertEquals(two.status === "rejected" && two.reason.code, "conflict");
  });
});

Deno.test("rollback() says how far it came when it is interrupted", async () => {
  await inWorld({ seed: 1, tempers: ["is slow"] }, async (world) => {
    const [one] = await deployAll(world, "1.0.0", "2.0.0");
    const interruptAt = (step: string) => {
      const controller = new AbortController();
      world.onEvent = (event) => {
        if (event.type === "step" && event.name === step) {
          controller.abort(new Error("interrupted"));
        }
      };
      return world.run(world.rollback({}, controller.signal));
    };
    const early = await assertRejects(
      () => interruptAt("Point back"),
      FlyhotError,
      "Cannot roll shop back to the end: interrupted before anything was changed",
    );
    assertEquals(early.code, "incomplete");
    await assertRejects(
      () => interruptAt("Wait for machines"),
      FlyhotError,
      "interrupted while the machines were on their way back",
    );
    await world.run(Promise.resolve(), 60_000);
    assertEquals(runs(world), [one]);
  });
});

Deno.test("rollback() moves the pointer whatever state the machines are in, and says who takes it when", async () => {
  for (
    const [state, summary] of [
      ["stopped", "2 machines take 1.0.0 at the next start"],
      ["suspended", "2 machines take 1.0.0 at the next start"],
      ["gone", "1.0.0 runs on 0 machines again"],
    ] as const
  ) {
    await inWorld(
      { seed: 1, tempers: ["applies", "applies"] },
      async (world) => {
        const [one] = await deployAll(world, "1.0.0", "2.0.0");
        for (const machine of world.machines) {
          if (state === "stopped") machine.stop();
          else if (state === "suspended") machine.suspend();
          else machine.destroy();
        }
        const report = await world.run(world.rollback());
        assertEquals([report.outcome, report.summary], ["committed", summary]);
        assertEquals(world.generation?.hot_upgrade?.sha256, one);
        if (state === "gone") return;
        assertEquals(
          report.machines.map(({ standing }) => standing),
          ["applies_at_next_start", "applies_at_next_start"],
        );
        for (const machine of world.machines) machine.start();
        await world.run(Promise.resolve(), 20_000);
        assertEquals(runs(world), [one, one]);
      },
    );
  }
});
