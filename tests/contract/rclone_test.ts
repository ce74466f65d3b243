import { assert, assertEquals } from "@std/assert";
import { join } from "@std/path";
import { startObjectStore } from "../../src/sandbox/s3/object_store.ts";
import { tempFolder } from "../support/temp_folder.ts";

const BUCKET = "contract";
const KEYS = {
  accessKeyId: "AKIDCONTRACT",
  secretAccessKey: "contract/Secret",
};

interface Ran {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs rclone; null where there is none. */
async function rclone(
  endpoint: string,
  cwd: string,
  ...args: string[]
): Promise<Ran | null> {
  try {
    const { code, stdout, stderr } = await new Deno.Command("rclone", {
      args,
      cwd,
      // What this computer has for other clients, such as a bundle of certificates, stops it.
      clearEnv: true,
      env: {
        PATH: Deno.env.get("PATH") ?? "",
        HOME: cwd,
        RCLONE_CONFIG: join(cwd, "none"),
        RCLONE_CONFIG_S_TYPE: "s3",
        RCLONE_CONFIG_S_PROVIDER: "Other",
        RCLONE_CONFIG_S_ACCESS_KEY_ID: KEYS.accessKeyId,
        RCLONE_CONFIG_S_SECRET_ACCESS_KEY: KEYS.secretAccessKey,
        RCLONE_CONFIG_S_ENDPOINT: endpoint,
        RCLONE_CONFIG_S_REGION: "auto",
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

Deno.test("rclone syncs in parts, compares, copies, moves, links and purges in the sandbox's object store", async (t) => {
  await using folder = await tempFolder();
  const server = await startObjectStore({ bucket: BUCKET, ...KEYS });
  try {
    if (await rclone(server.url, folder.path, "version") === null) {
      const name = "skipped: there is no rclone";
      return void await t.step({ name, ignore: true, fn: () => {} });
    }
    const run = async (...args: string[]) => {
      const done = await rclone(server.url, folder.path, ...args);
      assert(done?.code === 0, `${args.join(" ")}: ${done?.stderr}`);
      return done;
    };
    const files = async (path: string) =>
      (await run("lsf", "-R", "--files-only", path)).stdout.trim().split("\n")
        .sort();
    await Deno.mkdir(join(folder.path, "src/deep"), { recursive: true });
    await Deno.writeTextFile(join(folder.path, "src/a b.txt"), "hello");
    await Deno.writeTextFile(join(folder.path, "src/deep/ü.txt"), "x");
    const large = new Uint8Array(12_000_000).map((_, at) => at >> 16);
    await Deno.writeFile(join(folder.path, "src/large.bin"), large);

    const x = `s:${BUCKET}/x`;
    const parts = ["--s3-upload-cutoff", "5M", "--s3-chunk-size", "5M"];
    await run("sync", "src", x, ...parts);
    const { stderr } = await run("check", "--download", "src", x);
    assert(stderr.includes(": 3 matching files"), stderr);
    await run("copy", x, `s:${BUCKET}/y`);
    await run("moveto", `s:${BUCKET}/y/a b.txt`, `s:${BUCKET}/z/c.txt`);
    assertEquals(await files(`s:${BUCKET}`), [
      "x/a b.txt",
      "x/deep/ü.txt",
      "x/large.bin",
      "y/deep/ü.txt",
      "y/large.bin",
      "z/c.txt",
    ]);
    const link = (await run("link", `s:${BUCKET}/z/c.txt`)).stdout.trim();
    assertEquals(await (await fetch(link)).text(), "hello");
    await run("mkdir", `s:${BUCKET}`);
    const purged = await run("purge", x);
    assert(!purged.stderr.includes("NotImplemented"), purged.stderr);
    assertEquals((await files(`s:${BUCKET}`)).length, 3);
  } finally {
    await server.close();
  }
});
