import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { join } from "node:path";
import { sha256 } from "../../../tests/support/archives/tar.ts";
import type { FileChange } from "./file_change.ts";
import { ground, text } from "./laid_files_fixture_test.ts";

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
