import {
  assert,
  assertEquals,
  assertRejects,
  assertStringIncludes,
  assertThrows,
} from "@std/assert";
import { join } from "node:path";
import { sha256 } from "../../../tests/support/archives/tar.ts";
import { UpgradeError } from "../../base/upgrade_error.ts";
import type { FileChange } from "./file_change.ts";
import { ground, text } from "./laid_files_fixture_test.ts";

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
