import { assertEquals, assertStrictEquals } from "@std/assert";
import { AppFiles } from "./app_files.ts";
import { settingsText } from "../protocol/manifest/manifest.ts";
import { sha256 } from "../../tests/support/archives/tar.ts";
import {
  type TempFolder,
  tempFolder,
} from "../../tests/support/temp_folder.ts";

async function write(
  folder: TempFolder,
  files: Record<string, string>,
): Promise<AppFiles> {
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(folder.join(path, ".."), { recursive: true });
    await Deno.writeTextFile(folder.join(path), text);
  }
  return new AppFiles(folder.path);
}

Deno.test("AppFiles.digest() is the SHA-256 of a file, or null where there is none", async () => {
  await using folder = await tempFolder();
  const files = await write(folder, {
    "app.ts": "app",
    "empty": "",
    "routes/[id] #1 100%.tsx": "odd",
    "big.bin": "x".repeat(300_000),
  });
  assertEquals(await files.digest("app.ts"), sha256("app"));
  assertEquals(await files.digest("empty"), sha256(""));
  assertEquals(await files.digest("routes/[id] #1 100%.tsx"), sha256("odd"));
  assertEquals(await files.digest("big.bin"), sha256("x".repeat(300_000)));
  assertEquals(await files.digest("gone.ts"), null);
  assertEquals(await files.digest("gone/app.ts"), null);
  assertEquals(await files.digest("app.ts/inside"), null, "a file, no folder");
  assertEquals(await files.digest("routes"), null, "a folder is not a file");
});

Deno.test("AppFiles.digest() reads each file once", async () => {
  await using folder = await tempFolder();
  const files = await write(folder, { "app.ts": "app" });
  const first = files.digest("app.ts");
  assertStrictEquals(files.digest("app.ts"), first);
  await first;
  await Deno.remove(folder.join("app.ts"));
  assertEquals(await files.digest("app.ts"), sha256("app"));
});

Deno.test("AppFiles.size() is the length in bytes, 0 where there is no file", async () => {
  await using folder = await tempFolder();
  const files = await write(folder, { "a.txt": "é", "sub/b": "" });
  assertEquals(await files.size("a.txt"), 2);
  assertEquals(await files.size("sub/b"), 0);
  assertEquals(await files.size("gone"), 0);
  assertEquals(await files.size("sub"), 0, "a folder is not a file");
});

Deno.test("AppFiles.list() gives files alone, sorted, without what is not part of the app", async () => {
  await using folder = await tempFolder();
  const files = await write(folder, {
    "z.ts": "",
    "a.ts": "",
    "sub/deep/b.ts": "",
    ".hidden": "",
    ".git/HEAD": "",
    "sub/node_modules/x.js": "",
    "node_modules/x.js": "",
    ".flyhot/releases/aaaaaaaaaaaa/a.ts": "",
    "git/x": "",
    "node_modules.ts": "",
  });
  await Deno.symlink(folder.join("a.ts"), folder.join("link.ts"));
  await Deno.symlink(folder.join("sub"), folder.join("linked"));
  await Deno.symlink(folder.path, folder.join("sub", "loop"));
  assertEquals(await files.list(), [
    ".hidden",
    "a.ts",
    "git/x",
    "node_modules.ts",
    "sub/deep/b.ts",
    "z.ts",
  ]);
  assertEquals(await new AppFiles(folder.join("git")).list(), ["x"]);
});

Deno.test("AppFiles.config() digests the settings of the files that are there", async () => {
  await using folder = await tempFolder();
  const texts = {
    "deno.json": '{ "imports": { "a": "npm:a@1" }, "tasks": { "x": "y" } }',
    "fly.toml": 'app = "my-app"\n',
    "Dockerfile": "FROM denoland/deno\n",
  };
  const files = await write(folder, { ...texts, "app.ts": "app" });
  assertEquals(
    await files.config(),
    Object.fromEntries(
      Object.entries(texts).map(([name, text]) => [
        name,
        sha256(settingsText(name, text)),
      ]),
    ),
  );
  assertEquals(await new AppFiles(folder.join("gone")).config(), {});
});

Deno.test("AppFiles.config() does not change with what Deno reads again anyway", async () => {
  const digestOf = async (text: string) => {
    await using folder = await tempFolder();
    const files = await write(folder, { "deno.json": text });
    return (await files.config())["deno.json"];
  };
  const before = await digestOf('{ "imports": { "a": "npm:a@1" } }');
  assertEquals(
    await digestOf('{\n"tasks": {}, "imports": {"a":"npm:a@1"}\n}'),
    before,
  );
  const changed = await digestOf('{ "imports": { "a": "npm:a@2" } }');
  assertEquals(changed === before, false);
});

Deno.test("AppFiles.packages() gives what sources and configuration name, read once", async () => {
  await using folder = await tempFolder();
  const files = await write(folder, {
    "app.ts": 'import "npm:a@1/sub";',
    "view.tsx": 'import "jsr:@b/c@1";',
    "deno.jsonc": '{ "imports": { "d": "npm:d@^1" } }',
    "README.md": "npm:not-code@1",
    "node_modules/x.js": 'import "npm:not-ours@1";',
  });
  const packages = files.packages();
  assertEquals([...await packages].sort(), [
    "jsr:@b/c@1",
    "npm:a@1",
    "npm:d@^1",
  ]);
  assertStrictEquals(files.packages(), packages);
});

Deno.test("AppFiles.text() is the text of a file, or null where there is none", async () => {
  await using folder = await tempFolder();
  const files = await write(folder, { "sub/a.txt": "été" });
  assertEquals(await files.text("sub/a.txt"), "été");
  assertEquals(await files.text("gone"), null);
  assertEquals(await files.text("gone/a.txt"), null);
});
