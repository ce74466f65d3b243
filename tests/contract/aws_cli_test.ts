import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { S3Bucket } from "@flyhot/runtime/bucket";
import { startObjectStore } from "../../src/sandbox/s3/object_store.ts";
import { tempFolder } from "../support/temp_folder.ts";

const BUCKET = "contract";
const KEYS = {
  accessKeyId: "AKIDCONTRACT",
  secretAccessKey: "contract/Secret",
};
// Over 8 MB aws-cli downloads parts in parallel, and puts the file together itself.
const LARGE = 20_000_000;

/** Runs aws-cli; null where there is none. */
async function aws(
  endpoint: string,
  cwd: string,
  ...args: string[]
): Promise<{ code: number; stdout: string; stderr: string } | null> {
  try {
    const { code, stdout, stderr } = await new Deno.Command("aws", {
      args,
      cwd,
      env: {
        AWS_ACCESS_KEY_ID: KEYS.accessKeyId,
        AWS_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
        AWS_ENDPOINT_URL_S3: endpoint,
        AWS_REGION: "auto",
        AWS_CONFIG_FILE: join(cwd, "config"),
        AWS_SHARED_CREDENTIALS_FILE: join(cwd, "none"),
      },
      stdin: "null",
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    return { code, stdout: text(stdout), stderr: text(stderr) };
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return null;
    throw error;
  }
}

Deno.test("aws-cli moves files in parts, lists, copies, removes and signs URLs for the sandbox's object store", async (t) => {
  await using folder = await tempFolder();
  const server = await startObjectStore({ bucket: BUCKET, ...KEYS });
  try {
    const version = await aws(server.url, folder.path, "--version");
    if (version?.code !== 0) {
      const name = "skipped: there is no aws-cli";
      return void await t.step({ name, ignore: true, fn: () => {} });
    }
    // Without it, aws-cli 1 signs URLs in a way that S3 gave up.
    await Deno.writeTextFile(
      join(folder.path, "config"),
      "[default]\ns3 =\n  signature_version = s3v4\n",
    );
    const run = async (...args: string[]) => {
      const done = await aws(server.url, folder.path, "s3", ...args);
      assert(done?.code === 0, `${args.join(" ")}: ${done?.stderr}`);
      return done.stdout;
    };
    const bucket = new S3Bucket({
      endpoint: server.url,
      bucket: BUCKET,
      ...KEYS,
    });
    const large = new Uint8Array(LARGE);
    for (let at = 0; at < LARGE; at += 65_536) {
      crypto.getRandomValues(large.subarray(at, at + 65_536));
    }
    await bucket.put("large.bin", large, "always");
    await run("cp", `s3://${BUCKET}/large.bin`, "down.bin", "--quiet");
    const down = await Deno.readFile(join(folder.path, "down.bin"));
    assertEquals(down.length, LARGE);
    assert(down.every((byte, at) => byte === large[at]));

    await run("cp", "down.bin", `s3://${BUCKET}/up.bin`, "--quiet");
    await run("cp", `s3://${BUCKET}/up.bin`, `s3://${BUCKET}/copy.bin`);
    const copy = await bucket.get("copy.bin");
    assert(copy.status === "found");
    const copied = new Uint8Array(await new Response(copy.body).arrayBuffer());
    assertEquals(copied.length, LARGE);
    assert(copied.every((byte, at) => byte === large[at]));
    assert((await run("ls")).includes(` ${BUCKET}`));

    await Deno.writeTextFile(join(folder.path, "hi there.txt"), "hi");
    await run("cp", "hi there.txt", `s3://${BUCKET}/aws/hi there.txt`);
    assert((await run("ls", `s3://${BUCKET}/aws/`)).includes(" hi there.txt"));
    const url = await run("presign", `s3://${BUCKET}/aws/hi there.txt`);
    assertEquals(await (await fetch(url.trim())).text(), "hi");
    await run("rm", "--recursive", `s3://${BUCKET}/aws/`);
    const left = await Array.fromAsync(bucket.list(""));
    assertEquals(left.map(({ key }) => key), [
      "copy.bin",
      "large.bin",
      "up.bin",
    ]);
  } finally {
    await server.close();
  }
});
