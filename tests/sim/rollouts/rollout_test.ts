import { refusalText } from "@flyhot/runtime/protocol";
import { exitCodeOf } from "../../../src/reports/report_text.ts";
import { assertEquals } from "@std/assert";
import { inWorld, keys, runs } from "./in_world.ts";
import { standings } from "./standings.ts";

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
      const waves = world.bucket.pointers.flatMap((pointer) =>
        pointer.hot_upgrade ? [pointer.hot_upgrade.wave] : []
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

Deno.test("orchestrate() ends as a cold deploy where machines refuse what only they could know, and nothing else goes wrong", async () => {
  await inWorld(
    { seed: 1, tempers: ["applies", "applies", "applies"] },
    async (world) => {
      const good = await world.run(world.deploy("1.0.0"));
      world.machines[1]!.temper = "refuses";
      world.machines[2]!.temper = "refuses";
      const refused = await world.run(world.deploy("1.1.0"));
      assertEquals([refused.outcome, exitCodeOf(refused)], ["cold", 8]);
      assertEquals(
        refused.plan?.refusals.map(refusalText),
        [
          'docs.ts:3 docs: is removed; declare it, or consent to it: "consent": ["holder:docs"]',
        ],
      );
      assertEquals(refused.plan?.hot, false);
      assertEquals(standings(refused), "m0 returned, m1 failed, m2 failed");
      assertEquals(runs(world), [good.sha256, good.sha256, good.sha256]);
      world.machines[2]!.temper = "fails";
      const both = await world.run(world.deploy("1.2.0"));
      assertEquals([both.outcome, exitCodeOf(both)], ["rolled_back", 7]);
      world.machines[2]!.temper = "applies";
      world.machines[0]!.refusesToGoBack = true;
      const stuck = await world.run(world.deploy("1.3.0"));
      assertEquals([stuck.outcome, exitCodeOf(stuck)], ["rolled_back", 7]);
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
    assertEquals(await keys(world), [
      "releases/shop-current.json",
      "releases/shop-deploy.lock",
    ]);
    assertEquals(world.generation?.hot_upgrade, null);
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
    // The machine itself has named its image.
    assertEquals(await keys(world), ["releases/shop-current.json"]);
  });
});
