import { assertEquals, assertRejects } from "@std/assert";
import { unpack } from "./unpack.ts";
import { UpgradeError } from "../../base/upgrade_error.ts";
import {
  gzip,
  manifestEntry,
  manifestOf,
  releaseOf,
  sha256,
  tar,
} from "../../../tests/support/archives/tar.ts";
import { tempFolder } from "../../../tests/support/temp_folder.ts";
import { MIB, NEVER } from "./unpack_fixture_test.ts";

// What is as it should be

Deno.test("unpack() writes exactly the files of the manifest and returns it", async () => {
  const big = new Uint8Array(3 * MIB + 7);
  for (let at = 0; at < big.length; at++) big[at] = at * 31;
  const files = {
    "app.ts": "export const app = 1;\n",
    "empty.txt": "",
    "block.bin": new Uint8Array(512).fill(1),
    "routes/[id].tsx": "x",
    "deep/er/and/deeper/été 1%#.txt": "é",
    "big.bin": big,
    "__proto__": "p",
    "con/structor": "c",
    "flyhot.json.ts": "not the manifest",
    "sub/flyhot.json": "not the manifest either",
  };
  await using folder = await tempFolder();
  const tarball = folder.join("r.tar.gz");
  await Deno.writeFile(tarball, releaseOf(files));
  const manifest = await unpack(tarball, folder.join("out"), NEVER);
  assertEquals(Object.keys(manifest.files), Object.keys(files));
  assertEquals(manifest.version, "1.2.3");
  for (const [path, content] of Object.entries(files)) {
    assertEquals(
      sha256(await Deno.readFile(folder.join("out", path))),
      sha256(content),
      path,
    );
  }
  const unpacked = (await folder.list())
    .filter((path) => path.startsWith("out/") && !path.endsWith("/"));
  assertEquals(
    unpacked,
    Object.keys(files).map((path) => `out/${path}`).sort(),
  );
});

Deno.test("unpack() takes a release without files", async () => {
  await using folder = await tempFolder();
  await Deno.writeFile(folder.join("r.tar.gz"), releaseOf({}));
  const manifest = await unpack(
    folder.join("r.tar.gz"),
    folder.join("out"),
    NEVER,
  );
  assertEquals(Object.keys(manifest.files), []);
  assertEquals(await folder.list(), ["out/", "r.tar.gz"]);
});

Deno.test("unpack() takes long paths from both fields of the header, and the old kind of file", async () => {
  const path = `${"d".repeat(99)}/${"e".repeat(50)}/${"f".repeat(90)}.ts`;
  const entries = [
    manifestEntry(manifestOf({ [path]: "long", "old.ts": "old" })),
    { prefix: path.slice(0, 150), path: path.slice(151), content: "long" },
    { path: "old.ts", type: "\0", content: "old" },
  ];
  await using folder = await tempFolder();
  await Deno.writeFile(folder.join("r.tar.gz"), gzip(tar(entries)));
  await unpack(folder.join("r.tar.gz"), folder.join("out"), NEVER);
  assertEquals(await Deno.readTextFile(folder.join("out", path)), "long");
  assertEquals(await Deno.readTextFile(folder.join("out", "old.ts")), "old");
});

Deno.test("unpack() gives no file the right to be executed or to be more than a file", async () => {
  await using folder = await tempFolder();
  await Deno.writeFile(folder.join("r.tar.gz"), releaseOf({ "a.sh": "x" }));
  await unpack(folder.join("r.tar.gz"), folder.join("out"), NEVER);
  const { mode } = await Deno.lstat(folder.join("out", "a.sh"));
  assertEquals((mode ?? 0) & 0o7111, 0);
});

// The folder and the signal

Deno.test("unpack() refuses a folder that exists, and leaves it alone", async () => {
  for (const bytes of [releaseOf({ "a.ts": "a" }), gzip(tar([]))]) {
    await using folder = await tempFolder();
    await Deno.writeFile(folder.join("r.tar.gz"), bytes);
    await Deno.mkdir(folder.join("out"));
    await Deno.writeTextFile(folder.join("out", "mine.txt"), "mine");
    await assertRejects(
      () => unpack(folder.join("r.tar.gz"), folder.join("out"), NEVER),
      UpgradeError,
      "Cannot unpack ",
    );
    assertEquals(await folder.list(), ["out/", "out/mine.txt", "r.tar.gz"]);
  }
});

Deno.test("unpack() refuses a tarball that is not there, and leaves no folder", async () => {
  await using folder = await tempFolder();
  await assertRejects(
    () => unpack(folder.join("gone.tar.gz"), folder.join("out"), NEVER),
    UpgradeError,
    `Cannot unpack ${folder.join("gone.tar.gz")}: `,
  );
  assertEquals(await folder.list(), []);
});

Deno.test("unpack() ends when its signal says so, before and in the middle", async () => {
  const big = new Uint8Array(64 * MIB);
  const reason = new DOMException("too slow", "TimeoutError");
  const bytes = releaseOf({ "a.bin": big, "b.bin": big });
  for (const early of [true, false]) {
    await using folder = await tempFolder();
    await Deno.writeFile(folder.join("r.tar.gz"), bytes);
    const controller = new AbortController();
    if (early) controller.abort(reason);
    const unpacking = assertRejects(
      () =>
        unpack(folder.join("r.tar.gz"), folder.join("out"), controller.signal),
      DOMException,
      "too slow",
    );
    controller.abort(reason);
    await unpacking;
    assertEquals(await folder.list(), ["r.tar.gz"]);
  }
});
