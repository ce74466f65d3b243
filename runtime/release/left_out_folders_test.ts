import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { MemoryBucket } from "../bucket/memory_bucket.ts";
import { UpgradeError } from "../base/upgrade_error.ts";
import {
  gzip,
  manifestEntry,
  manifestOf,
  sha256,
  tar,
} from "../../tests/support/archives/tar.ts";
import { tempFolder } from "../../tests/support/temp_folder.ts";
import { ReleaseFolders } from "./unpack/folders.ts";
import type { WantedRelease } from "./wanted.ts";

type Files = Record<string, string>;

const NEVER = new AbortController().signal;

/** A release whose modules import nothing of the runtime, or what is named. */
function archive(files: Files, names: string[] = []): Uint8Array<ArrayBuffer> {
  const imports = [{ specifier: "@flyhot/runtime", line: 1, names }];
  const { files: facts, ...rest } = manifestOf(files);
  const manifest = {
    ...rest,
    files: Object.fromEntries(
      Object.entries(facts as Record<string, object>).map(([path, fact]) => [
        path,
        {
          ...fact,
          kind: path.endsWith(".ts")
            ? "module"
            : path.startsWith("deno.")
            ? "config"
            : "asset",
        },
      ]),
    ),
    analysis: Object.fromEntries(
      Object.keys(files).filter((path) => path.endsWith(".ts"))
        .map((path) => [path, names.length > 0 ? { imports } : {}]),
    ),
  };
  return gzip(tar([
    manifestEntry(manifest),
    ...Object.entries(files).map(([path, content]) => ({ path, content })),
  ]));
}

/** Releases of one app on one disk. */
class Releases {
  readonly folders: ReleaseFolders;
  readonly #bucket = new MemoryBucket();

  constructor(folder: string) {
    this.folders = new ReleaseFolders(folder);
  }

  async bring(files: Files, names?: string[]) {
    const content = archive(files, names);
    const key = `releases/${sha256(content)}.tar.gz`;
    await this.#bucket.put(key, content, "always");
    const url = this.#bucket.url(key);
    const wanted: WantedRelease = {
      id: "01K94R",
      version: "1.2.3",
      sourceImageRef: "local:x",
      deployedAt: "2024-01-15T10:30:00Z",
      tarballUrl: url,
      sha256: sha256(content),
      size: content.length,
    };
    const bucket = this.#bucket;
    const release = await this.folders.bring(wanted, url, bucket, NEVER);
    return {
      release,
      folder: release.folder,
      need: (paths: string[]) =>
        this.folders.need(release, paths, { wanted, bucket, signal: NEVER }),
      withdraw: () => this.#bucket.delete(key),
    };
  }
}

/** What is in a folder, by path. */
async function contentOf(folder: string, under = ""): Promise<Files> {
  const found: Files = {};
  for await (const { name, isDirectory } of Deno.readDir(join(folder, under))) {
    const path = under === "" ? name : `${under}/${name}`;
    if (isDirectory) Object.assign(found, await contentOf(folder, path));
    else found[path] = await Deno.readTextFile(join(folder, path));
  }
  return found;
}

function many(count: number, changed: number, text: string): Files {
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      `deep/m${at}.ts`,
      at < changed ? `${text} ${at}` : `same ${at}`,
    ]),
  );
}

const CALLS = [
  "linkSync",
  "lstatSync",
  "writeFileSync",
  "mkdirSync",
  "link",
  "lstat",
  "stat",
  "open",
  "mkdir",
  "remove",
  "rename",
] as const;

/** Counts the calls of the disk. */
function diskCalls(): Disposable & { count: number } {
  const deno = Deno as unknown as Record<
    string,
    (...args: unknown[]) => unknown
  >;
  const natives = CALLS.map((name) => [name, deno[name]!] as const);
  const counter = {
    count: 0,
    [Symbol.dispose]() {
      for (const [name, native] of natives) deno[name] = native;
    },
  };
  for (const [name, native] of natives) {
    deno[name] = (...args) => {
      counter.count++;
      return native(...args);
    };
  }
  return counter;
}

Deno.test("ReleaseFolders asks the disk about what has changed, however many files a release has", async () => {
  const counts: number[] = [];
  for (const size of [20, 400]) {
    await using disk = await tempFolder();
    const releases = new Releases(disk.path);
    const first = await releases.bring(many(size, 0, ""));
    await releases.bring(many(size, 3, "warm"));
    using calls = diskCalls();
    const { need, folder } = await releases.bring(many(size, 3, "new"));
    await need(["deep/m0.ts", "deep/m1.ts", "deep/m2.ts", "deep/m7.ts"]);
    await releases.folders.prune(new Set([folder]));
    counts.push(calls.count);
    assertEquals(Object.keys(await contentOf(folder)).sort(), [
      "deep/m0.ts",
      "deep/m1.ts",
      "deep/m2.ts",
      "deep/m7.ts",
    ]);
    assertEquals((await contentOf(first.folder))["deep/m9.ts"], "same 9");
  }
  // What nobody needs any more is removed by name, a few files each.
  assert(counts[1]! <= counts[0]! + 5, `${counts}`);
  assert(counts[1]! < 60, `${counts}`);
});

