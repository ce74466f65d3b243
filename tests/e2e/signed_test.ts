import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { fromFileUrl, join } from "@std/path";
import { S3Bucket } from "@flyhot/runtime/bucket";
import { edit, writeVersion1 } from "../../scripts/demo/versions.ts";
import { makeKeyPair } from "../../src/release/signing.ts";
import { readLock } from "../../src/rollout/lock/store.ts";
import { readPointer } from "../../src/rollout/pointer/pointer.ts";
import { withUpgrade } from "../../src/rollout/pointer/transitions.ts";
import { pointerKey, pointerRecord } from "@flyhot/runtime/protocol";
import { putJson } from "@flyhot/runtime/bucket";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { runCli } from "../support/run_cli.ts";

const ROOT = new URL("../../", import.meta.url);

Deno.test("where the image names public keys, only signed releases run, by hot --local, by hot, and after a rollback", async () => {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-signed-" });
  const app = join(folder, "counter");
  const pair = await makeKeyPair();
  await using sandbox = await startSandbox({
    app: "counter",
    regions: ["iad"],
  });
  try {
    await writeVersion1(app);
    const config = JSON.parse(await Deno.readTextFile(join(app, "deno.json")));
    config.flyhot = {
      ...config.flyhot,
      publicKeys: [pair.publicKey],
      orchestrateCommand: [
        "deno",
        "run",
        "-A",
        "--quiet",
        "--no-lock",
        "--config",
        fromFileUrl(new URL("deno.json", ROOT)),
        fromFileUrl(new URL("cli.ts", ROOT)),
        "orchestrate",
      ],
    };
    await Deno.writeTextFile(join(app, "deno.json"), JSON.stringify(config));
    const { machines: [machine], imageRef } = await sandbox.deploy(app);
    const hello = async () =>
      await (await fetch(new URL("/hello", machine!.url))).text();
    const flyhot = (args: string[], env: Record<string, string> = {}) =>
      runCli(args, { ...sandbox.env, ...env }, app);
    const signing = { FLYHOT_SIGNING_KEY: pair.privateKey };
    const bucket = new S3Bucket({
      endpoint: sandbox.endpoint,
      bucket: sandbox.bucket,
      accessKeyId: sandbox.env.AWS_ACCESS_KEY_ID!,
      secretAccessKey: sandbox.env.AWS_SECRET_ACCESS_KEY!,
    });
    const before = await hello();

    await edit(app, "text.ts", "Hello, ", "Local, ");
    const missing = await flyhot(["hot", "--local"]);
    assertEquals(missing.code, 3, missing.stderr);
    assertStringIncludes(missing.stderr, "there is no key to sign with");
    assertEquals(await readLock(bucket, "counter"), null, "no lock was taken");
    const local = await flyhot(["hot", "--local"], signing);
    assertEquals(local.code, 0, local.stderr);
    assert((await hello()).startsWith("Local, "));

    await edit(app, "text.ts", "Local, ", "Remote, ");
    const remote = await flyhot(["hot", "--signing-key", join(folder, "k")]);
    assertEquals(remote.code, 2, "the file is not there");
    await Deno.writeTextFile(join(folder, "k"), pair.privateKey);
    const good = await flyhot(["hot", "--signing-key", join(folder, "k")]);
    assertEquals(good.code, 0, good.stderr);
    assert((await hello()).startsWith("Remote, "));

    const back = await flyhot(["rollback"]);
    assertEquals(back.code, 0, back.stderr);
    assert((await hello()).startsWith("Local, "));

    // The image has what the folder had; the folder has gone on.
    const { pointer } = await readPointer(bucket, "counter");
    const [undone] = pointer!.generations[pointer!.image_ref]!.history;
    const image = undone!.source_image_ref;
    await edit(app, "text.ts", "Remote, ", "Other, ");
    const differs = await flyhot(
      ["hot", "--skip-build", "--image", image],
      signing,
    );
    assertEquals(differs.code, 5, differs.stderr);
    assertStringIncludes(
      differs.stderr,
      "differs from this folder in text.ts\n",
    );
    assert((await hello()).startsWith("Local, "));

    // Whoever has the keys of the bucket, and nothing else, brings nothing in.
    const stored = await readPointer(bucket, "counter");
    const { signature: _, ...stolen } = stored.pointer!.hot_upgrade!;
    const now = new Date().toISOString();
    const forged = withUpgrade("counter", imageRef, {
      ...stolen,
      id: "forged",
      version: "6.6.6",
    }, now)(stored.pointer)!;
    await putJson(bucket, pointerKey("counter"), pointerRecord(forged, ""), {
      ifMatch: stored.etag!,
    });
    const said = await sandbox.waitForLog(
      machine!.id,
      /unsigned: Cannot take 6\.6\.6/,
    );
    assert(said);
    await sandbox.restartMachine(machine!.id);
    await sandbox.waitUntilReady(machine!.id);
    assert((await hello()).startsWith("Local, "), before);

    const secret = pair.privateKey.split("\n")[1]!;
    for (const ran of [missing, local, remote, good, differs, back]) {
      assert(!`${ran.stdout}${ran.stderr}`.includes(secret));
    }
    for await (const { key } of bucket.list("")) {
      const found = await bucket.get(key);
      assert(found.status === "found");
      assert(!(await new Response(found.body).text()).includes(secret), key);
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
