import {
  assertEquals,
  assertRejects,
  assertStrictEquals,
  assertStringIncludes,
} from "@std/assert";
import { MemoryBucket } from "../../bucket/memory_bucket.ts";
import type { ReadOutcome } from "../../bucket/bucket.ts";
import type { WantedRelease } from "../wanted.ts";
import { chooseReleaseFolder, ReleaseFolders } from "./folders.ts";
import { UpgradeError } from "../../base/upgrade_error.ts";
import {
  gzip,
  manifestEntry,
  manifestOf,
  releaseOf,
  sha256,
  tar,
} from "../../../tests/support/archives/tar.ts";
import { tempFolder } from "../../../tests/support/temp_folder.ts";

const NEVER = new AbortController().signal;

/** A bucket that counts its reads. */
class Bucket extends MemoryBucket {
  reads = 0;

  override get(...args: Parameters<MemoryBucket["get"]>): Promise<ReadOutcome> {
    this.reads++;
    return super.get(...args);
  }
}

/** A bucket with one object, and the upgrade that asks for it. */
async function published(
  content: Uint8Array<ArrayBuffer>,
  known = true,
): Promise<{ bucket: Bucket; url: string; wanted: WantedRelease }> {
  const bucket = new Bucket();
  await bucket.put("releases/r.tar.gz", content, "always");
  const url = bucket.url("releases/r.tar.gz");
  return {
    bucket,
    url,
    wanted: {
      id: "01K94R",
      version: "1.2.3",
      sourceImageRef: "local:x",
      deployedAt: "2024-01-15T10:30:00Z",
      tarballUrl: url,
      sha256: known ? sha256(content) : null,
      size: known ? content.length : null,
    },
  };
}

const GOOD = releaseOf({ "app.ts": "app", "static/a.css": "a" });
const DIGEST = sha256(GOOD).slice(0, 12);

Deno.test("ReleaseFolders.bring() unpacks to a folder named by the digest, and leaves nothing else", async () => {
  await using disk = await tempFolder();
  const folders = new ReleaseFolders(disk.join("deep", "releases"));
  const { bucket, url, wanted } = await published(GOOD);
  const release = await folders.bring(wanted, url, bucket, NEVER);
  assertEquals(release.sha256, sha256(GOOD));
  assertEquals(release.folder, disk.join("deep", "releases", DIGEST));
  assertEquals(Object.keys(release.manifest.files), ["app.ts", "static/a.css"]);
  assertEquals(await disk.list(), [
    "deep/",
    "deep/releases/",
    `deep/releases/${DIGEST}/`,
    `deep/releases/${DIGEST}/app.ts`,
    `deep/releases/${DIGEST}/static/`,
    `deep/releases/${DIGEST}/static/a.css`,
  ]);
});

Deno.test("ReleaseFolders.url is spelled as Deno spells it", () => {
  assertEquals(
    new ReleaseFolders("/srv/my app/.flyhot/releases").url,
    "file:///srv/my%20app/.flyhot/releases/",
  );
});

Deno.test("ReleaseFolders.bring() reads a release once", async () => {
  await using disk = await tempFolder();
  const folders = new ReleaseFolders(disk.path);
  const { bucket, url, wanted } = await published(GOOD);
  const first = await folders.bring(wanted, url, bucket, NEVER);
  const second = await folders.bring(wanted, url, bucket, NEVER);
  assertStrictEquals(second, first);
  assertEquals(bucket.reads, 1);
});

Deno.test("ReleaseFolders.bring() leaves a release alone that it has, also where the digest was not promised", async () => {
  await using disk = await tempFolder();
  const folders = new ReleaseFolders(disk.path);
  const { bucket, url, wanted } = await published(GOOD);
  const first = await folders.bring(wanted, url, bucket, NEVER);
  // Running code may import from there at any moment.
  await Deno.writeTextFile(`${first.folder}/mark`, "");
  const unknown = { ...wanted, sha256: null, size: null };
  const second = await folders.bring(unknown, url, bucket, NEVER);
  assertStrictEquals(second, first);
  assertEquals((await disk.list()).includes(`${DIGEST}/mark`), true);
  assertEquals((await disk.list()).filter((path) => path.startsWith(".")), []);
});

