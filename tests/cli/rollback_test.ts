import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { S3Bucket } from "@flyhot/runtime/bucket";
import { acquireLock } from "../../src/rollout/lock/lock.ts";
import { type Sandbox, startSandbox } from "../../src/sandbox/sandbox.ts";
import { main } from "../../src/main.ts";
import {
  edit,
  editToVersion2,
  writeVersion1,
} from "../../scripts/demo/versions.ts";
import { realHost } from "./real_host.ts";

/** Bob takes the deploy lock and keeps it. */
async function holdLock(sandbox: Sandbox): Promise<AsyncDisposable> {
  const host = realHost(sandbox.folder, sandbox.env);
  const bucket = new S3Bucket({
    endpoint: sandbox.endpoint,
    bucket: sandbox.bucket,
    accessKeyId: sandbox.env.AWS_ACCESS_KEY_ID!,
    secretAccessKey: sandbox.env.AWS_SECRET_ACCESS_KEY!,
  });
  const lock = await acquireLock(
    {
      app: "counter",
      holder: "bob@example.com",
      purpose: "deploy 9.9.9",
      ttlMs: 300_000,
    },
    { host, bucket, reporter: { emit() {} } },
  );
  return {
    async [Symbol.asyncDispose]() {
      await lock[Symbol.asyncDispose]();
      host[Symbol.dispose]();
    },
  };
}

Deno.test("flyhot rollback, releases and lock: back one release, to the image, and to one of the history", async () => {
  const temporary = await Deno.makeTempDir({ prefix: "flyhot-rollback-" });
  const folder = join(temporary, "counter");
  try {
    await writeVersion1(folder);
    await using sandbox = await startSandbox({
      secrets: { FLYHOT_PROBATION_MS: "200" },
      app: "counter",
      regions: ["iad", "fra"],
    });
    await sandbox.deploy(folder);
    const flyhot = async (...args: string[]) => {
      using host = realHost(folder, sandbox.env);
      const code = await main(args, host);
      return { code, out: host.out(), err: host.err() };
    };
    const ask = (path: string) =>
      Promise.all(
        sandbox.machines().map(async ({ url }) =>
          (await fetch(url + path)).text()
        ),
      );

    const nothing = await flyhot("rollback");
    assertEquals(nothing.code, 4);
    assertStringIncludes(nothing.err, "Cannot roll counter back");
    assertStringIncludes((await flyhot("releases")).out, "no hot upgrades");
    assertStringIncludes((await flyhot("lock")).out, "is free");

    await ask("/increment");
    await editToVersion2(folder);
    assertEquals((await flyhot("hot", "--local")).code, 0);
    await ask("/increment");
    await edit(folder, "deno.json", "2.0.0", "2.1.0");
    await edit(folder, "text.ts", "Welcome, ", "Howdy, ");
    assertEquals((await flyhot("hot", "--local")).code, 0);
    assertEquals(await ask("/hello"), ["Howdy, WORLD", "Howdy, WORLD"]);

    const back = await flyhot("rollback");
    assertEquals(back.code, 0, back.err);
    assertStringIncludes(back.out, "2.0.0 runs on 2 machines again");
    assertEquals(await ask("/hello"), ["Welcome, WORLD", "Welcome, WORLD"]);
    assertEquals(await ask("/count"), [
      '{"count":2,"step":1}',
      '{"count":2,"step":1}',
    ]);

    const base = await flyhot("rollback", "--to-base", "--json");
    assertEquals(base.code, 0, base.err);
    assertEquals(await ask("/hello"), ["Hello, world", "Hello, world"]);
    // The state went back by the down migration, and nothing was lost.
    assertEquals(await ask("/count"), ['{"count":2}', '{"count":2}']);

    const history = JSON.parse((await flyhot("releases", "--json")).out);
    const { upgrades } = history.generations[0];
    assertEquals(
      upgrades.map((
        it: { version: string; state: string },
      ) => [it.version, it.state]),
      [["base", "committed"], ["2.0.0", "rolled_back"], [
        "2.1.0",
        "rolled_back",
      ], ["2.0.0", "committed"]],
    );
    const again = await flyhot("rollback", upgrades[2].id);
    assertEquals(again.code, 0, again.err);
    assertEquals(await ask("/hello"), ["Howdy, WORLD", "Howdy, WORLD"]);
    assertEquals(await ask("/count"), [
      '{"count":2,"step":1}',
      '{"count":2,"step":1}',
    ]);

    const unknown = await flyhot("rollback", "01NOSUCHUPGRADE");
    assertEquals(unknown.code, 4);
    assertStringIncludes(unknown.err, "flyhot releases");
    assertEquals((await flyhot("rollback", "x", "--to-base")).code, 2);
    assertEquals((await flyhot("lock", "smash")).code, 2);
    await using _held = await holdLock(sandbox);
    const status = await flyhot("lock");
    assertStringIncludes(status.out, "held by bob@example.com for");
    assertStringIncludes(status.out, "to deploy 9.9.9");
    const locked = await flyhot("hot", "--local");
    assertEquals(locked.code, 5);
    assertStringIncludes(locked.err, "bob@example.com");
    const refused = await flyhot("lock", "release");
    assertEquals(refused.code, 5);
    assertStringIncludes(refused.err, "flyhot lock release --force");
    const forced = await flyhot("lock", "release", "--force");
    assertEquals(forced.code, 0, forced.err);
    const free = JSON.parse((await flyhot("lock", "release", "--json")).out);
    assert(free.state === "free" && free.lock.state === "released");
  } finally {
    await Deno.remove(temporary, { recursive: true });
  }
});
