import { refusalText } from "@flyhot/runtime/protocol";
import { exitCodeOf } from "../../src/reports/report_text.ts";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { FlyhotError } from "../../src/errors.ts";
import { readLock } from "../../src/rollout/lock/store.ts";
import type { RolloutReport } from "../../src/rollout/report.ts";
import { inWorld, keys, runs } from "./in_world.ts";

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
