import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { join } from "node:path";
import { sha256 } from "../../../tests/support/archives/tar.ts";
import {
  type TempFolder,
  tempFolder,
} from "../../../tests/support/temp_folder.ts";
import { UpgradeError } from "../../base/upgrade_error.ts";
import type { FileChange } from "./file_change.ts";
import type { LaidFiles } from "./laid_files.ts";
import { openLaidFiles } from "./open_laid_files.ts";

const OLD = new Date("2024-01-15T10:30:00Z");

/** An app root with the image's files, a release's folder and a releases folder. */
interface Ground extends AsyncDisposable {
  readonly temp: TempFolder;
  readonly root: string;
  readonly folder: string;
  readonly files: LaidFiles;
  /** A change that writes a text. */
  write(
    path: string,
    text: string,
    expected: string | null,
  ): Promise<FileChange>;
  /** All files of the root with text, mode and time; folders too. */
  look(): Promise<Record<string, string>>;
  /** Opens the files once more, as a start would. */
  again(): Promise<
    { files: LaidFiles; restored: readonly string[]; kept: readonly string[] }
  >;
}

async function ground(image: Record<string, string>): Promise<Ground> {
  const temp = await tempFolder();
  const root = temp.join("app");
  const folder = temp.join("releases");
  await Deno.mkdir(root);
  await Deno.mkdir(folder);
  for (const [path, text] of Object.entries(image)) {
    await Deno.mkdir(join(root, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(root, path), text);
    await Deno.chmod(join(root, path), 0o640);
    await Deno.utime(join(root, path), OLD, OLD);
  }
  const open = async () => {
    const outcome = await openLaidFiles({
      root,
      folder,
      imageRef: "registry.fly.io/app:1",
      startedAt: Date.now() - 1_000,
    });
    assert(outcome.status === "open");
    return { files: outcome.files, ...outcome.restored };
  };
  let sources = 0;
  return {
    temp,
    root,
    folder,
    files: (await open()).files,
    again: open,
    async write(path, text, expected) {
      const source = temp.join(`source-${sources++}`);
      await Deno.writeTextFile(source, text);
      return {
        kind: "write",
        path,
        source,
        sha256: sha256(text),
        expected: expected === null ? null : sha256(expected),
      };
    },
    look: () => look(root),
    [Symbol.asyncDispose]: () => temp[Symbol.asyncDispose](),
  };
}

async function look(root: string, under = ""): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(join(root, under))) {
    const path = under + name;
    if (isDirectory) {
      found[`${path}/`] = "";
      Object.assign(found, await look(root, `${path}/`));
    } else {
      const { mode, mtime } = await Deno.lstat(join(root, path));
      found[path] = `${await Deno.readTextFile(join(root, path))} ${
        (mode! & 0o7777).toString(8)
      } ${mtime?.getTime()}`;
    }
  }
  return found;
}

const text = (seen: string | undefined) => seen?.split(" ")[0];

function remove(path: string, expected: string): FileChange {
  return { kind: "remove", path, expected: sha256(expected) };
}

Deno.test("LaidFiles writes, adds and removes in the swap, and puts all back in the undo", async () => {
  await using on = await ground({
    "a.html": "a1",
    "sub/b.css": "b1",
    "gone.txt": "g",
  });
  const before = await on.look();
  const change = await on.files.prepare([
    await on.write("a.html", "a2", "a1"),
    await on.write("sub/b.css", "b2", "b1"),
    await on.write("new/deep/c.txt", "c", null),
    remove("gone.txt", "g"),
  ]);
  const prepared = await on.look();
  for (const path of Object.keys(before)) {
    assertEquals(
      prepared[path],
      before[path],
      "nothing is seen before the swap",
    );
  }
  const undo = change.swap();
  const after = await on.look();
  assertEquals(Object.keys(after).sort(), [
    "a.html",
    "new/",
    "new/deep/",
    "new/deep/c.txt",
    "sub/",
    "sub/b.css",
  ]);
  assertEquals(text(after["a.html"]), "a2");
  assertEquals(after["a.html"]!.split(" ")[1], "640", "the mode stays");
  assertEquals(text(after["new/deep/c.txt"]), "c");
  assertEquals(on.files.originalOf("a.html"), sha256("a1"));
  assertEquals(on.files.originalOf("new/deep/c.txt"), null);
  assertEquals(on.files.originalOf("gone.txt"), sha256("g"));
  assertEquals(on.files.originalOf("other"), undefined);
  assertEquals(await Deno.readTextFile(on.files.originalFile("a.html")!), "a1");
  assertEquals(undo(), []);
  await change.discard();
  assertEquals(await on.look(), before);
  assertEquals(on.files.paths, []);
  assertEquals(
    await on.temp.list().then((all) =>
      all.filter((path) => path.startsWith("releases/l"))
    ),
    [
      "releases/laid.lock",
      "releases/laid/",
    ],
  );
});

