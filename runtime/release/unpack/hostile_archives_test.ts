import { assert, assertEquals } from "@std/assert";
import { hostileArchives } from "../../../tests/support/archives/hostile_archives.ts";
import { tempFolder } from "../../../tests/support/temp_folder.ts";
import { UpgradeError } from "../../base/upgrade_error.ts";
import { ManifestReader } from "../read_manifest.ts";
import { LinkedFiles } from "./linked_files.ts";
import { unpack, UNPACK_LIMITS } from "./unpack.ts";

Deno.test("unpack() takes none of 400 hostile archives, leaves nothing of them, and nothing outside its folder", async () => {
  await using outside = await tempFolder();
  const tarball = outside.join("release.tar.gz");
  await Deno.mkdir(outside.join("releases"));
  let refused = 0;
  const archives = hostileArchives(400).flatMap((archive) =>
    // As a file, and as it came, without one.
    [false, true].map((isShort) => ({ ...archive, isShort }))
  );
  for (const { what, bytes, refused: mustBe, isShort } of archives) {
    await Deno.remove(tarball).catch(() => {});
    if (!isShort) await Deno.writeFile(tarball, bytes);
    const folder = outside.join("releases", "new");
    const limits = { ...UNPACK_LIMITS, totalBytes: 4 * 1024 * 1024 };
    let paths: readonly string[] | null = null;
    try {
      const manifest = await unpack(
        tarball,
        folder,
        new AbortController().signal,
        limits,
        {
          manifests: new ManifestReader(),
          linked: new LinkedFiles(),
          content: isShort ? bytes : null,
        },
      );
      paths = Object.keys(manifest.files);
    } catch (error) {
      assert(error instanceof UpgradeError, `${what}: ${error}`);
      assert(error.message.startsWith("Cannot "), `${what}: ${error.message}`);
      // deno-lint-ignore no-control-regex -- they are what must not be there
      assert(!/[\0-\x1f\x7f-\x9f\u202a-\u202e]/.test(error.message), what);
      assert(error.message.length < 2000, what);
      refused++;
    }
    assert(!mustBe || paths === null, `${what} was taken`);
    // What is broken, or long when it has come out, is written for the long way.
    if (isShort) await Deno.writeFile(tarball, bytes);
    const left = await outside.list();
    const expected = ["release.tar.gz", "releases/"];
    if (paths === null) assertEquals(left, expected, what);
    else {
      const files = left.filter((path) => !path.endsWith("/"));
      assertEquals(
        files.sort(),
        ["release.tar.gz", ...paths.map((path) => `releases/new/${path}`)]
          .sort(),
        what,
      );
      await Deno.remove(folder, { recursive: true });
    }
  }
  assert(refused > 700, `${refused}`);
});
