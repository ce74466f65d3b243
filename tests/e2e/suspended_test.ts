import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { editToVersion2, writeVersion1 } from "../../scripts/demo/versions.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { runCli } from "../support/programs/run_cli.ts";

Deno.test("a machine that sleeps through an upgrade is not waited for, and catches up with its state when it wakes", async () => {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-suspended-" });
  const app = join(folder, "counter");
  await using sandbox = await startSandbox({
    secrets: { FLYHOT_PROBATION_MS: "200" },
    app: "counter",
    regions: ["iad", "fra"],
  });
  try {
    await writeVersion1(app);
    const { machines: [awake, asleep] } = await sandbox.deploy(app);
    const ask = async (url: string, path: string) =>
      await (await fetch(url + path)).text();
    for (const { url } of [awake!, asleep!]) await ask(url, "/increment");
    const pid = await ask(asleep!.url, "/pid");

    await sandbox.suspendMachine(asleep!.id);
    await editToVersion2(app);
    const hot = await runCli(["hot", "--local", "--json"], sandbox.env, app);
    assertEquals(hot.code, 0, hot.stderr);
    const { machines } = JSON.parse(hot.stdout);
    assertEquals(
      machines.map((
        it: { id: string; standing: string },
      ) => [it.id, it.standing]).sort(),
      [[awake!.id, "applied"], [asleep!.id, "applies_at_next_start"]].sort(),
    );

    await sandbox.startMachine(asleep!.id);
    await sandbox.waitForLog(asleep!.id, /2\.0\.0 is applied/);
    assertEquals(await ask(asleep!.url, "/hello"), "Welcome, WORLD");
    assertEquals(JSON.parse(await ask(asleep!.url, "/count")), {
      count: 1,
      step: 1,
    });
    assertEquals(await ask(asleep!.url, "/pid"), pid);
    assert(awake);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
