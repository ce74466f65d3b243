import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { writeVersion1 } from "../../scripts/demo/versions.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { runCli } from "../support/programs/run_cli.ts";

/** Asks a machine again and again until it is stopped; counts what did not go well. */
function keepAsking(url: string) {
  let stopped = false;
  let asked = 0;
  const failed: string[] = [];
  const asking = (async () => {
    while (!stopped) {
      try {
        const response = await fetch(`${url}/count`);
        if (!response.ok) failed.push(`${response.status}`);
        await response.body?.cancel();
      } catch (error) {
        failed.push(String(error));
      }
      asked++;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
  })();
  return {
    async stop() {
      stopped = true;
      await asking;
      return { asked, failed };
    },
  };
}

async function inSandbox(
  use: (
    sandbox: Awaited<ReturnType<typeof startSandbox>>,
    app: string,
  ) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-deaths-" });
  const app = join(folder, "counter");
  // What hangs is not waited for as long as a busy machine on Fly would be.
  const secrets = { FLYHOT_ANSWER_MS: "3000" };
  await using sandbox = await startSandbox({
    app: "counter",
    regions: ["iad", "fra"],
    secrets,
  });
  try {
    await writeVersion1(app);
    await sandbox.deploy(app);
    await use(sandbox, app);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function append(app: string, text: string): Promise<void> {
  const path = join(app, "app.ts");
  await Deno.writeTextFile(path, `${await Deno.readTextFile(path)}\n${text}\n`);
}

Deno.test("a release that kills its process after it came in goes back, is named, and leaves the other machine alone", async () => {
  await inSandbox(async (sandbox, app) => {
    const machines = sandbox.machines();
    const pids = machines.map(({ pid }) => pid);
    await append(
      app,
      `console.error("out of luck"); setTimeout(() => new Deno.Command("sh", { args: ["-c", "kill -KILL " + Deno.pid] }).outputSync(), 600);`,
    );
    const load = machines.map(({ url }) => keepAsking(url));
    const hot = await runCli(["hot", "--local", "--json"], sandbox.env, app);
    const report = JSON.parse(hot.stdout);
    assertEquals([hot.code, report.outcome], [7, "rolled_back"], hot.stderr);
    const [dead] = report.machines.filter((it: { failure: unknown }) =>
      it.failure !== null
    );
    assert(
      dead.failure.message.includes("its process was ended by signal 9"),
      dead.failure.message,
    );
    assert(
      dead.failure.message.includes("it last said:"),
      dead.failure.message,
    );
    const untouched = machines.findIndex(({ id }) => id !== dead.id);
    const seen = await Promise.all(load.map((it) => it.stop()));
    assertEquals(seen[untouched]!.failed, []);
    assert(seen[untouched]!.asked > 10);
    const now = sandbox.machines();
    assertEquals(now[untouched]!.pid, pids[untouched]);
    const status = await runCli(["status", "--json"], sandbox.env, app);
    assertEquals(status.code, 0, status.stdout);
    const again = await runCli(["rollback"], sandbox.env, app);
    assertEquals(again.code, 4, again.stderr);
  });
});

Deno.test("a machine in an endless loop is told as serving nobody, by hot, status and doctor", async () => {
  await inSandbox(async (sandbox, app) => {
    // As deaf as for (;;), and leaves a core to the other tests.
    await append(
      app,
      `if (Deno.env.get("FLY_IMAGE_REF")) Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0);`,
    );
    const hot = await runCli(
      ["hot", "--local", "--json", "--timeout", "5"],
      sandbox.env,
      app,
    );
    const report = JSON.parse(hot.stdout);
    assertEquals([hot.code, report.outcome], [7, "rolled_back"], hot.stderr);
    const deaf = report.machines.find((it: { failure: unknown }) =>
      it.failure !== null
    ).id;
    assert(
      report.summary.includes(
        `serves nobody; restart it with: fly machine restart ${deaf}`,
      ),
      report.summary,
    );
    const status = await runCli(["status", "--json"], sandbox.env, app);
    assertEquals(status.code, 7);
    assertEquals(
      JSON.parse(status.stdout).machines.find((it: { id: string }) =>
        it.id === deaf
      ).verdict,
      "serves_nobody",
    );
    await sandbox.restartMachine(deaf);
    await sandbox.waitUntilReady(deaf, "/count");
    const mended = await runCli(["status"], sandbox.env, app);
    assertEquals(mended.code, 0, mended.stdout);
  });
});

Deno.test("where all machines are at rest, one is started, proves the release, and rests again", async () => {
  await inSandbox(async (sandbox, app) => {
    for (const { id } of sandbox.machines()) await sandbox.stopMachine(id);
    await append(app, `export const more = 1;`);
    const hot = await runCli(["hot", "--local", "--json"], sandbox.env, app);
    const report = JSON.parse(hot.stdout);
    assertEquals([hot.code, report.outcome], [0, "committed"], hot.stderr);
    const proving = report.machines.find((it: { standing: string }) =>
      it.standing === "applied"
    ).id;
    await sandbox.waitForState(proving, "stopped");
    assertEquals(
      sandbox.machines().map(({ state }) =>
        state
      ),
      [
        "stopped",
        "stopped",
      ],
    );
  });
});
