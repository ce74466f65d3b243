import { assertEquals } from "@std/assert";
import type { ImportFact } from "../protocol/manifest/module_analysis.ts";
import { folderUse, LeftOut } from "./left_out.ts";

function useOf(...imports: Partial<ImportFact>[]) {
  return folderUse({
    analysis: {
      "plain.ts": {},
      "app.ts": {
        imports: imports.map((fact) => ({
          specifier: "@flyhot/runtime",
          line: 1,
          ...fact,
        })),
      },
    },
  });
}

Deno.test("folderUse() tells from the imports of a release what its app may look at by itself", () => {
  assertEquals(useOf(), "nothing");
  assertEquals(useOf({ names: ["holder", "live"] }), "nothing");
  assertEquals(useOf({ names: ["asset", "live"] }), "assets");
  assertEquals(useOf({ names: ["assetRoot"] }), "all");
  assertEquals(useOf({ names: ["asset"] }, { names: ["assetRoot"] }), "all");
  assertEquals(useOf({ names: ["*"] }), "all");
  assertEquals(useOf({ dynamic: true }), "all");
  // By another name in the import map, and of other packages.
  assertEquals(useOf({ specifier: "hot", names: ["assetRoot"] }), "all");
  assertEquals(useOf({ specifier: "hot", names: ["asset"] }), "assets");
  assertEquals(useOf({ specifier: "npm:hono", names: ["*"] }), "nothing");
  assertEquals(useOf({ specifier: "./a.ts", dynamic: true }), "nothing");
});

Deno.test("folderUse() leaves nothing out of a release of whose modules nothing is known", () => {
  assertEquals(folderUse({}), "all");
});

Deno.test("LeftOut wants a content as long as some folder lacks it", () => {
  const left = new LeftOut();
  left.add("/r/1", new Map([["a.ts", "one"], ["b.ts", "two"]]));
  left.add("/r/2", new Map([["a.ts", "one"], ["copy.ts", "one"]]));
  assertEquals([left.has("/r/1", "a.ts"), left.has("/r/1", "c.ts")], [
    true,
    false,
  ]);
  assertEquals(left.take("/r/1", "a.ts"), [["a.ts", "one"]]);
  assertEquals(left.take("/r/1", "a.ts"), []);
  assertEquals([left.wants("one"), left.wants("two")], [true, true]);
  left.forget("/r/1");
  assertEquals([left.wants("one"), left.wants("two")], [true, false]);
  left.take("/r/2", "a.ts");
  assertEquals(left.wants("one"), true);
  left.take("/r/2", "copy.ts");
  assertEquals(left.wants("one"), false);
});

Deno.test("LeftOut gives what is under a folder, and not what begins with the same letters", () => {
  const left = new LeftOut();
  const files = ["static/a.css", "static/deep/b.css", "static.ts", "x.ts"];
  left.add("/r/1", new Map(files.map((path) => [path, path])));
  assertEquals(left.take("/r/1", "static").map(([path]) => path), [
    "static/a.css",
    "static/deep/b.css",
  ]);
  assertEquals(left.take("/r/1", "gone"), []);
  assertEquals(left.take("/r/1", null).map(([path]) => path), [
    "static.ts",
    "x.ts",
  ]);
  assertEquals(left.take("/r/1", null), []);
});
