import { assert, assertEquals, assertRejects } from "@std/assert";
import { getJson, putJson } from "@flyhot/runtime/bucket";
import { pointerKey } from "@flyhot/runtime/protocol";
import { FlyhotError } from "../../../src/errors.ts";
import { inWorld, runs } from "./in_world.ts";
import { SimProcess } from "../sim.ts";
import type { SimWorld } from "../sim_world.ts";
import { APP, IMAGE } from "../world/shop.ts";
import { deployAll } from "./deploy_all.ts";

Deno.test("rollback() ends the crash loop of a committed release", async () => {
  await inWorld({ seed: 1, tempers: ["applies", "applies"] }, async (world) => {
    const [one] = await deployAll(world, "1.0.0");
    world.natures.set("2.0.0", "dies at start");
    await deployAll(world, "2.0.0");
    // Both are started again and again: whether a process is there when it is asked is chance.
    for (const machine of world.machines) machine.crash();
    await world.run(Promise.resolve(), 1_500);
    const report = await world.run(world.rollback());
    assertEquals(world.generation?.hot_upgrade?.sha256, one);
    assertEquals(report.version, "1.0.0");
    await world.run(Promise.resolve(), 60_000);
    assertEquals(runs(world), [one, one]);
  });
});

Deno.test("rollback() works while a deploy brings another image, for the machines that were upgraded", async () => {
  await inWorld({ seed: 1, tempers: ["applies", "applies"] }, async (world) => {
    const [one] = await deployAll(world, "1.0.0", "2.0.0");
    world.machines[1]!.deploy("registry.fly.io/shop:deployment-2");
    await world.run(Promise.resolve(), 10_000);
    const report = await world.run(world.rollback());
    assertEquals(report.version, "1.0.0");
    assertEquals(runs(world), [one, null]);
  });
});

Deno.test("rollback() settles what a deployer that was killed has left on probation", async () => {
  await inWorld({ seed: 1, tempers: ["applies", "applies"] }, async (world) => {
    const [one] = await deployAll(world, "1.0.0");
    const process = new SimProcess("deployer");
    world.deploy("2.0.0", {}, undefined, {}, { process });
    world.onEvent = (event) => {
      if (event.type === "machine" && event.standing === "applied") {
        process.kill();
      }
    };
    await world.run(Promise.resolve(), 120_000);
    assertEquals(world.generation?.hot_upgrade?.state, "probation");
    const report = await world.run(world.rollback());
    assertEquals([report.version, report.outcome], ["1.0.0", "committed"]);
    assertEquals(runs(world), [one, one]);
    assertEquals(world.generation?.hot_upgrade?.state, "committed");
  });
});

Deno.test("orchestrate() settles what a deployer that was killed has left on probation", async () => {
  await inWorld({ seed: 1, tempers: ["applies", "applies"] }, async (world) => {
    const process = new SimProcess("deployer");
    world.deploy("2.0.0", {}, undefined, {}, { process });
    world.onEvent = (event) => {
      if (event.type === "machine" && event.standing === "applied") {
        process.kill();
      }
    };
    await world.run(Promise.resolve(), 120_000);
    assertEquals(world.generation?.hot_upgrade?.state, "probation");
    world.onEvent = () => {};
    // The very same code: one machine runs it already, but nobody has said that it is good.
    const report = await world.run(world.deploy("2.0.0"));
    assertEquals(report.outcome, "committed");
    assertEquals(runs(world), [report.sha256, report.sha256]);
    assertEquals(
      world.generation?.history.map(({ state }) => state),
      ["rolled_back"],
    );
  });
});

/** Puts something else in the place of what the pointer says of an image. */
async function spoil(
  world: SimWorld,
  change: (record: Record<string, unknown>) => void,
): Promise<void> {
  const found = await getJson(world.bucket, pointerKey(APP));
  if (found.status !== "found") throw new TypeError("there is no pointer");
  const record = found.value as { revision: number; generations: object };
  change(record.generations as Record<string, unknown>);
  record.revision++;
  const { status } = await putJson(world.bucket, pointerKey(APP), record, {
    ifMatch: found.etag,
  });
  assertEquals(status, "written");
}

