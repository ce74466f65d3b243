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
import {
  CredentialSearch,
  startedPrograms,
} from "../support/effects/credential_search.ts";
import {
  EFFECTS_VARIABLE,
  recordEffects,
} from "../support/effects/record_effects.ts";
import { type CliOutcome, runCli } from "../support/programs/run_cli.ts";

const ROOT = new URL("../../", import.meta.url);
const CLI = fromFileUrl(new URL("cli.ts", ROOT));
const RECORDED = [
  "--preload",
  fromFileUrl(new URL("../support/effects/record_effects.ts", import.meta.url)),
];
/** A search that finds nothing has looked at this much all the same. */
const LOOKED_AT_LEAST = {
  output: 7,
  object: 10,
  sandbox: 20,
  gone: 5,
  arguments: 20,
  environment: 15,
  helper: 4,
};

Deno.test("where the image names public keys, only signed releases run, by hot --local, by hot, and after a rollback; nothing shows a credential", async () => {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-signed-" });
  const app = join(folder, "counter");
  const temporary = join(folder, "tmp");
  const effects = join(folder, "effects");
  await Deno.mkdir(temporary);
  const pair = await makeKeyPair();
  using _recorded = recordEffects(effects);
  await using sandbox = await startSandbox({
    app: "counter",
    regions: ["iad"],
    secrets: { [EFFECTS_VARIABLE]: effects },
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
        ...RECORDED,
        CLI,
        "orchestrate",
      ],
    };
    await Deno.writeTextFile(join(app, "deno.json"), JSON.stringify(config));
    await edit(
      app,
      "Dockerfile",
      '"-A", "main.ts"',
      `"-A", ${JSON.stringify(RECORDED).slice(1, -1)}, "main.ts"`,
    );
    const { machines: [machine], imageRef } = await sandbox.deploy(app);
    const hello = async () =>
      await (await fetch(new URL("/hello", machine!.url))).text();
    const outcomes: CliOutcome[] = [];
    const flyhot = async (args: string[], env: Record<string, string> = {}) => {
      const outcome = await runCli(
        args,
        {
          ...sandbox.env,
          TMPDIR: temporary,
          [EFFECTS_VARIABLE]: effects,
          ...env,
        },
        app,
        RECORDED,
      );
      outcomes.push(outcome);
      return outcome;
    };
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

    await flyhot(["doctor", "--json"], signing);
    const credentials = [
      ...["AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "FLY_API_TOKEN"]
        .map((name) => ({ name, value: sandbox.env[name]! })),
      // It is sent with and without its scheme.
      {
        name: "the bare token",
        value: sandbox.env.FLY_API_TOKEN!.replace("FlyV1 ", ""),
      },
      { name: "the private key", value: pair.privateKey },
    ];
    const search = new CredentialSearch(credentials);
    for (const { stdout, stderr } of outcomes) {
      search.text("output", "an output", stdout + stderr);
    }
    await search.objects(bucket);
    await search.folder("temporary", temporary);
    await search.folder("sandbox", sandbox.folder);
    await search.folder("app", app);
    for (const { id } of sandbox.machines()) {
      const log = sandbox.logs(id).map(({ text }) => text).join("\n");
      search.text("log", `the log of ${id}`, log);
    }
    for await (const { name } of Deno.readDir(effects)) {
      if (!name.startsWith("gone-")) continue;
      await search.folder("gone", join(effects, name));
    }
    const unsigned = new CredentialSearch(credentials.slice(-1));
    for (const { program, args, env } of await startedPrograms(effects)) {
      const said = JSON.stringify([program, ...args]);
      search.text("arguments", program, said);
      const seen = JSON.stringify(env);
      // What the test itself starts stands for the one who deploys.
      const isDeployer = args.includes(CLI) && !args.includes("orchestrate");
      if (!isDeployer) unsigned.text("environment", said, seen);
      if (/(^|\/)git$/.test(program) || args.includes("info")) {
        search.text("helper", said, seen);
      }
    }
    for (const [what, least] of Object.entries(LOOKED_AT_LEAST)) {
      const looked = { ...search.looked, ...unsigned.looked };
      assert(
        (looked[what] ?? 0) >= least,
        `${what}: ${JSON.stringify(looked)}`,
      );
    }
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});
