import { assert, assertEquals, assertRejects } from "@std/assert";
import { FlyhotError } from "../../src/errors.ts";
import type { RolloutReport } from "../../src/rollout/report.ts";
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

Deno.test("debug", async () => {
  await inWorld(
    { seed: 1, tempers: ["applies", "fails", "applies"] },
    async (world) => {
      const report = await world.run(world.deploy("1.0.0"), 20_000);
      console.log(report, world.generation, world.events);
    },
  );
});
