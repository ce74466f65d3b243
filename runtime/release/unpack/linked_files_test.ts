import { assertEquals } from "@std/assert";
import { LinkedFiles } from "./linked_files.ts";
import { sha256 } from "../../../tests/support/archives/tar.ts";
import { tempFolder } from "../../../tests/support/temp_folder.ts";

const DIGEST = sha256("a");

async function release(): Promise<
  AsyncDisposable & { files: LinkedFiles; join(...path: string[]): string }
> {
  const folder = await tempFolder();
  const files = new LinkedFiles();
  await Deno.mkdir(folder.join(".new"));
  await Deno.writeTextFile(folder.join(".new", "a.ts"), "a");
  files.add(DIGEST, folder.join(".new", "a.ts"));
  await Deno.rename(folder.join(".new"), folder.join("one"));
  files.settle(folder.join(".new"), folder.join("one"));
  return {
    files,
    join: folder.join,
    [Symbol.asyncDispose]: () => folder[Symbol.asyncDispose](),
  };
}

async function inode(path: string): Promise<number | null> {
  return (await Deno.stat(path)).ino;
}

Deno.test("LinkedFiles gives a file of an earlier release a second name", async () => {
  await using it = await release();
  assertEquals(it.files.link(DIGEST, it.join("b.ts")), true);
  assertEquals(await inode(it.join("b.ts")), await inode(it.join("one/a.ts")));
  assertEquals(it.files.link("other", it.join("c.ts")), false);
});

Deno.test("LinkedFiles does not give what somebody has written since", async () => {
  for (const text of ["longer", "b"]) {
    for (const isGiven of [false, true]) {
      await using it = await release();
      if (isGiven) it.files.linkSettled(DIGEST, it.join("given.ts"));
      await new Promise((resolve) => setTimeout(resolve, 20));
      await Deno.writeTextFile(it.join("one", "a.ts"), text);
      assertEquals(it.files.link(DIGEST, it.join("b.ts")), false, text);
    }
  }
});

Deno.test("LinkedFiles does not give what was replaced by a link or is gone", async () => {
  await using it = await release();
  await Deno.rename(it.join("one", "a.ts"), it.join("moved.ts"));
  await Deno.symlink(it.join("moved.ts"), it.join("one", "a.ts"));
  assertEquals(it.files.link(DIGEST, it.join("b.ts")), false);
  await Deno.remove(it.join("one", "a.ts"));
  assertEquals(it.files.link(DIGEST, it.join("b.ts")), false);
});

Deno.test("LinkedFiles gives nothing of a folder that is removed, nor of a release that was not unpacked to its end", async () => {
  await using it = await release();
  await Deno.mkdir(it.join(".two"));
  assertEquals(it.files.link(DIGEST, it.join(".two", "a.ts")), true);
  await Deno.writeTextFile(it.join(".two", "b.ts"), "b");
  it.files.add("second", it.join(".two", "b.ts"));
  it.files.drop();
  assertEquals(it.files.link("second", it.join("b.ts")), false);
  assertEquals(it.files.link(DIGEST, it.join("c.ts")), true);
  it.files.drop();
  it.files.forget(it.join("one"));
  assertEquals(it.files.link(DIGEST, it.join("d.ts")), false);
});

Deno.test("LinkedFiles takes a name that is there for none", async () => {
  await using it = await release();
  await Deno.writeTextFile(it.join("mine.ts"), "mine");
  assertEquals(it.files.link(DIGEST, it.join("mine.ts")), false);
  assertEquals(await Deno.readTextFile(it.join("mine.ts")), "mine");
});
