import {
  assert,
  assertEquals,
  assertMatch,
  assertStringIncludes,
} from "@std/assert";
import { join } from "@std/path";
import { S3Bucket } from "@flyhot/runtime/bucket";
import { PERMISSION_FLAGS } from "../../scripts/compile/permissions.ts";
import { editToVersion2, writeVersion1 } from "../../scripts/demo/versions.ts";
import { runProgram } from "../../scripts/programs/run_program.ts";
import { COMMANDS } from "../../src/commands/table.ts";
import { EXIT_CODES } from "../../src/errors.ts";
import { readPointer } from "../../src/rollout/pointer/pointer.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { VERSION } from "../../src/version.ts";
import { bundledCli } from "../support/programs/bundled_cli.ts";
import { tempFolder } from "../support/temp_folder.ts";
import { runMain } from "./run_main.ts";

const COMMIT = "0123456789ab";

Deno.test("the bundle is the whole command, with the permissions of the binary", async (t) => {
  await using cli = await bundledCli(COMMIT);
  await using folder = await tempFolder();
  const app = folder.join("counter");
  await writeVersion1(app);

  await t.step("it imports nothing, and does not say where it was made", () => {
    // The first lines; further down, such lines are text that flyhot init writes.
    const head = /^(?:\s*(?:\/\/.*|import .*)?\n)*/.exec(cli.text)?.[0] ?? "";
    const imports = [...head.matchAll(/from "(.*)";$/gm)]
      .map(([_all, specifier = ""]) => specifier);
    assertEquals(imports.filter((it) => !it.startsWith("node:")), []);
    assertEquals(cli.text.match(/^\/\/ (?:\.\.|deno:|\/).*/gm), null);
  });

  await t.step(
    "--version says version, commit and Deno's version",
    async () => {
      assertEquals(await cli.run(["--version"]), {
        code: 0,
        stdout:
          `flyhot ${VERSION} (commit ${COMMIT}, Deno ${Deno.version.deno})\n`,
        stderr: "",
      });
      const { stdout } = await cli.run(["--version", "--json"]);
      assertEquals(JSON.parse(stdout), {
        version: VERSION,
        commit: COMMIT,
        deno: Deno.version.deno,
      });
    },
  );

  await t.step("--help is what it is elsewhere", async () => {
    const { code, out } = await runMain(["--help"]);
    assertEquals(await cli.run(["--help"]), { code, stdout: out, stderr: "" });
  });

  await t.step(
    "a usage error ends it with 2, one sentence and a hint",
    async () => {
      assertEquals(await cli.run(["hot", "--skipbuild"]), {
        code: 2,
        stdout: "",
        stderr:
          "error: Cannot read --skipbuild: no such flag\nhint: did you mean --skip-build?\n",
      });
    },
  );

  await t.step(
    "pack starts git and deno, also where LD_LIBRARY_PATH is set",
    async () => {
      await runProgram("git", ["init", "--quiet"], { cwd: app });
      await Deno.writeTextFile(join(app, ".gitignore"), "*.secret\n");
      await Deno.writeTextFile(join(app, "my.secret"), "");
      const { code, stdout, stderr } = await cli.run(["pack", "--json"], {
        cwd: app,
        env: { LD_LIBRARY_PATH: folder.path },
      });
      assertEquals(code, 0, stderr);
      const { files, modules } = JSON.parse(stdout);
      const paths = files.map(({ path }: { path: string }) => path);
      assert(paths.includes("counter.ts"));
      assert(!paths.includes("my.secret"), "git was asked what it ignores");
      assert(modules.includes("counter.ts"), "deno was asked for the graph");
    },
  );

  // Of the network, the sandbox's steps below tell.
  for (const flag of PERMISSION_FLAGS.filter((it) => it !== "--no-prompt")) {
    if (flag === "--allow-net") continue;
    await t.step(`it cannot do without ${flag}`, async () => {
      const { code, stderr } = await cli.run(["pack"], {
        cwd: app,
        permissions: PERMISSION_FLAGS.filter((it) => it !== flag),
      });
      assertEquals(code, 1, stderr);
      assertMatch(
        stderr,
        new RegExp(`error: Requires ${flag.slice(8)} access to `),
      );
    });
  }
});

