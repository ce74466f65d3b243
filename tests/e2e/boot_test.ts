import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { type Sandbox, startSandbox } from "../../src/sandbox/sandbox.ts";
import { edit, writeVersion1 } from "../../scripts/demo/versions.ts";
import { runCli } from "../support/programs/run_cli.ts";

/** Version 1 of the sample app, upgraded hot to a version that loads in a warm process only. */
async function withFragileRelease(
  failure: string,
  story: (sandbox: Sandbox, id: string, url: string) => Promise<void>,
): Promise<void> {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-boot-" });
  const app = join(folder, "counter");
  await using sandbox = await startSandbox({
    secrets: { FLYHOT_PROBATION_MS: "200" },
    app: "counter",
    regions: ["iad"],
  });
  try {
    await writeVersion1(app);
    // What the process knows and a fresh one does not.
    await edit(
      app,
      "app.ts",
      'case "/hello":',
      'case "/warm":\n      Deno.env.set("WARM", "yes");\n      return new Response("warm");\n    case "/hello":',
    );
    const { machines: [machine] } = await sandbox.deploy(app);
    assertEquals(await ask(machine!.url, "/warm"), "warm");
    await edit(app, "text.ts", "Hello, ", "Fragile, ");
    await edit(
      app,
      "text.ts",
      "export function title",
      `if (!Deno.env.has("WARM")) ${failure};\n\nexport function title`,
    );
    const hot = await runCli(["hot", "--local"], sandbox.env, app);
    assertEquals(hot.code, 0, hot.stderr);
    assertEquals(await ask(machine!.url, "/hello"), "Fragile, world");
    await story(sandbox, machine!.id, machine!.url);
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

async function ask(url: string, path: string): Promise<string> {
  return await (await fetch(new URL(path, url))).text();
}

Deno.test("a machine that cannot load its release when it starts runs its image, says so, and does not try again", async () => {
  await withFragileRelease(
    `throw new Error("not in the cold")`,
    async (sandbox, id, url) => {
      await sandbox.restartMachine(id);
      await sandbox.waitUntilReady(id);
      assertEquals(await ask(url, "/hello"), "Hello, world");
      assertEquals(JSON.parse(await ask(url, "/increment")), { count: 1 });
      const { text } = await sandbox.waitForLog(id, /Cannot start with/);
      assertStringIncludes(text, "not in the cold");
      assertStringIncludes(text, "the code of the image runs instead");
      await sandbox.restartMachine(id);
      await sandbox.waitUntilReady(id);
      assertEquals(await ask(url, "/hello"), "Hello, world");
      await sandbox.waitForLog(
        id,
        /failed on this machine before and is not tried again/,
      );
    },
  );
});

Deno.test("a release that ends the process whenever it starts gives way to the image after a few starts", async () => {
  await withFragileRelease(`Deno.exit(9)`, async (sandbox, id, url) => {
    await sandbox.restartMachine(id).catch(() => {});
    for (let start = 1; start <= 6; start++) {
      try {
        await sandbox.waitUntilReady(id, "/hello", { timeoutMs: 5000 });
        break;
      } catch {
        await sandbox.startMachine(id).catch(() => {});
      }
    }
    assertEquals(await ask(url, "/hello"), "Hello, world");
    const { text } = await sandbox.waitForLog(id, /the process died \d times/);
    assert(/died [2-5] times/.test(text), text);
  });
});
