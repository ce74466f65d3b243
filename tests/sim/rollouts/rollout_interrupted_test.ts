import { assertEquals, assertRejects } from "@std/assert";
import { FlyhotError } from "../../../src/errors.ts";
import { readLock } from "../../../src/rollout/lock/store.ts";
import { inWorld, keys, runs } from "./in_world.ts";
import { standings } from "./standings.ts";

Deno.test("orchestrate() changes nothing when it is interrupted before it publishes", async () => {
  await inWorld({ seed: 1, tempers: ["applies"] }, async (world) => {
    const signal = AbortSignal.abort(new Error("interrupted"));
    const error = await assertRejects(
      () => world.run(world.deploy("1.0.0", {}, signal)),
      FlyhotError,
      "Cannot upgrade shop: interrupted before anything was changed",
    );
    assertEquals(error.exitCode, 7);
    assertEquals(await keys(world), ["releases/shop-current.json"]);
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
    assertEquals(await keys(world), [
      "releases/shop-current.json",
      "releases/shop-deploy.lock",
    ]);
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
    const versions = world.bucket.pointers.flatMap(({ hot_upgrade }) =>
      hot_upgrade ? [hot_upgrade.version] : []
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
