import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { editToVersion2, writeVersion1 } from "../../scripts/demo/versions.ts";
import { bundledCli } from "../support/bundled_cli.ts";
Deno.test("x", async (t) => {
  const t0 = performance.now();
  await using cli = await bundledCli("0123456789ab");
  console.log(performance.now() - t0);
  await using sandbox = await startSandbox({
    app: "counter",
    regions: ["iad"],
    email: "ada@example.com",
  });
  const folder = await Deno.makeTempDir();
  const app = join(folder, "counter");
  await writeVersion1(app);
  await sandbox.deploy(app);
  const env = sandbox.env;
  await editToVersion2(app);
  console.log(await cli.run(["--version"]), performance.now() - t0);
  for (
    const a of [["status", "--json"], ["plan", "--json"], ["pack", "--json"], [
      "hot",
      "--local",
      "--json",
    ]]
  ) {
    for (
      const flag of [
        "",
        "--allow-net",
        "--allow-read",
        "--allow-write",
        "--allow-env",
        "--allow-run",
      ]
    ) {
      if (a[0] === "hot" && flag) continue;
      const t0 = performance.now();
      const o = await cli.run(a, {
        cwd: app,
        env,
        permissions: [
          "--no-prompt",
          "--allow-net",
          "--allow-read",
          "--allow-write",
          "--allow-env",
          "--allow-run",
        ].filter((x) => x !== flag),
      });
      console.log(
        a.join(" "),
        flag,
        performance.now() - t0,
        o.code,
        o.stdout.slice(0, flag ? 100 : 3000),
        o.stderr,
      );
    }
  }
});