Deno.test("ReleaseFolders.bring() replaces what an earlier process left of the same release", async () => {
  await using disk = await tempFolder();
  await Deno.mkdir(disk.join(DIGEST, "half"), { recursive: true });
  await Deno.writeTextFile(disk.join(DIGEST, "app.ts"), "half");
  const { bucket, url, wanted } = await published(GOOD, false);
  await new ReleaseFolders(disk.path).bring(wanted, url, bucket, NEVER);
  assertEquals(await Deno.readTextFile(disk.join(DIGEST, "app.ts")), "app");
  assertEquals((await disk.list()).includes(`${DIGEST}/half/`), false);
});

Deno.test("ReleaseFolders.bring() leaves nothing behind when anything fails", async () => {
  const evil = gzip(tar([
    manifestEntry(manifestOf({ "app.ts": "app" })),
    { path: "app.ts", content: "app" },
    { path: "../evil.ts", content: "evil" },
  ]));
  const attempts: [Uint8Array<ArrayBuffer>, Partial<WantedRelease>, string][] =
    [
      [evil, {}, "unpack"],
      [new TextEncoder().encode("no gzip"), {}, "unpack"],
      [GOOD, { sha256: "0".repeat(64) }, "verify"],
      [GOOD, { size: 1 }, "verify"],
      [GOOD, { size: GOOD.length + 1 }, "verify"],
    ];
  for (const [content, overrides, phase] of attempts) {
    await using disk = await tempFolder();
    const { bucket, url, wanted } = await published(content);
    const folders = new ReleaseFolders(disk.join("releases"));
    const error = await assertRejects(
      () => folders.bring({ ...wanted, ...overrides }, url, bucket, NEVER),
      UpgradeError,
    );
    assertEquals(error.phase, phase);
    assertEquals(await disk.list(), ["releases/"]);
  }
});

Deno.test("ReleaseFolders.bring() says what it was at when its signal ends it", async () => {
  await using disk = await tempFolder();
  const { bucket, url, wanted } = await published(GOOD);
  const error = await assertRejects(
    () =>
      new ReleaseFolders(disk.join("releases")).bring(
        wanted,
        url,
        bucket,
        AbortSignal.abort(new DOMException("too slow", "TimeoutError")),
      ),
    UpgradeError,
  );
  assertStringIncludes(error.message, `Cannot bring ${url} to `);
  assertStringIncludes(error.message, "too slow");
  assertEquals(await disk.list(), ["releases/"]);
});

Deno.test("ReleaseFolders.bring() tries again after a failure, as if it had not been", async () => {
  await using disk = await tempFolder();
  const folders = new ReleaseFolders(disk.path);
  const { bucket, url, wanted } = await published(GOOD);
  await bucket.delete("releases/r.tar.gz");
  const error = await assertRejects(
    () => folders.bring(wanted, url, bucket, NEVER),
    UpgradeError,
  );
  assertEquals(error.transient, true);
  await bucket.put("releases/r.tar.gz", GOOD, "always");
  const release = await folders.bring(wanted, url, bucket, NEVER);
  assertEquals(release.sha256, sha256(GOOD));
});

Deno.test("ReleaseFolders.bring() refuses a folder that cannot be made", async () => {
  await using disk = await tempFolder();
  await Deno.writeTextFile(disk.join("file"), "");
  const { bucket, url, wanted } = await published(GOOD);
  const folders = new ReleaseFolders(disk.join("file", "releases"));
  const error = await assertRejects(
    () => folders.bring(wanted, url, bucket, NEVER),
    UpgradeError,
  );
  assertStringIncludes(error.message, `Cannot bring ${url} to `);
  assertEquals(await disk.list(), ["file"]);
});

Deno.test("ReleaseFolders.discard() removes one release, which can then be brought again", async () => {
  await using disk = await tempFolder();
  const folders = new ReleaseFolders(disk.path);
  const one = await published(GOOD);
  const other = await published(releaseOf({ "app.ts": "other" }));
  const release = await folders.bring(one.wanted, one.url, one.bucket, NEVER);
  const kept = await folders.bring(
    other.wanted,
    other.url,
    other.bucket,
    NEVER,
  );
  await folders.discard(release);
  await folders.discard(release);
  assertEquals(
    await disk.list(),
    [
      `${sha256(releaseOf({ "app.ts": "other" })).slice(0, 12)}/`,
      `${sha256(releaseOf({ "app.ts": "other" })).slice(0, 12)}/app.ts`,
    ],
  );
  assertEquals(await Deno.readTextFile(`${kept.folder}/app.ts`), "other");
  const again = await folders.bring(one.wanted, one.url, one.bucket, NEVER);
  assertEquals(again.folder, release.folder);
  assertEquals(await Deno.readTextFile(`${again.folder}/app.ts`), "app");
});

