import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { join } from "@std/path";
import { putJson, S3Bucket } from "@flyhot/runtime/bucket";
import {
  type Pointer,
  pointerKey,
  releaseKey,
  sha256Of,
} from "@flyhot/runtime/protocol";
import { edit, writeVersion1 } from "../../scripts/demo/versions.ts";
import { startSandbox } from "../../src/sandbox/sandbox.ts";
import { readPointer } from "../../src/rollout/pointer/pointer.ts";
import { withUpgrade } from "../../src/rollout/pointer/transitions.ts";
import { runCli } from "../support/programs/run_cli.ts";
import { gzip, manifestOf, releaseOf, tar } from "../support/archives/tar.ts";

const APP = `export const handle = () => new Response("taken over");`;

function hostile(): Record<
  string,
  { bytes: Uint8Array<ArrayBuffer>; says: string }
> {
  const files = { "app.ts": APP, "main.ts": "" };
  const manifest = (paths: Record<string, string>) =>
    JSON.stringify(manifestOf(paths));
  return {
    "a manifest that lies about a digest": {
      bytes: gzip(tar([
        {
          path: "flyhot.json",
          content: manifest({ ...files, "app.ts": "x".repeat(APP.length) }),
        },
        { path: "app.ts", content: APP },
        { path: "main.ts", content: "" },
      ])),
      says: "that flyhot.json says",
    },
    "a truncated tarball": {
      bytes: releaseOf({ ...files, "big.txt": crypto.randomUUID().repeat(500) })
        .slice(0, -600),
      says: "Cannot unpack",
    },
    "a path that leads outside": {
      bytes: gzip(tar([
        { path: "flyhot.json", content: manifest(files) },
        { path: "../evil.ts", content: "throw 1;" },
      ])),
      says: 'Cannot unpack "../evil.ts"',
    },
  };
}

Deno.test("a machine refuses a hostile release with one sentence, serves on, and takes the next good one", async () => {
  const folder = await Deno.makeTempDir({ prefix: "flyhot-hostile-" });
  const app = join(folder, "counter");
  await using sandbox = await startSandbox({
    secrets: { FLYHOT_PROBATION_MS: "200" },
    app: "counter",
    regions: ["iad"],
  });
  try {
    await writeVersion1(app);
    const { machines: [machine], imageRef } = await sandbox.deploy(app);
    const ask = async (path: string) =>
      await (await fetch(machine!.url + path)).text();
    assertEquals(JSON.parse(await ask("/increment")), { count: 1 });
    const bucket = new S3Bucket({
      endpoint: sandbox.endpoint,
      bucket: sandbox.bucket,
      accessKeyId: sandbox.env.AWS_ACCESS_KEY_ID!,
      secretAccessKey: sandbox.env.AWS_SECRET_ACCESS_KEY!,
    });
    let number = 0;
    for (const [what, { bytes, says }] of Object.entries(hostile())) {
      const version = `6.6.${++number}`;
      const sha256 = await sha256Of(bytes);
      const key = releaseKey("counter", version, sha256);
      await bucket.put(key, bytes, { ifNoneMatch: "*" });
      const { pointer, etag } = await readPointer(bucket, "counter");
      const now = new Date().toISOString();
      const after = withUpgrade("counter", imageRef, {
        id: `hostile-${number}`,
        version,
        source_image_ref: "local:hostile",
        key,
        tarball_url: bucket.url(key),
        sha256,
        size: bytes.byteLength,
        deployed_at: now,
        deployed_by: "mallory",
        state: "committed",
        wave: "*",
      }, now)(pointer) as Pointer;
      await putJson(bucket, pointerKey("counter"), after, { ifMatch: etag! });
      await sandbox.exec(machine!.id, ["deno", "eval", NUDGE]);
      const { text } = await sandbox.waitForLog(
        machine!.id,
        new RegExp(`${version} was refused`),
      );
      assertStringIncludes(text, says, what);
      assertEquals(await ask("/hello"), "Hello, world", what);
      assertEquals(JSON.parse(await ask("/count")), { count: 1 }, what);
    }
    for await (
      const { name } of Deno.readDir(join(machine!.root, "..", ".."))
    ) {
      assert(name !== "evil.ts");
    }
    await edit(app, "text.ts", "Hello, ", "Good as new, ");
    const good = await runCli(["hot", "--local"], sandbox.env, app);
    assertEquals(good.code, 0, good.stderr);
    assertEquals(await ask("/hello"), "Good as new, world");
    assertEquals(JSON.parse(await ask("/count")), { count: 1 });
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
});

/** Tells the runtime on the machine to look at the pointer now. */
const NUDGE = `
import { request } from "node:http";
request({ socketPath: Deno.env.get("FLYHOT_SOCKET"), path: "/v1/check", method: "POST" }, (answer) => answer.resume()).end();
`;
