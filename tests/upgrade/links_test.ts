import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { DrivenApp } from "../support/driven_app.ts";

/** What links in the app's folder lead to, read by code that does not know of them. */
const READS = (version: string) => `
const read = (path: string) => Deno.readTextFileSync(new URL(path, import.meta.url)).trim();
export const ask = () => ["${version}", read("./linked.txt"), read("./linked/word.txt"), read("./outside.txt"), read("./beside/word.txt")].join();`;

Deno.test("links in the app's folder, to files and folders, inside and out of it, go on leading where they led", async () => {
  await using app = await DrivenApp.start({
    "app.ts": READS("one"),
    "real/word.txt": "a",
  }, async (root) => {
    const outside = join(root, "..", "outside");
    await Deno.mkdir(outside);
    await Deno.writeTextFile(join(outside, "word.txt"), "out");
    for (const base of [root, join(root, "..", "source")]) {
      await Deno.symlink("real/word.txt", join(base, "linked.txt"));
      await Deno.symlink("real", join(base, "linked"));
      await Deno.symlink(join(outside, "word.txt"), join(base, "outside.txt"));
      await Deno.symlink(outside, join(base, "beside"));
      await Deno.symlink("nowhere", join(base, "dangling"));
    }
  });
  assertEquals(await app.call("ask"), "one,a,a,out,out");
  const code = await app.upgrade({ "app.ts": READS("two") });
  assertEquals(code.state, "applied", JSON.stringify(code));
  assertEquals(await app.call("ask"), "two,a,a,out,out");
  const data = await app.upgrade({ "real/word.txt": "b" });
  assertEquals(data.state, "applied", JSON.stringify(data));
  assertEquals(await app.call("ask"), "two,b,b,out,out");
  // What lies outside is nobody's release: it stays as it is.
  const outside = join(app.root, "..", "outside", "word.txt");
  assertEquals(await Deno.readTextFile(outside), "out");
  const both = await app.upgrade({
    "app.ts": READS("three"),
    "real/word.txt": "c",
  });
  assertEquals(both.state, "applied", JSON.stringify(both));
  assertEquals(await app.call("ask"), "three,c,c,out,out");
});
