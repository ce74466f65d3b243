import { assertEquals } from "@std/assert";
import { FileDigests, sha256OfFile } from "./file_digests.ts";
import { sha256 } from "../../tests/support/archives/tar.ts";
import { tempFolder } from "../../tests/support/temp_folder.ts";

// Far enough from the clock's last tick that a file counts as settled.
const settled = () => new Promise((resolve) => setTimeout(resolve, 40));

Deno.test("FileDigests reads a file once for as long as it stays the same", async () => {
  await using folder = await tempFolder();
  const path = folder.join("a");
  await Deno.writeTextFile(path, "one");
  await settled();
  const digests = new FileDigests();
  const asked = await Promise.all([digests.digest(path), digests.digest(path)]);
  assertEquals(asked, [sha256("one"), sha256("one")]);
  assertEquals(await digests.digest(path), sha256("one"));
  assertEquals(digests.reads, 1);
});

Deno.test("FileDigests reads once more what was written, replaced or given its old time back", async () => {
  await using folder = await tempFolder();
  const path = folder.join("a");
  await Deno.writeTextFile(path, "one");
  await settled();
  const digests = new FileDigests();
  await digests.digest(path);
  const { mtime } = await Deno.stat(path);
  const changes: [string, () => Promise<void>][] = [
    ["two", () => Deno.writeTextFile(path, "two")],
    ["six", async () => {
      await Deno.writeTextFile(path, "six");
      await Deno.utime(path, mtime!, mtime!);
    }],
    ["ten", async () => {
      await Deno.writeTextFile(folder.join("b"), "ten");
      await Deno.utime(folder.join("b"), mtime!, mtime!);
      await Deno.rename(folder.join("b"), path);
    }],
    ["longer", () => Deno.writeTextFile(path, "longer")],
  ];
  for (const [text, change] of changes) {
    await change();
    assertEquals(await digests.digest(path), sha256(text));
    await settled();
    assertEquals(await digests.digest(path), sha256(text));
  }
});

Deno.test("FileDigests does not trust a file that was written a moment ago", async () => {
  await using folder = await tempFolder();
  const path = folder.join("a");
  const digests = new FileDigests();
  for (let round = 0; round < 50; round++) {
    await Deno.writeTextFile(path, `${round % 10}`);
    assertEquals(await digests.digest(path), sha256(`${round % 10}`));
  }
});

Deno.test("FileDigests knows no digest of what is not a file", async () => {
  await using folder = await tempFolder();
  const digests = new FileDigests();
  assertEquals(await digests.digest(folder.path), null);
  assertEquals(await digests.digest(folder.join("gone")), null);
  await Deno.writeTextFile(folder.join("a"), "a");
  assertEquals(await digests.digest(folder.join("a", "b")), null);
  assertEquals(await digests.digest(folder.join("a")), sha256("a"));
  await Deno.remove(folder.join("a"));
  assertEquals(await digests.digest(folder.join("a")), null);
  assertEquals(await sha256OfFile(folder.path), null);
});
