import { assert, assertEquals, assertThrows } from "@std/assert";
import { appProcess } from "../../process/process.ts";
import { asset, assetRoot } from "./assets.ts";
import {
  releaseIn,
  systemState,
} from "../../../tests/support/programs/process_state.ts";
import { tempFolder } from "../../../tests/support/temp_folder.ts";

/** A folder with a base image and two releases. */
async function disk() {
  const folder = await tempFolder();
  for (
    const path of [
      "base/static/app.css",
      "base/static/app.111111.css",
      "base/static/only-base.css",
      "one/static/app.css",
      "one/static/app.222222.css",
      "one/static/app.111111.css",
      "two/static/app.css",
    ]
  ) {
    const target = folder.join(path);
    await Deno.mkdir(target.slice(0, target.lastIndexOf("/")), {
      recursive: true,
    });
    await Deno.writeTextFile(target, path);
  }
  return folder;
}

Deno.test("assetRoot() is the base image, and then the folder of the release", () => {
  {
    using _ = systemState({ root: "/app" });
    assertEquals(assetRoot(), "/app");
  }
  using _ = systemState({ root: "/app", release: releaseIn("/app/r/1") });
  assertEquals(assetRoot(), "/app/r/1");
});

Deno.test("assetRoot() is the folder of the app's deno.json where no root was given", () => {
  using _ = systemState({});
  assert(
    Deno.statSync(`${assetRoot()}/deno.json`).isFile,
    "this repository has one",
  );
});

Deno.test("asset() finds the newest file, then that of an earlier release, then that of the base image", async () => {
  await using folder = await disk();
  using _ = systemState({
    root: folder.join("base"),
    release: releaseIn(folder.join("two")),
    earlierFolders: [folder.join("gone"), folder.join("one")],
  });
  assertEquals(asset("static/app.css"), folder.join("two/static/app.css"));
  for (
    const [path, where] of [
      ["static/app.222222.css", "one"],
      ["static/app.111111.css", "one"],
      ["static/only-base.css", "base"],
    ] as const
  ) {
    assertEquals(asset(path), folder.join(where, path));
  }
});

Deno.test("asset() finds the files of releases that were taken out again", async () => {
  await using folder = await disk();
  using _ = systemState({
    root: folder.join("base"),
    earlierFolders: [folder.join("one"), folder.join("two")],
  });
  assertEquals(asset("static/app.css"), folder.join("base/static/app.css"));
  assertEquals(
    asset("static/app.222222.css"),
    folder.join("one/static/app.222222.css"),
  );
});

Deno.test("asset() names the place in the current release where there is no such file", async () => {
  await using folder = await disk();
  using _ = systemState({
    root: folder.join("base"),
    release: releaseIn(folder.join("two")),
  });
  assertEquals(asset("static/none.css"), folder.join("two/static/none.css"));
});

Deno.test("asset() refuses paths that lead outside the app root", () => {
  using _ = systemState({ root: "/app" });
  for (
    const path of ["../secret", "/etc/passwd", "a/../../b", "", "a//b", "a\\b"]
  ) {
    const error = assertThrows(() => asset(path), TypeError);
    assertEquals(
      error.message,
      `Cannot find the asset "${path}": give a path under the app root, without ".."`,
    );
  }
});

Deno.test("asset() asks for the one file where the folder is not whole, assetRoot() for all", async () => {
  await using folder = await disk();
  using _ = systemState({
    root: folder.join("base"),
    release: releaseIn(folder.join("two")),
    earlierFolders: [folder.join("one")],
  });
  const { fillFolder } = appProcess;
  const asked: [folder: string, path: string | null][] = [];
  appProcess.fillFolder = (...about) => asked.push(about);
  try {
    asset("static/app.css");
    asset("static/app.222222.css");
    assetRoot();
  } finally {
    appProcess.fillFolder = fillFolder;
  }
  assertEquals(asked, [
    [folder.join("two"), "static/app.css"],
    [folder.join("two"), "static/app.222222.css"],
    [folder.join("one"), "static/app.222222.css"],
    [folder.join("two"), null],
  ]);
});