Deno.test("LaidFiles undoes to what the release before laid, and a start restores the image", async () => {
  await using on = await ground({ "a": "a1", "b": "b1" });
  const before = await on.look();
  const first = await on.files.prepare([
    await on.write("a", "a2", "a1"),
    await on.write("n", "n2", null),
    remove("b", "b1"),
  ]);
  first.swap();
  await first.finish();
  const laid = await on.look();
  const second = await on.files.prepare([
    await on.write("a", "a3", "a1"),
    await on.write("b", "b3", "b1"),
    { kind: "remove", path: "n", expected: null },
  ]);
  assertEquals(second.conflicts, []);
  const undo = second.swap();
  assertEquals(text((await on.look())["a"]), "a3");
  assertEquals(on.files.originalOf("a"), sha256("a1"));
  undo();
  assertEquals(await on.look(), laid);
  await second.discard();
  const third = await on.files.prepare([await on.write("a", "a4", "a1")]);
  third.swap();
  await third.finish();
  assertEquals((await on.again()).restored.toSorted(), ["a", "b", "n"]);
  assertEquals(await on.look(), before);
});

Deno.test("LaidFiles goes back to the image's own, by wish and where a release has the same content", async () => {
  await using on = await ground({ "a": "a1", "b": "b1" });
  const before = await on.look();
  const first = await on.files.prepare([
    await on.write("a", "a2", "a1"),
    await on.write("b", "b2", "b1"),
    await on.write("n/n", "n", null),
  ]);
  first.swap();
  await first.finish();
  const laid = await on.look();
  const back = await on.files.prepare([
    { kind: "original", path: "a" },
    await on.write("b", "b1", "b1"),
    { kind: "original", path: "n/n" },
    { kind: "original", path: "never laid" },
  ]);
  assertEquals(back.paths, ["a", "b", "n/n"]);
  const undo = back.swap();
  assertEquals(
    { ...before, "n/": "" },
    await on.look(),
    "mode and time as well",
  );
  assertEquals(on.files.paths, []);
  undo();
  assertEquals(await on.look(), laid);
  assertEquals(on.files.paths.toSorted(), ["a", "b", "n/n"]);
  await back.discard();
  assertEquals((await on.again()).restored.length, 3);
  assertEquals(await on.look(), before);
});

Deno.test("LaidFiles can be undone after it was finished, until the next change", async () => {
  await using on = await ground({ "a": "a1" });
  const before = await on.look();
  const first = await on.files.prepare([await on.write("a", "a2", "a1")]);
  const undo = first.swap();
  await first.finish();
  undo();
  assertEquals(await on.look(), before);
  const second = await on.files.prepare([await on.write("a", "a3", "a1")]);
  const late = second.swap();
  await second.finish();
  const third = await on.files.prepare([await on.write("a", "a4", "a1")]);
  assertThrows(() => late(), Error, "another has been prepared since");
  await third.discard();
  assertEquals(text((await on.look())["a"]), "a3");
});

Deno.test("LaidFiles leaves what the app wrote, made or removed itself, and says so", async () => {
  await using on = await ground({
    "state.json": "s1",
    "seed.json": "s1",
    "old.txt": "o",
    "a": "a1",
  });
  await Deno.writeTextFile(join(on.root, "state.json"), "mine");
  // Its digest was taken after it was written, and is what the caller thinks the image has.
  await Deno.writeTextFile(join(on.root, "seed.json"), "mine");
  await Deno.writeTextFile(join(on.root, "made.txt"), "mine");
  await Deno.remove(join(on.root, "old.txt"));
  const change = await on.files.prepare([
    await on.write("state.json", "s2", "s1"),
    await on.write("seed.json", "s2", "mine"),
    await on.write("made.txt", "m2", null),
    await on.write("old.txt", "o2", "o"),
    await on.write("a", "a2", "a1"),
  ]);
  assertEquals(change.conflicts, [
    { path: "state.json", why: "the app has written it" },
    { path: "seed.json", why: "it was written after the app had started" },
    { path: "made.txt", why: "the app has made it" },
    { path: "old.txt", why: "the app has removed it" },
  ]);
  assertEquals(change.paths, ["a"]);
  change.swap();
  await change.finish();
  const after = await on.look();
  assertEquals(text(after["state.json"]), "mine");
  assertEquals(text(after["seed.json"]), "mine");
  assertEquals(text(after["made.txt"]), "mine");
  assertEquals(text(after["a"]), "a2");
  assertEquals(after["old.txt"], undefined);
});