Deno.test("ReleaseFolders fills a folder with what an earlier release has, though that is pruned", async () => {
  await using disk = await tempFolder();
  const releases = new Releases(disk.path);
  await releases.bring({ "a.ts": "a", "b.ts": "b", "c/d.css": "d" });
  const second = { "a.ts": "a2", "b.ts": "b", "c/d.css": "d" };
  await releases.bring(second);
  const third = { "a.ts": "a3", "b.ts": "b", "c/d.css": "d" };
  const { folder } = await releases.bring(third);
  await releases.folders.prune(new Set([folder]));
  assertEquals(await contentOf(folder), { "a.ts": "a3" });
  assertEquals(releases.folders.fill(folder, "c"), []);
  assertEquals(await contentOf(folder), { "a.ts": "a3", "c/d.css": "d" });
  assertEquals(releases.folders.fill(folder, null), []);
  assertEquals(await contentOf(folder), third);
  // Nothing of the earlier ones is left out of any folder now.
  await releases.folders.prune(new Set([folder]));
  assertEquals(
    (await Array.fromAsync(Deno.readDir(disk.path))).map(({ name }) => name),
    [folder.slice(disk.path.length + 1)],
  );
});

Deno.test("ReleaseFolders leaves no configuration out, by which a release is resolved", async () => {
  const files = { "a.ts": "a", "deno.json": "{}", "deno.lock": "{ }" };
  await using disk = await tempFolder();
  const releases = new Releases(disk.path);
  await releases.bring(files);
  const { folder } = await releases.bring({ ...files, "b.ts": "b" });
  assertEquals(Object.keys(await contentOf(folder)).sort(), [
    "b.ts",
    "deno.json",
    "deno.lock",
  ]);
});

Deno.test("ReleaseFolders writes whole folders once an app has asked for one, or imports what gives it", async () => {
  const one = { "a.ts": "a", "b.ts": "b", "c.css": "c" };
  for (
    const [names, asks, there] of [
      [[], false, ["a.ts"]],
      [["asset"], false, ["a.ts", "c.css"]],
      [["assetRoot"], false, ["a.ts", "b.ts", "c.css"]],
      [[], true, ["a.ts", "b.ts", "c.css"]],
    ] as const
  ) {
    await using disk = await tempFolder();
    const releases = new Releases(disk.path);
    const first = await releases.bring(one, [...names]);
    if (asks) releases.folders.fill(first.folder, null);
    const { folder } = await releases.bring({ ...one, "a.ts": "a2" }, [
      ...names,
    ]);
    assertEquals(Object.keys(await contentOf(folder)).sort(), [...there]);
  }
});

Deno.test("ReleaseFolders brings a release again for a file that somebody has written over or removed", async () => {
  await using disk = await tempFolder();
  const releases = new Releases(disk.path);
  const one = { "a.ts": "a", "b.ts": "b", "c.ts": "c", "d.ts": "d" };
  const first = await releases.bring(one);
  const { folder, need } = await releases.bring({ ...one, "a.ts": "a2" });
  await Deno.writeTextFile(join(first.folder, "b.ts"), "written by the app");
  await Deno.remove(join(first.folder, "c.ts"));
  await need(["a.ts", "b.ts", "c.ts"]);
  assertEquals(await contentOf(folder), {
    "a.ts": "a2",
    "b.ts": "b",
    "c.ts": "c",
  });
  // What was written over is not handed on.
  const third = await releases.bring({ ...one, "a.ts": "a3" });
  await third.need(["b.ts"]);
  assertEquals((await contentOf(third.folder))["b.ts"], "b");
});

Deno.test("ReleaseFolders says so where such a release cannot be brought again", async () => {
  await using disk = await tempFolder();
  const releases = new Releases(disk.path);
  const first = await releases.bring({ "a.ts": "a", "b.ts": "b" });
  const second = await releases.bring({ "a.ts": "a2", "b.ts": "b" });
  await Deno.writeTextFile(join(first.folder, "b.ts"), "written by the app");
  await second.withdraw();
  await assertRejects(
    () => second.need(["b.ts"]),
    UpgradeError,
    "no such object",
  );
  assertEquals(
    (await Array.fromAsync(Deno.readDir(disk.path))).filter(({ name }) =>
      name.startsWith(".")
    ),
    [],
  );
});

Deno.test("ReleaseFolders makes a removed release whole when it is brought once more, whoever still needs its files", async () => {
  await using disk = await tempFolder();
  const releases = new Releases(disk.path);
  const one = { "a.ts": "a", "b.ts": "b", "c.ts": "c" };
  await releases.bring(one);
  const second = await releases.bring({ ...one, "a.ts": "a2" });
  await releases.folders.prune(new Set([second.folder]));
  const again = await releases.bring(one);
  assertEquals(await contentOf(again.folder), one);
  assertEquals(releases.folders.fill(second.folder, null), []);
  assertEquals(await contentOf(second.folder), { ...one, "a.ts": "a2" });
});

Deno.test("ReleaseFolders keeps what a release needs when one that did not come in is discarded", async () => {
  await using disk = await tempFolder();
  const releases = new Releases(disk.path);
  const one = { "a.ts": "a", "b.ts": "b" };
  const first = await releases.bring(one);
  const failed = await releases.bring({ ...one, "a.ts": "broken" });
  await failed.need(["a.ts", "b.ts"]);
  await releases.folders.discard(failed.release);
  assertEquals(await contentOf(first.folder), one);
  const next = await releases.bring({ ...one, "a.ts": "mended" });
  await next.need(["b.ts"]);
  assertEquals(await contentOf(next.folder), { "a.ts": "mended", "b.ts": "b" });
});

Deno.test("ReleaseFolders refuses a file where a folder is, though an earlier release has it", async () => {
  await using disk = await tempFolder();
  const releases = new Releases(disk.path);
  await releases.bring({ "a": "x", "b/c": "y" });
  for (const files of [{ "a": "x", "a/b.ts": "z" }, { "b/c": "y", "b": "z" }]) {
    await assertRejects(
      () => releases.bring(files as Files),
      UpgradeError,
      "a file is where a folder is",
    );
  }
});
