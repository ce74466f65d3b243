import { assertEquals } from "@std/assert";
import { folderChange, mergedEntries } from "./folder_change.ts";

const FILES = new Map([
  ["pages/a.html", "/release/pages/a.html"],
  ["pages/new/deep/b.html", "/release/pages/new/deep/b.html"],
  ["pages/gone.html", null],
  ["top.txt", "/release/top.txt"],
]);

Deno.test("a folder has what is added, folders on the way included, and not what is gone", () => {
  const names = (folder: string, there: string[]) => {
    const change = folderChange(folder, FILES);
    if (change === null) return null;
    const entries = there.map((name): Deno.DirEntry => ({
      name,
      isFile: true,
      isDirectory: false,
      isSymlink: false,
    }));
    return [...mergedEntries(entries, change)].map(({ name, isFile }) =>
      isFile ? name : `${name}/`
    );
  };
  assertEquals(names("pages", ["a.html", "gone.html", "own.txt"]), [
    "a.html",
    "own.txt",
    "new/",
  ]);
  assertEquals(names("pages/new", []), ["deep/"]);
  assertEquals(names("pages/new/deep", []), ["b.html"]);
  assertEquals(names("", ["pages"]), ["pages", "top.txt"]);
  assertEquals(names("page", []), null);
});