Deno.test("LaidFiles does nothing where the content is there already, whoever put it there", async () => {
  await using on = await ground({ "a": "a1" });
  await Deno.writeTextFile(join(on.root, "n"), "n2");
  const change = await on.files.prepare([
    await on.write("a", "a1", "a1"),
    await on.write("n", "n2", null),
    { kind: "remove", path: "never there", expected: sha256("x") },
  ]);
  assertEquals([change.paths, change.conflicts], [[], []]);
  assertEquals(change.swap()(), []);
});

Deno.test("LaidFiles keeps what the app wrote over a laid file: in an undo, in the next change and at a start", async () => {
  await using on = await ground({ "a": "a1", "b": "b1" });
  const first = await on.files.prepare([
    await on.write("a", "a2", "a1"),
    await on.write("b", "b2", "b1"),
    await on.write("n", "n2", null),
  ]);
  const undo = first.swap();
  await Deno.writeTextFile(join(on.root, "a"), "written by the app");
  await Deno.writeTextFile(join(on.root, "n"), "written by the app");
  assertEquals(undo().toSorted(), ["a", "n"]);
  await first.discard();
  assertEquals(text((await on.look())["a"]), "written");
  assertEquals(text((await on.look())["b"]), "b1");

  const second = await on.files.prepare([await on.write("b", "b2", "b1")]);
  second.swap();
  await second.finish();
  await Deno.writeTextFile(join(on.root, "b"), "mine");
  const third = await on.files.prepare([await on.write("b", "b3", "b1")]);
  assertEquals(third.conflicts.map(({ path }) => path), ["b"]);
  await third.discard();
  assertEquals((await on.again()).kept, ["b"]);
  assertEquals(text((await on.look())["b"]), "mine");
});

Deno.test("LaidFiles refuses a swap over what was written since, with everything as it was", async () => {
  await using on = await ground({ "a": "a1", "b": "b1" });
  const change = await on.files.prepare([
    await on.write("a", "a2", "a1"),
    await on.write("b", "b2", "b1"),
  ]);
  await Deno.writeTextFile(join(on.root, "b"), "mine!");
  const error = assertThrows(() => change.swap(), Error);
  assertStringIncludes(error.message, "Cannot lay b over ");
  assertStringIncludes(error.message, "while the upgrade was prepared");
  await change.discard();
  const after = await on.look();
  assertEquals([text(after["a"]), text(after["b"])], ["a1", "mine!"]);
  assertEquals(Object.keys(after).length, 2);
});

Deno.test("LaidFiles never lays configuration", async () => {
  await using on = await ground({
    "deno.json": "{}",
    "sub/package.json": "{}",
  });
  const change = await on.files.prepare([
    await on.write("deno.json", "{ }", "{}"),
    await on.write("sub/package.json", "{ }", "{}"),
    { kind: "remove", path: "Dockerfile", expected: null },
  ]);
  assertEquals(change.ignored, ["deno.json", "sub/package.json", "Dockerfile"]);
  assertEquals(change.paths, []);
});

