import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { loadConfig, openBucket } from "../../src/config/load.ts";
import { readLock } from "../../src/rollout/lock/store.ts";
import { readPointer } from "../../src/rollout/pointer/pointer.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { edit, writeVersion1 } from "../../scripts/demo/versions.ts";
import { realHost } from "../cli/real_host.ts";
import { runCli } from "../support/programs/run_cli.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("F9: a terminal that is closed in wave 2 hangs up twice and reads no more: all machines go back, and the lock is free", async () => {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-hung-up-" });
  const app = join(folder, "counter");
  await using sandbox = await startSandbox({
    secrets: { FLYHOT_PROBATION_MS: "1000", FLYHOT_POLL_MS: "200" },
    app: "counter",
    regions: ["iad", "fra"],
  });
  try {
    await writeVersion1(app);
    const { machines } = await sandbox.deploy(app);
    const words = () =>
      Promise.all(
        machines.map(async ({ url }) =>
          await (await fetch(new URL("/hello", url))).text()
        ),
      );
    const before = await words();
    await edit(app, "text.ts", "Hello, ", "Goodbye, ");
    const child = new Deno.Command(Deno.execPath(), {
      args: [
        "run",
        "-A",
        "--quiet",
        "--config",
        fromFileUrl(new URL("deno.json", ROOT)),
        fromFileUrl(new URL("cli.ts", ROOT)),
        "hot",
        "--local",
      ],
      cwd: app,
      env: { ...sandbox.env, NO_COLOR: "1" },
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
    let told = "";
    const reader = child.stderr.pipeThrough(new TextDecoderStream())
      .getReader();
    while (!told.includes("… Upgrade wave 2 of 2")) {
      const { done, value } = await reader.read();
      assert(!done, told);
      told += value;
    }
    await reader.cancel();
    child.kill("SIGHUP");
    child.kill("SIGHUP");
    const { code, signal } = await child.status;
    assertEquals([code, signal], [7, null]);

    using host = realHost(app, sandbox.env);
    const bucket = openBucket(await loadConfig(host), host);
    const lock = await readLock(bucket, "counter");
    assertEquals(lock?.record.state, "released");
    const { pointer } = await readPointer(bucket, "counter");
    assertEquals(pointer?.hot_upgrade?.state, "committed");
    assertEquals(pointer?.hot_upgrade?.version, "base");
    assertEquals(await words(), before);
    const status = await runCli(["status"], sandbox.env, app);
    assertEquals(status.code, 0, status.stdout);
    assertStringIncludes(status.stdout, "Running base image");
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
