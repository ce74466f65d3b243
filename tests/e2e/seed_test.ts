import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import {
  edit,
  editToVersion2,
  writeVersion1,
} from "../../scripts/demo/versions.ts";
import { runCli } from "../support/programs/run_cli.ts";

Deno.test("v1, count to 5, hot v2, count still 5 in the same process, restart, still v2, cold v3, v2 not re-applied", async () => {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-seed-" });
  const app = join(folder, "counter");
  await using sandbox = await startSandbox({
    secrets: { FLYHOT_PROBATION_MS: "200" },
    app: "counter",
    regions: ["iad"],
  });
  try {
    await writeVersion1(app);
    const { machines: [machine] } = await sandbox.deploy(app);
    const ask = async (path: string) =>
      await (await fetch(new URL(path, machine!.url))).text();
    for (let count = 1; count <= 5; count++) {
      assertEquals(JSON.parse(await ask("/increment")), { count });
    }
    const pid = await ask("/pid");

    await editToVersion2(app);
    const hot = await runCli(["hot", "--local"], sandbox.env, app);
    assertEquals(hot.code, 0, hot.stderr);
    assertEquals(await ask("/hello"), "Welcome, WORLD");
    assertEquals(JSON.parse(await ask("/count")), { count: 5, step: 1 });
    assertEquals(await ask("/pid"), pid);

    const status = await runCli(["status"], sandbox.env, app);
    assertEquals(status.code, 0, status.stderr);
    assertStringIncludes(
      status.stdout,
      `Machine: ${machine!.id} (iad) [started]`,
    );
    assertStringIncludes(status.stdout, "Hot Upgrade: v2.0.0");
    assertStringIncludes(status.stdout, "Up to date");

    await sandbox.restartMachine(machine!.id);
    await sandbox.waitUntilReady(machine!.id);
    assert(await ask("/pid") !== pid, "a restart makes a new process");
    assertEquals(await ask("/hello"), "Welcome, WORLD");

    await edit(app, "text.ts", "Welcome, ", "Good day, ");
    await sandbox.deploy(app);
    assertEquals(await ask("/hello"), "Good day, WORLD");
    const cold = await runCli(["status", "--json"], sandbox.env, app);
    assertEquals(cold.code, 0, cold.stderr);
    assertStringIncludes(cold.stdout, machine!.id);
    assertEquals(await ask("/hello"), "Good day, WORLD");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
