import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { S3Bucket } from "@flyhot/runtime/bucket";
import { copyFolder } from "../../runtime/testing/app/copy_folder.ts";
import { doctor, main, plan, status } from "../../mod.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/sandbox.ts";
import { type RealHost, realHost } from "./real_host.ts";

const APP = new URL("../apps/counter/", import.meta.url).pathname;

/** The sample app on two machines, and a way to run flyhot in its folder. */
async function inSandbox(
  act: (world: {
    readonly sandbox: Sandbox;
    readonly folder: string;
    readonly flyhot: (
      args: readonly string[],
      onOutput?: (host: RealHost) => void,
    ) => Promise<{ code: number; out: string; err: string }>;
  }) => Promise<void>,
): Promise<void> {
  const temporary = await Deno.makeTempDir({ prefix: "flyhot-test-" });
  const folder = join(temporary, "counter");
  try {
    await copyFolder(APP, folder);
    await using sandbox = await startSandbox({
      secrets: { FLYHOT_PROBATION_MS: "200" },
      app: "counter",
      regions: ["iad", "fra"],
    });
    await act({
      sandbox,
      folder,
      async flyhot(args, onOutput) {
        using host = realHost(folder, sandbox.env);
        const { write } = host.stdout;
        Object.assign(host.stdout, {
          write(text: string) {
            write(text);
            onOutput?.(host);
          },
        });
        const code = await main(args, host);
        return { code, out: host.out(), err: host.err() };
      },
    });
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
}

interface Found {
  readonly check: string;
  readonly machine: string | null;
  readonly verdict: string;
  readonly text: string;
}

Deno.test("flyhot doctor finds a deployed app well, sees what is missing before, and leaves no object behind", async () => {
  await inSandbox(async ({ sandbox, folder, flyhot }) => {
    const before = await flyhot(["doctor", "--json"]);
    assertEquals(before.code, 0, before.err);
    const early = JSON.parse(before.out).checks as readonly Found[];
    const surface = "4 of 6 modules of main.ts can be replaced";
    assertEquals(
      early.filter(({ verdict }) => verdict !== "pass").map(({ text }) =>
        text.startsWith(surface) ? surface : text
      ).sort(),
      [surface, "counter (fly.toml app) has no machine that runs it"],
    );

    await sandbox.deploy(folder);
    const after = await flyhot(["doctor", "--json"]);
    assertEquals(after.code, 0, after.err);
    const checks = JSON.parse(after.out).checks as readonly Found[];
    // How much is free is up to the computer.
    const troubles = checks.filter(({ check, verdict }) =>
      verdict !== "pass" && check !== "disk" && check !== "hot_surface"
    );
    assertEquals(troubles, []);
    const ids = sandbox.machines().map(({ id }) => id).sort();
    for (const check of ["runtime", "deno", "disk", "environment"]) {
      const found = checks.filter((it) => it.check === check);
      assertEquals(found.map(({ machine }) => machine).sort(), ids);
    }
    for (const { text } of checks.filter(({ check }) => check === "disk")) {
      assert(/ free for releases$/.test(text), text);
    }
    const bucket = new S3Bucket({
      endpoint: sandbox.endpoint,
      bucket: sandbox.bucket,
      accessKeyId: sandbox.env.AWS_ACCESS_KEY_ID!,
      secretAccessKey: sandbox.env.AWS_SECRET_ACCESS_KEY!,
    });
    const left = await Array.fromAsync(bucket.list("releases/counter-doctor"));
    assertEquals(left, []);
  });
});

Deno.test("flyhot doctor says which machine runs no runtime, with the exit code of that", async () => {
  await inSandbox(async ({ sandbox, folder, flyhot }) => {
    await Deno.writeTextFile(
      join(folder, "main.ts"),
      `Deno.serve({ port: Number(Deno.env.get("PORT")) }, () => new Response("hi"));\n`,
    );
    await sandbox.deploy(folder);
    const { code, out } = await flyhot(["doctor"]);
    assertEquals(code, 4, out);
    for (const { id } of sandbox.machines()) {
      assert(
        out.includes(
          `✗ machine ${id}  runtime: Cannot ask machine ${id} what it runs: no flyhot runtime answers there`,
        ),
        out,
      );
    }
    assert(out.includes("! main module"), out);
  });
});

Deno.test("plan(), status() and doctor() give the library what the commands show", async () => {
  await inSandbox(async ({ sandbox, folder }) => {
    await sandbox.deploy(folder);
    const path = join(folder, "text.ts");
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replaceAll("Hello", "Salut"));
    using host = realHost(folder, sandbox.env);
    const planned = await plan({ canary: 2 }, { host });
    assertEquals([planned.outcome, planned.plan?.hot], ["dry_run", true]);
    assertEquals(planned.plan?.reload, ["app.ts", "page.ts", "text.ts"]);
    assertEquals(planned.config.canary, { value: 2, from: "--canary" });
    const { machines } = await status({}, { host });
    assertEquals(machines.map(({ verdict }) => verdict), [
      "base_image",
      "base_image",
    ]);
    const { app, checks } = await doctor({}, { host });
    assertEquals(app, "counter");
    assert(checks.every(({ verdict }) => verdict !== "fail"));
    assertEquals([host.out(), host.err()], ["", ""]);
  });
});

const BOTH_UPGRADED =
  /(?:^✓ \w+ +(?:iad|fra) +v1\.0\.0 +\w{12} +Up to date +3 replaced modules, .*\n){2}/m;

Deno.test("flyhot status --watch follows an upgrade until Ctrl-C", async () => {
  await inSandbox(async ({ sandbox, folder, flyhot }) => {
    await sandbox.deploy(folder);
    const first = Promise.withResolvers<void>();
    const watching = flyhot(["status", "--watch", "1"], (host) => {
      first.resolve();
      if (BOTH_UPGRADED.test(host.out())) host.interrupt();
    });
    await first.promise;
    const path = join(folder, "text.ts");
    const text = await Deno.readTextFile(path);
    await Deno.writeTextFile(path, text.replaceAll("Hello", "Salut"));
    const hot = await flyhot(["hot", "--local"]);
    assertEquals(hot.code, 0, hot.err);
    const { code, out, err } = await watching;
    assertEquals([code, err], [0, ""]);
    assert(out.startsWith("counter: 2 of 2 run what they should ("), out);
    assert(out.includes("  base image  "), out);
    assert(BOTH_UPGRADED.test(out), out);
  });
});

Deno.test("flyhot doctor fails where the runtime answers but no upgrade will ever reach it", async () => {
  await inSandbox(async ({ sandbox, folder, flyhot }) => {
    const main = join(folder, "main.ts");
    const text = await Deno.readTextFile(main);
    await Deno.writeTextFile(
      main,
      text.replace("await reapply();", "await reapply({ watch: false });"),
    );
    await sandbox.deploy(folder);
    const { code, out } = await flyhot(["doctor", "--json"]);
    assertEquals(code, 4, out);
    const { checks }: { checks: readonly Found[] } = JSON.parse(out);
    assertEquals(
      checks.filter(({ verdict }) => verdict === "fail")
        .map(({ check, text }) => [check, text]),
      Array(2).fill([
        "runtime",
        "answers, but does not watch for upgrades: reapply() was called with watch: false",
      ]),
    );
  });
});