Deno.test("F10: rollback() goes back to the image where nobody can read what its machines should run", async () => {
  for (
    const entry of [
      7,
      { image_ref: IMAGE, first_seen: "", hot_upgrade: { id: "../x" } },
      { image_ref: "", first_seen: "", hot_upgrade: null, history: [] },
    ]
  ) {
    await inWorld(
      { seed: 1, tempers: ["applies", "applies"], resting: ["stopped"] },
      async (world) => {
        const [one] = await deployAll(world, "1.0.0");
        await spoil(world, (generations) => {
          generations[IMAGE] = entry;
          generations["also bad"] = 8;
        });
        await world.run(Promise.resolve(), 20_000);
        assertEquals(runs(world), [one, one, null], "they go on as they were");
        const refused = await assertRejects(
          () => world.run(world.rollback({ to: "01K9" })),
          FlyhotError,
          `the pointer's entry of ${IMAGE} cannot be read`,
        );
        assertEquals(refused.code, "not_found");
        const report = await world.run(world.rollback());
        assertEquals([report.outcome, report.version], ["committed", "base"]);
        assertEquals(runs(world), [null, null, null]);
        assert(
          world.events.some((event) =>
            event.type === "warning" && event.text.includes("set aside")
          ),
        );
        // What is not this image's stays as it was found.
        const unread = world.bucket.pointers.at(-1)?.unread;
        assertEquals(unread?.["also bad"], 8);
        assertEquals(Object.hasOwn(unread ?? {}, IMAGE), false);
        // From there on all is as ever.
        const again = await world.run(world.deploy("2.0.0"));
        assertEquals(again.outcome, "committed");
        world.machines[2]!.start();
        await world.run(Promise.resolve(), 20_000);
        assertEquals(runs(world), Array(3).fill(again.sha256));
      },
    );
  }
});

Deno.test("F10: orchestrate() brings a release to machines whose entry nobody can read, and says so", async () => {
  await inWorld({ seed: 1, tempers: ["applies"] }, async (world) => {
    await deployAll(world, "1.0.0");
    await spoil(world, (generations) => generations[IMAGE] = null);
    const same = await world.run(world.deploy("1.0.0"));
    assertEquals(same.outcome, "committed", "nobody has committed it any more");
    assertEquals(world.generation?.hot_upgrade?.state, "committed");
    assert(
      world.events.some((event) =>
        event.type === "warning" && event.text.includes("set aside")
      ),
    );
  });
});

Deno.test("F8: rollback() settles the probation that was left, though machines of a newer image run a committed release", async () => {
  await inWorld({ seed: 1, tempers: ["applies", "applies"] }, async (world) => {
    const [one] = await deployAll(world, "1.0.0");
    const process = new SimProcess("deployer");
    world.deploy("2.0.0", {}, undefined, {}, { process });
    world.onEvent = (event) => {
      if (event.type === "machine" && event.standing === "applied") {
        process.kill();
      }
    };
    await world.run(Promise.resolve(), 120_000);
    world.onEvent = () => {};
    assertEquals(world.generation?.hot_upgrade?.state, "probation");
    // A deploy that was given up half way: its machine was upgraded since, before the other one was thought of.
    const second = "registry.fly.io/shop:deployment-2";
    const [first, other] = world.machines;
    const upgraded = world.generation!.history.find((it) =>
      it.version === "1.0.0"
    )!;
    other!.deploy(second);
    await world.run(Promise.resolve(), 10_000);
    await spoil(world, (generations) => {
      const entry = generations[second] as Record<string, unknown>;
      entry.hot_upgrade = { ...upgraded, id: "01NEWER", version: "3.0.0" };
    });
    await world.run(Promise.resolve(), 20_000);
    const report = await world.run(world.rollback());
    assertEquals([report.version, report.image_ref], ["1.0.0", IMAGE]);
    assertEquals([first!.sha256, other!.sha256], [one, one]);
    const newest = world.bucket.pointers.at(-1)?.generations[second];
    assertEquals(newest?.hot_upgrade?.id, "01NEWER");
  });
});

Deno.test("F8: rollback() settles a probation whose machines all rest, die again and again, or answer nobody", async () => {
  for (const state of ["rest", "die", "deaf"] as const) {
    await inWorld(
      { seed: 1, tempers: ["applies", "applies"] },
      async (world) => {
        const [one] = await deployAll(world, "1.0.0");
        if (state === "die") world.natures.set("2.0.0", "dies soon");
        if (state === "deaf") world.natures.set("2.0.0", "hangs");
        const process = new SimProcess("deployer");
        world.deploy("2.0.0", {}, undefined, {}, { process });
        world.onEvent = (event) => {
          if (event.type === "machine" && event.standing === "pending") {
            process.kill();
          }
        };
        await world.run(Promise.resolve(), 120_000);
        world.onEvent = () => {};
        assertEquals(world.generation?.hot_upgrade?.state, "probation");
        if (state === "rest") {
          for (const machine of world.machines) machine.stop();
        }
        const outcome = await world.run(world.rollback()).then(
          ({ outcome }) => outcome,
          (error: FlyhotError) => error,
        );
        if (state === "deaf") {
          assert(outcome instanceof FlyhotError);
          assertEquals(outcome.exitCode, 7);
          assert(
            outcome.message.includes("fly machine restart m0"),
            outcome.message,
          );
          world.machines[0]!.restart();
        } else assertEquals(outcome, "committed");
        assertEquals(world.generation?.hot_upgrade?.state, "committed");
        for (const machine of world.machines) machine.start();
        await world.run(Promise.resolve(), 120_000);
        assertEquals(runs(world), [one, one], state);
      },
    );
  }
});
