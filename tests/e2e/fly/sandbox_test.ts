import { assert } from "@std/assert";
import { join } from "@std/path";
import { writeVersion1 } from "../../../scripts/demo/versions.ts";
import { denoHost } from "../../../src/host_deno.ts";
import { startSandbox } from "../../../src/sandbox/sandbox.ts";
import { tempFolder } from "../../support/temp_folder.ts";
import { accountIn, APP_VARIABLE } from "./account.ts";
import { QUESTIONS } from "./questions.ts";

// What is asked of Fly is asked here first: the questions work, and the sandbox answers as flyhot expects it of Fly.
Deno.test("the sandbox answers the open questions as flyhot expects it of Fly", async (t) => {
  await using folder = await tempFolder();
  const app = join(folder.path, "counter");
  await writeVersion1(app);
  await using sandbox = await startSandbox({
    app: "counter",
    regions: ["iad"],
    rateLimits: true,
  });
  await sandbox.deploy(app);
  using real = denoHost();
  const env: Readonly<Record<string, string>> = {
    ...sandbox.env,
    [APP_VARIABLE]: sandbox.app,
  };
  const account = accountIn({ ...real, env: (name) => env[name] });
  assert(account !== null);
  for (const { name, needs, ask } of QUESTIONS) {
    // The sandbox has one token.
    await t.step({
      name,
      ignore: needs === "execApi",
      fn: async () => void await ask({ ...account, longSeconds: 1 }),
    });
  }
});
