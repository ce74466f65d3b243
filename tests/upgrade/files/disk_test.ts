import { assert, assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { denoJson, DrivenApp, type Files } from "../../support/driven_app.ts";

const V1: Files = { "app.ts": `export const read = () => 1;` };
const V2: Files = {
  "app.ts":
    `import { assetRoot } from "@flyhot/runtime"; export const read = () => 2; export const where = () => assetRoot();`,
};

async function mount(options: string, folder: string): Promise<boolean> {
  await Deno.mkdir(folder, { recursive: true });
  try {
    const { success } = await new Deno.Command("mount", {
      args: ["-t", "tmpfs", "-o", options, "tmpfs", folder],
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false;
  }
}

async function unmount(folder: string): Promise<void> {
  await new Deno.Command("umount", { args: ["-l", folder] }).output();
}

async function mayMount(): Promise<boolean> {
  const folder = await Deno.makeTempDir();
  const mounted = await mount("size=64k", folder);
  if (mounted) await unmount(folder);
  await Deno.remove(folder);
  return mounted;
}

const ignore = !await mayMount();
const why = ignore ? " (skipped: no right to mount a disk)" : "";

Deno.test({
  name:
    `an upgrade that fills the disk is refused, nothing stays, and a smaller one applies${why}`,
  ignore,
  async fn() {
    let disk = "";
    try {
      await using app = await DrivenApp.start({
        ...V1,
        "deno.json": denoJson({ assets: ["large.txt"] }),
      }, async (root) => {
        disk = join(root, ".flyhot");
        assert(await mount("size=512k", disk));
      });
      const large = await app.upgrade({
        ...V2,
        "large.txt": Array.from({ length: 30_000 }, () => crypto.randomUUID())
          .join(""),
      });
      assert(large.state === "failed", JSON.stringify(large));
      assertMatch(large.message, /No space left on device|storage full/i);
      assertEquals(await app.call("read"), 1);
      assertEquals(
        await Array.fromAsync(Deno.readDir(join(disk, "releases"))),
        [],
      );
      const small = await app.upgrade({ "large.txt": "small" });
      assertEquals(small.state, "applied", JSON.stringify(small));
      assertEquals(await app.call("read"), 2);
      await unmount(disk);
    } finally {
      await unmount(disk);
    }
  },
});

Deno.test({
  name:
    `an app root that cannot be written has its releases in the temporary folder${why}`,
  ignore,
  async fn() {
    let disk = "";
    try {
      await using app = await DrivenApp.start(V1, async (root) => {
        disk = join(root, ".flyhot");
        assert(await mount("ro", disk));
      });
      const result = await app.upgrade(V2);
      assertEquals(result.state, "applied", JSON.stringify(result));
      assertEquals(await app.call("read"), 2);
      assertMatch(
        String(await app.call("where")),
        /\/flyhot-driven\/releases\//,
      );
      await unmount(disk);
    } finally {
      await unmount(disk);
    }
  },
});
