import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { DrivenApp } from "../../support/driven_app.ts";

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

Deno.test("modules behind links are replaced at the paths that Deno calls them by", async () => {
  const reads = (word: string) =>
    `import { word as own } from "./word.ts";\nexport const word = "${word} " + own + " " + import.meta.filename!.split("/").slice(-2).join("/");`;
  await using app = await DrivenApp.start({
    "app.ts": `import { word as one } from "./linked.ts";
import { word as two } from "./folder/x.ts";
export const ask = () => [one, two].join();`,
    "word.ts": `export const word = "here";`,
    "real/x.ts": reads("a"),
    "real/word.ts": `export const word = "there";`,
  }, async (root) => {
    for (const base of [root, join(root, "..", "source")]) {
      await Deno.symlink("real/x.ts", join(base, "linked.ts"));
      await Deno.symlink("real", join(base, "folder"));
    }
  });
  assertEquals(
    await app.call("ask"),
    "a here app/linked.ts,a there folder/x.ts",
  );
  const first = await app.upgrade({ "real/x.ts": reads("b") });
  assertEquals(first.state, "applied", JSON.stringify(first));
  assertEquals(
    await app.call("ask"),
    "b here app/linked.ts,b there folder/x.ts",
  );
  const second = await app.upgrade({
    "real/word.ts": `export const word = "THERE";`,
    "word.ts": `export const word = "HERE";`,
  });
  assertEquals(second.state, "applied", JSON.stringify(second));
  assertEquals(
    await app.call("ask"),
    "b HERE app/linked.ts,b THERE folder/x.ts",
  );
});
