import { assertEquals, assertMatch, assertRejects } from "@std/assert";
import { dirname, join } from "node:path";
import { UpgradeError } from "../base/upgrade_error.ts";
import { sha256Of } from "../protocol/fingerprint.ts";
import { digestOfFile } from "./app_files.ts";
import { LaidFiles } from "./laid_files.ts";
import { layingRefused, takeLayingLock } from "./laying_rights.ts";

type Tree = Readonly<Record<string, string>>;

class Disk implements AsyncDisposable {
  readonly root: string;
  readonly folder: string;
  readonly #base: string;

  private constructor(base: string) {
    this.#base = base;
    this.root = join(base, "app");
    this.folder = join(base, "app", ".flyhot", "laid");
  }

  static async make(tree: Tree): Promise<Disk> {
    const base = await Deno.realPath(await Deno.makeTempDir());
    const disk = new Disk(base);
    await disk.write(disk.root, tree, new Date(2020, 1, 1));
    return disk;
  }

  async write(folder: string, tree: Tree, mtime?: Date): Promise<void> {
    for (const [path, text] of Object.entries(tree)) {
      const file = join(folder, path);
      await Deno.mkdir(dirname(file), { recursive: true });
      await Deno.writeTextFile(file, text);
      if (mtime) await Deno.utime(file, mtime, mtime);
    }
  }