Deno.test("the bundle upgrades an app, with the permissions of the binary", async (t) => {
  await using cli = await bundledCli(COMMIT);
  await using folder = await tempFolder();
  const app = folder.join("counter");
  await writeVersion1(app);
  await using sandbox = await startSandbox({
    secrets: { FLYHOT_PROBATION_MS: "200" },
    app: "counter",
    regions: ["iad"],
    email: "ada@example.com",
  });
  const { env } = sandbox;
  const { machines: [machine] } = await sandbox.deploy(app);
  const ask = async (path: string) =>
    await (await fetch(new URL(path, machine!.url))).text();
  assertEquals(JSON.parse(await ask("/increment")), { count: 1 });
  const pid = await ask("/pid");

  await t.step("status --json", async () => {
    const { code, stdout, stderr } = await cli.run(["status", "--json"], {
      cwd: app,
      env,
    });
    assertEquals(code, 0, stderr);
    const report = JSON.parse(stdout);
    assertEquals(report.compared_with, "pointer");
    assertEquals(
      report.machines.map(({ id, verdict }: {
        readonly id: string;
        readonly verdict: string;
      }) => [id, verdict]),
      [[machine!.id, "base_image"]],
    );
  });

  await t.step(
    "status with credentials under names of the user's own",
    async () => {
      const { AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY, ...rest } = env;
      const other = folder.join("other");
      await writeVersion1(other);
      const settings = JSON.parse(
        await Deno.readTextFile(join(other, "deno.json")),
      );
      await Deno.writeTextFile(
        join(other, "deno.json"),
        JSON.stringify({
          ...settings,
          flyhot: {
            credentials: {
              accessKeyId: "MY_KEY",
              secretAccessKey: "MY_SECRET",
            },
          },
        }),
      );
      const { code, stdout, stderr } = await cli.run(["status", "--json"], {
        cwd: other,
        env: {
          ...rest,
          MY_KEY: AWS_ACCESS_KEY_ID!,
          MY_SECRET: AWS_SECRET_ACCESS_KEY!,
        },
      });
      assertEquals(code, 0, stderr);
      assertEquals(JSON.parse(stdout).compared_with, "pointer", stderr);
    },
  );

  await t.step("it cannot do without --allow-net", async () => {
    const { code, stderr } = await cli.run(["status"], {
      cwd: app,
      env,
      permissions: PERMISSION_FLAGS.filter((it) => it !== "--allow-net"),
    });
    assertEquals(code, 6, stderr);
    assertStringIncludes(stderr, "Requires net access to ");
  });

  await editToVersion2(app);

  await t.step("plan --json", async () => {
    const { code, stdout, stderr } = await cli.run(["plan", "--json"], {
      cwd: app,
      env,
    });
    assertEquals(code, 0, stderr);
    const { outcome, plan } = JSON.parse(stdout);
    assertEquals([outcome, plan.hot, plan.cold], ["dry_run", true, []]);
    assert(plan.reload.includes("counter.ts"));
    assertEquals(JSON.parse(await ask("/count")), { count: 1 });
  });

  await t.step("hot --local", async () => {
    const { code, stderr } = await cli.run(["hot", "--local"], {
      cwd: app,
      env,
    });
    assertEquals(code, 0, stderr);
    assertEquals(await ask("/hello"), "Welcome, WORLD");
    assertEquals(JSON.parse(await ask("/count")), { count: 1, step: 1 });
    assertEquals(await ask("/pid"), pid);
  });

  await t.step("fly was asked who deploys", async () => {
    const pointer = await readPointer(
      new S3Bucket({
        endpoint: sandbox.endpoint,
        bucket: env.BUCKET_NAME!,
        accessKeyId: env.AWS_ACCESS_KEY_ID!,
        secretAccessKey: env.AWS_SECRET_ACCESS_KEY!,
      }),
      "counter",
    );
    assertStringIncludes(
      JSON.stringify(pointer),
      '"deployed_by":"ada@example.com"',
    );
  });

  for (const { name } of COMMANDS) {
    // The first two are what the binary cannot do and nobody types; the others were run above.
    if (/^(?:sandbox|orchestrate|hot|plan|status)$/.test(name)) continue;
    await t.step(`${name} may do what it does`, async () => {
      // It begins at the last tag where the fleet does not say what it runs.
      if (name === "rehearse") await tagged(app);
      const words = name === "completions" ? [name, "bash"] : [name, "--json"];
      const { code, stdout, stderr } = await cli.run(words, {
        cwd: app,
        env,
      });
      assertEquals(/Requires \w+ access/.exec(stdout + stderr), null);
      assert(
        code !== EXIT_CODES.unexpected && code !== EXIT_CODES.usage,
        stdout + stderr,
      );
    });
  }
});

/** Makes a folder a repository whose only commit has a tag. */
async function tagged(folder: string): Promise<void> {
  const who = ["-c", "user.name=test", "-c", "user.email=test@example.com"];
  for (
    const words of [
      ["init", "--quiet"],
      ["add", "--all"],
      [...who, "commit", "--quiet", "--message", "test"],
      ["tag", "v1"],
    ]
  ) {
    const { code, stderr } = await runProgram("git", words, { cwd: folder });
    assertEquals(code, 0, stderr);
  }
}