Deno.test("LaidFiles refuses links, folders in the way and paths that lead outside", async () => {
  await using on = await ground({ "in/a": "a1", "file": "f" });
  await Deno.mkdir(on.temp.join("outside"));
  await Deno.writeTextFile(on.temp.join("outside", "a"), "a1");
  await Deno.symlink(on.temp.join("outside"), join(on.root, "out"));
  await Deno.symlink(on.temp.join("nowhere"), join(on.root, "dangling"));
  await Deno.symlink(join(on.root, "in", "a"), join(on.root, "link"));
  await Deno.symlink(join(on.root, "in"), join(on.root, "inside"));
  const before = await on.look().catch(() => null);
  const cases: [readonly FileChange[], string][] = [
    [[await on.write("out/a", "x", "a1")], "is a link that leads out"],
    [[await on.write("out/new", "x", null)], "is a link that leads out"],
    [[await on.write("dangling/a", "x", null)], "is a link to nothing"],
    [[await on.write("link", "x", "a1")], "it is a link"],
    [[await on.write("in", "x", null)], "it is a folder"],
    [
      [await on.write("file/x", "x", null)],
      "is a file, and the release has a folder",
    ],
    [[await on.write("../x", "x", null)], "it leads outside"],
    [
      [
        await on.write("in/a", "x", "a1"),
        await on.write("inside/a", "y", "a1"),
      ],
      "in/a is there too, through a link",
    ],
  ];
  for (const [changes, why] of cases) {
    const error = await assertRejects(
      () => on.files.prepare(changes),
      UpgradeError,
      why,
    );
    assertEquals(error.phase, "load");
    assert(error.message.startsWith("Cannot lay "), error.message);
  }
  assertEquals(await on.look().catch(() => null), before);
  const through = await on.files.prepare([
    await on.write("inside/a", "a2", "a1"),
  ]);
  through.swap();
  assertEquals(await Deno.readTextFile(join(on.root, "in", "a")), "a2");
  await through.finish();
  // By three names it is one file.
  const again = await on.files.prepare([
    await on.write("inside/a", "a3", "a2"),
    await on.write("link", "a3", "a2"),
    await on.write("in/a", "a3", "a2"),
  ]);
  assertEquals(again.paths, ["inside/a"]);
  again.swap();
  assertEquals(await Deno.readTextFile(join(on.root, "link")), "a3");
  await again.finish();
});

Deno.test("LaidFiles fails before anything is laid if the content is not what was promised", async () => {
  await using on = await ground({ "a": "a1" });
  const before = await on.look();
  const wrong = {
    ...await on.write("a", "a2", "a1"),
    sha256: sha256("else"),
  } as FileChange;
  await assertRejects(
    async () => on.files.prepare([await on.write("n/m", "n", null), wrong]),
    UpgradeError,
    "has the SHA-256",
  );
  assertEquals(await on.look(), before);
});

Deno.test("LaidFiles takes one change at a time", async () => {
  await using on = await ground({ "a": "a1" });
  const change = await on.files.prepare([await on.write("a", "a2", "a1")]);
  await assertRejects(
    () => on.files.prepare([]),
    TypeError,
    "neither finished nor discarded",
  );
  const undo = change.swap();
  assertThrows(() => change.swap(), TypeError, "the change is swapped");
  undo();
  await on.files.prepare([]);
});

Deno.test("a start puts the image back over what has a name and no bytes, as after a loss of power", async () => {
  await using on = await ground({ "a.ts": "a1" });
  const change = await on.files.prepare([
    await on.write("a.ts", "a2", "a1"),
    await on.write("b.ts", "b1", null),
  ]);
  change.swap();
  await change.finish();
  for (const path of ["a.ts", "b.ts"]) {
    await Deno.truncate(join(on.root, path), 0);
  }
  const { restored, kept, files } = await on.again();
  assertEquals([restored.toSorted(), kept], [["a.ts", "b.ts"], []]);
  assertEquals(Object.keys(await on.look()), ["a.ts"]);
  assertEquals(text((await on.look())["a.ts"]), "a1");
  await files.close();
});

Deno.test("LaidFiles lays the very file of the release where hooks supply its text, and only where it has no other name", async () => {
  await using on = await ground({ "a.ts": "a1", "b.ts": "b1", "c.txt": "c1" });
  const inode = async (path: string) => (await Deno.stat(path)).ino;
  const shared = { ...await on.write("a.ts", "a2", "a1"), optional: true };
  const linked = { ...await on.write("b.ts", "b2", "b1"), optional: true };
  const plain = await on.write("c.txt", "c2", "c1");
  const changes = [shared, linked, plain] as (FileChange & {
    source: string;
  })[];
  for (const { source } of changes) await Deno.chmod(source, 0o640);
  // As where an earlier release has it too.
  await Deno.link(changes[1]!.source, on.temp.join("earlier"));
  const change = await on.files.prepare(changes);
  change.swap();
  const isShared = await Promise.all(
    changes.map(async ({ path, source }) =>
      await inode(join(on.root, path)) === await inode(source)
    ),
  );
  assertEquals(isShared, [true, false, false]);
  assertEquals(
    Object.values(await on.look()).map((seen) => text(seen)).toSorted(),
    ["a2", "b2", "c2"],
  );
  await change.finish();
  await on.files.close();
});