  /** The files of a release, as changes; null for those it does not have. */
  async release(name: string, tree: Record<string, string | null>) {
    const folder = join(this.#base, name);
    const changes = [];
    for (const [path, text] of Object.entries(tree)) {
      if (text !== null) await this.write(folder, { [path]: text });
      changes.push({
        path,
        source: text === null ? null : join(folder, path),
        sha256: text === null ? null : await sha256Of(text),
      });
    }
    return changes;
  }

  /** All files of the app, with their times; nothing of ours may be among them. */
  async state(): Promise<Record<string, string>> {
    const found: Record<string, string> = {};
    const walk = async (folder: string) => {
      for await (
        const { name, isDirectory, isSymlink } of Deno.readDir(folder)
      ) {
        const path = join(folder, name);
        if (isSymlink) continue;
        if (path === join(this.root, ".flyhot")) continue;
        if (isDirectory) {
          found[path.slice(this.root.length + 1) + "/"] = "";
          await walk(path);
        } else {
          const { mtime, mode } = await Deno.stat(path);
          found[path.slice(this.root.length + 1)] = `${await Deno.readTextFile(
            path,
          )} ${mode! & 0o777} ${mtime!.getFullYear() === 2020}`;
        }
      }
    };
    await walk(this.root);
    return found;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await Deno.remove(this.#base, { recursive: true });
  }
}

const BASE: Tree = {
  "page.html": "page 1",
  "static/a.css": "a 1",
  "data/list.txt": "list 1",
};
const NEXT = {
  "page.html": "page 2",
  "static/a.css": null,
  "static/new/deep/b.css": "b 2",
};

function laidOn(disk: Disk): LaidFiles {
  return new LaidFiles(disk.root, disk.folder);
}

const onDisk = (disk: Disk) => (path: string) =>
  digestOfFile(join(disk.root, path));

Deno.test("LaidFiles lays all files in one turn, and an undo leaves all as it was", async () => {
  await using disk = await Disk.make(BASE);
  await Deno.chmod(join(disk.root, "page.html"), 0o640);
  const before = await disk.state();
  const laid = laidOn(disk);
  const ready = await laid.prepare(await disk.release("r", NEXT), onDisk(disk));
  const undo = ready.swap();
  const { "static/a.css": _, ...others } = before;
  const { "page.html": page, ".flyhot-": __, ...laidNow } = await disk.state();
  assertEquals(page, `page 2 ${0o640} false`);
  assertEquals(
    Object.keys(laidNow).filter((path) => !path.includes(".flyhot-")).sort(),
    [
      ...Object.keys(others).filter((path) => path !== "page.html"),
      "static/new/",
      "static/new/deep/",
      "static/new/deep/b.css",
    ].sort(),
  );
  undo();
  await ready.discard();
  await laid.restore();
  assertEquals(await disk.state(), before);
});

Deno.test("LaidFiles goes over several releases back to the image", async () => {
  await using disk = await Disk.make(BASE);
  const before = await disk.state();
  const laid = laidOn(disk);
  const lay = async (name: string, tree: Record<string, string | null>) => {
    const ready = await laid.prepare(
      await disk.release(name, tree),
      onDisk(disk),
    );
    ready.swap();
    await ready.finish();
    return ready.conflicts;
  };
  await lay("one", { "page.html": "page 2" });
  await lay("two", { "page.html": "page 3", "static/a.css": "a 3" });
  assertEquals(laid.originalOf("page.html"), await sha256Of("page 1"));
  assertEquals(laid.originalOf("data/list.txt"), undefined);
  const changes = [];
  for (const path of ["page.html", "static/a.css"]) {
    changes.push({
      path,
      source: laid.backupOf(path)!,
      sha256: laid.originalOf(path)!,
    });
  }
  const back = await laid.prepare(changes, onDisk(disk));
  back.swap();
  await back.finish();
  assertEquals(
    Object.values(await disk.state()).map((text) => text.slice(0, 6)).sort(),
    Object.values(before).map((text) => text.slice(0, 6)).sort(),
  );
  assertEquals(laid.originalOf("page.html"), undefined, "nothing is laid");
});

Deno.test("LaidFiles leaves alone what the app itself has written", async () => {
  await using disk = await Disk.make(BASE);
  const laid = laidOn(disk);
  await Deno.writeTextFile(join(disk.root, "data/list.txt"), "of the app");
  const ready = await laid.prepare(
    await disk.release("r", {
      "data/list.txt": "list 2",
      "page.html": "page 2",
    }),
    onDisk(disk),
  );
  assertEquals(ready.conflicts, ["data/list.txt"]);
  ready.swap();
  await ready.finish();
  const text = (path: string) => Deno.readTextFile(join(disk.root, path));
  assertEquals(await text("data/list.txt"), "of the app");
  // What it writes over a laid file stays as well.
  await Deno.writeTextFile(join(disk.root, "page.html"), "of the app");
  const next = await laid.prepare(
    await disk.release("s", { "page.html": "page 3" }),
    onDisk(disk),
  );
  assertEquals(next.conflicts, ["page.html"]);
  next.swap();
  assertEquals(await text("page.html"), "of the app");
});

Deno.test("LaidFiles.prepare() refuses what cannot be written, and a link on the way, by name", async () => {
  await using disk = await Disk.make(BASE);
  const outside = await Deno.makeTempDir();
  try {
    await Deno.symlink(outside, join(disk.root, "link"));
    const before = await disk.state();
    const laid = laidOn(disk);
    const changes = await disk.release("r", {
      "page.html": "page 2",
      "link/x.txt": "x",
    });
    const error = await assertRejects(
      () => laid.prepare(changes, onDisk(disk)),
      UpgradeError,
    );
    assertMatch(error.message, /link is a link/);
    assertEquals(await disk.state(), before);
    assertEquals(await Array.fromAsync(Deno.readDir(outside)), []);
  } finally {
    await Deno.remove(outside);
  }
});

const KILLED = `
import { LaidFiles } from ${
  JSON.stringify(new URL("./laid_files.ts", import.meta.url).href)
};
import { digestOfFile } from ${
  JSON.stringify(new URL("./app_files.ts", import.meta.url).href)
};
import fs from "node:fs";
const { root, folder, changes, killAt, undo } = JSON.parse(Deno.args[0]!);
let step = 0;
const dying = <T extends unknown[], R>(act: (...args: T) => R) => (...args: T): R => {
  if (step++ === killAt) Deno.kill(Deno.pid, "SIGKILL");
  return act(...args);
};
const real = { rename: Deno.rename, copyFile: Deno.copyFile, remove: Deno.remove, mkdir: Deno.mkdir };
Object.assign(Deno, Object.fromEntries(Object.entries(real).map(([name, act]) => [name, dying(act as never)])));
const laid = new LaidFiles(root, folder);
await laid.restore();
const ready = await laid.prepare(changes, (path) => digestOfFile(root + "/" + path));
const back = ready.swap();
if (step++ === killAt) Deno.kill(Deno.pid, "SIGKILL");
if (undo) { back(); if (step++ === killAt) Deno.kill(Deno.pid, "SIGKILL"); await ready.discard(); }
else await ready.finish();
if (step++ === killAt) Deno.kill(Deno.pid, "SIGKILL");
console.log("done");
`;

Deno.test("LaidFiles.restore() puts the image back after an end at any step", async () => {
  for (const undo of [false, true]) {
    for (let killAt = 0;; killAt++) {
      await using disk = await Disk.make(BASE);
      const before = await disk.state();
      const program = join(disk.root, "..", "killed.ts");
      await Deno.writeTextFile(program, KILLED);
      const changes = await disk.release("r", NEXT);
      const { root, folder } = disk;
      const { stdout } = await new Deno.Command(Deno.execPath(), {
        args: [
          "run",
          "-A",
          "--no-check",
          "--no-config",
          program,
          JSON.stringify({ root, folder, changes, killAt, undo }),
        ],
        stderr: "null",
      }).output();
      const laid = laidOn(disk);
      await laid.restore();
      await laid.restore();
      const after = await disk.state();
      assertEquals(
        after,
        before,
        `ended at step ${killAt}, ${undo ? "undone" : "finished"}`,
      );
      if (new TextDecoder().decode(stdout).includes("done")) break;
    }
  }
});

Deno.test("layingRefused() says why there is no laying: no machine, a git tree, a root that cannot be written", async () => {
  await using disk = await Disk.make(BASE);
  const image = "registry.fly.io/app:1";
  assertEquals(layingRefused(disk.root, image), null);
  assertMatch(layingRefused(disk.root, "")!, /FLY_IMAGE_REF/);
  await Deno.mkdir(join(disk.root, "..", ".git"));
  assertMatch(layingRefused(disk.root, image)!, /git working tree/);
});

Deno.test("takeLayingLock() gives the right to one process at a time, and takes it from one that is gone", async () => {
  await using disk = await Disk.make({});
  {
    using held = await takeLayingLock(disk.folder);
    assertEquals(held !== null, true);
    assertEquals(await takeLayingLock(disk.folder), null);
  }
  await Deno.writeTextFile(
    join(disk.folder, "lock"),
    JSON.stringify({ pid: Deno.pid, started: "1" }),
  );
  using again = await takeLayingLock(disk.folder);
  assertEquals(again !== null, true, "a process number that came again");
});