Deno.test("ReleaseFolders.discard() keeps a release that came in earlier and then did not come in again", async () => {
  await using disk = await tempFolder();
  const folders = new ReleaseFolders(disk.path);
  const { bucket, url, wanted } = await published(GOOD);
  const inBefore = await folders.bring(wanted, url, bucket, NEVER);
  for (const sha of [wanted.sha256, null]) {
    const again = { ...wanted, sha256: sha };
    await folders.discard(await folders.bring(again, url, bucket, NEVER));
    assertEquals(await Deno.readTextFile(`${inBefore.folder}/app.ts`), "app");
  }
  await folders.discard(inBefore);
  assertEquals(await disk.list(), []);
});

Deno.test("chooseReleaseFolder() takes the folder under the root, and leaves no probe in it", async () => {
  await using disk = await tempFolder();
  await Deno.mkdir(disk.join("app"));
  const chosen = await chooseReleaseFolder(disk.join("app"), disk.join("tmp"));
  assertEquals(chosen, disk.join("app", ".flyhot", "releases"));
  assertEquals(await disk.list(), [
    "app/",
    "app/.flyhot/",
    "app/.flyhot/releases/",
  ]);
});

Deno.test("chooseReleaseFolder() takes the other one where the root cannot be written", async () => {
  await using disk = await tempFolder();
  await Deno.mkdir(disk.join("app"));
  await Deno.writeTextFile(disk.join("app", ".flyhot"), "no folder");
  const chosen = await chooseReleaseFolder(
    disk.join("app"),
    disk.join("tmp", "releases"),
  );
  assertEquals(chosen, disk.join("tmp", "releases"));
  assertEquals(await disk.list(), [
    "app/",
    "app/.flyhot",
    "tmp/",
    "tmp/releases/",
  ]);
});

Deno.test("chooseReleaseFolder() names the folder without links, as modules in it are named", async () => {
  await using disk = await tempFolder();
  await Deno.mkdir(disk.join("app"));
  await Deno.symlink(disk.join("app"), disk.join("link"));
  assertEquals(
    await chooseReleaseFolder(disk.join("link"), disk.join("tmp")),
    disk.join("app", ".flyhot", "releases"),
  );
});

Deno.test("ReleaseFolders.bring() shares files with the release before, and outlives it; what somebody wrote there it does not take over", async () => {
  await using disk = await tempFolder();
  const folders = new ReleaseFolders(disk.path);
  const bring = async (files: Readonly<Record<string, string>>) => {
    const { bucket, url, wanted } = await published(releaseOf(files));
    return await folders.bring(wanted, url, bucket, NEVER);
  };
  const inode = async (folder: string, path: string) =>
    (await Deno.stat(`${folder}/${path}`)).ino;
  const text = (folder: string, path: string) =>
    Deno.readTextFile(`${folder}/${path}`);
  const one = await bring({ "a.ts": "a", "sub/b.ts": "b", "c.ts": "c" });
  await new Promise((resolve) => setTimeout(resolve, 20));
  await Deno.writeTextFile(`${one.folder}/c.ts`, "x");
  const two = await bring({ "a.ts": "a2", "sub/b.ts": "b", "c.ts": "c" });
  assertEquals(
    await inode(two.folder, "sub/b.ts"),
    await inode(one.folder, "sub/b.ts"),
  );
  assertEquals(await text(two.folder, "a.ts"), "a2");
  assertEquals(await text(two.folder, "c.ts"), "c");
  assertEquals(await text(one.folder, "a.ts"), "a");
  await folders.prune(new Set([two.folder]));
  assertEquals(await text(two.folder, "sub/b.ts"), "b");
  const three = await bring({ "moved.ts": "b" });
  assertEquals(
    await inode(three.folder, "moved.ts"),
    await inode(two.folder, "sub/b.ts"),
  );
});
