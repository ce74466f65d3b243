import { assert, assertEquals, assertRejects } from "@std/assert";
import { FlyhotError } from "../../../src/errors.ts";
import { inWorld, keys, runs } from "./in_world.ts";

Deno.test("orchestrate() says that nothing is to do only where every machine runs what is committed", async () => {
  await inWorld({ seed: 1, tempers: ["applies", "applies"] }, async (world) => {
    const first = await world.run(world.deploy("1.0.0"));
    world.machines[1]!.refusesToGoBack = true;
    world.natures.set("2.0.0", "works");
    world.machines[0]!.temper = "goes back by itself";
    // The second stays on it, where the first goes back.
    const second = await world.run(world.deploy("2.0.0", { canary: 0 }));
    assertEquals(second.outcome, "rolled_back");
    assert(second.summary.includes("not back: machine m1"), second.summary);
    assertEquals(runs(world), [first.sha256, second.sha256]);
    world.machines[0]!.temper = "applies";
    const again = await world.run(world.deploy("2.0.0"));
    assertEquals(again.outcome, "committed");
    assertEquals(runs(world), [again.sha256, again.sha256]);
    const last = await world.run(world.deploy("2.0.0"));
    assertEquals(last.outcome, "nothing_to_do");
  });
});

Deno.test("orchestrate() refuses a bucket that ignores conditions, and moves no pointer", async () => {
  await inWorld({ seed: 1, tempers: ["applies"] }, async (world) => {
    const put = world.bucket.put.bind(world.bucket);
    world.bucket.put = (key, content) => put(key, content, "always");
    const error = await assertRejects(
      () => world.run(world.deploy("1.0.0")),
      FlyhotError,
      "does not honor conditional writes",
    );
    assertEquals(error.code, "conflict");
    assertEquals(world.generation?.hot_upgrade, null);
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

Deno.test("orchestrate() brings its release back where a removal by a deployer that lost its lock lands late", async () => {
  for (const when of ["probation", "committed"] as const) {
    await inWorld({ seed: 1, tempers: ["applies"] }, async (world) => {
      const { bucket } = world;
      const put = bucket.put.bind(bucket);
      let removed: string | null = null;
      bucket.put = async (key, content, ...rest) => {
        const outcome = await put(key, content, ...rest);
        if (!key.endsWith(".json")) return outcome;
        const said = JSON.parse(new TextDecoder().decode(content));
        const named: string | undefined = said.hot_upgrade?.key;
        // What was on its way arrives at once, or when the machine is done with it.
        if (named && removed === null) {
          removed = named;
          if (when === "probation") await bucket.delete(removed);
        } else if (when === "committed" && said.state === "applied") {
          await bucket.delete(removed!);
        }
        return outcome;
      };
      const report = await world.run(world.deploy("1.0.0"));
      assertEquals(report.outcome, "committed", report.summary);
      assert(removed !== null);
      assertEquals((await bucket.get(removed)).status, "found", when);
      // Until then it was missing, which no deployer can keep who was not asked.
      const seen = new Set(bucket.broken.splice(0));
      assertEquals([...seen], ["1.0.0 is named and not there"]);
    });
  }
});

Deno.test("orchestrate() does not say committed where a deploy brought another image to all machines meanwhile", async () => {
  await inWorld({ seed: 1, tempers: ["applies", "applies"] }, async (world) => {
    world.onEvent = (event) => {
      if (event.type !== "machine" || event.standing !== "applied") return;
      if (event.id !== "m1") return;
      for (const machine of world.machines) {
        machine.deploy("registry.fly.io/shop:deployment-2");
      }
    };
    const report = await world.run(world.deploy("1.0.0"));
    assertEquals(report.outcome, "rolled_back");
    assert(report.summary.includes("a deploy was faster"), report.summary);
    await world.run(Promise.resolve(), 20_000);
    assertEquals(runs(world), [null, null]);
  });
});

Deno.test("orchestrate() writes probation and consent into the pointer, and holds each wave that long", async () => {
  await inWorld({ seed: 1, tempers: ["applies"] }, async (world) => {
    const from = world.sim.elapsed;
    const report = await world.run(
      world.deploy("1.0.0", { probationMs: 40_000, consent: ["holder:docs"] }),
    );
    assertEquals(report.outcome, "committed");
    const { probation_ms, consent } = world.generation?.hot_upgrade ?? {};
    assertEquals([probation_ms, consent], [40_000, ["holder:docs"]]);
    // The machine's own probation, and then the wave's.
    assert(world.sim.elapsed - from >= 80_000);
  });
});
