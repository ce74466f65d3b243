import { assert, assertEquals, assertRejects } from "@std/assert";
import { join } from "node:path";
import { FlyhotError } from "../../errors.ts";
import { Images } from "./images.ts";

interface Folders extends AsyncDisposable {
  readonly app: string;
  readonly images: Images;
}

async function folders(files: Record<string, string>): Promise<Folders> {
  const base = await Deno.makeTempDir();
  const app = join(base, "app");
  await Deno.mkdir(app);
  for (const [path, text] of Object.entries(files)) {
    await Deno.mkdir(join(app, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(app, path), text);
  }
  return {
    app,
    images: new Images(join(base, "images")),
    [Symbol.asyncDispose]: () => Deno.remove(base, { recursive: true }),
  };
}

async function filesIn(folder: string, under = ""): Promise<string[]> {
  const found: string[] = [];
  for await (const entry of Deno.readDir(join(folder, under))) {
    const path = under === "" ? entry.name : `${under}/${entry.name}`;
    found.push(...entry.isDirectory ? await filesIn(folder, path) : [path]);
  }
  return found.sort();
}

Deno.test("Images.build() copies what belongs to the image, when files are ignored", async () => {
  await using at = await folders({
    "main.ts": "1",
    "lib/a.ts": "22",
    "lib/a_test.ts": "-",
    "docs/x.md": "-",
    "docs/keep/y.md": "333",
    ".git/HEAD": "-",
    "web/node_modules/x/index.js": "-",
    ".flyhot/releases/x": "-",
    ".dockerignore": "**/*_test.ts\ndocs\n!docs/keep\n",
  });
  await Deno.symlink("main.ts", join(at.app, "link.ts"));
  const image = await at.images.build(at.app, { app: "my-app" });
  assertEquals(await filesIn(image.folder), [
    ".dockerignore",
    "docs/keep/y.md",
    "lib/a.ts",
    "link.ts",
    "main.ts",
  ]);
  assertEquals(await Deno.readLink(join(image.folder, "link.ts")), "main.ts");
  assertEquals(image.size, 1 + 2 + 3 + 29);
  assert(/^registry\.fly\.io\/my-app:deployment-[0-9A-Z]{26}$/.test(image.ref));
  assert(/^sha256:[0-9a-f]{64}$/.test(image.digest));
});

Deno.test("Images.build() gives the same digest for the same files, another for others", async () => {
  await using at = await folders({ "main.ts": "1" });
  const digest = async () =>
    (await at.images.build(at.app, { app: "a" })).digest;
  const first = await digest();
  assertEquals(await digest(), first);
  await Deno.writeTextFile(join(at.app, "main.ts"), "2");
  assert(await digest() !== first);
});

Deno.test("Images.find() finds by tag or digest, the newest where a tag moved", async () => {
  await using at = await folders({ "main.ts": "1" });
  const { images } = at;
  const old = await images.build(at.app, { app: "a", label: "v1" });
  await Deno.writeTextFile(join(at.app, "main.ts"), "2");
  const image = await images.build(at.app, { app: "a", label: "v1" });
  assertEquals(images.find("registry.fly.io/a:v1")?.folder, image.folder);
  const byDigest = `registry.fly.io/a@${old.digest}`;
  assertEquals(images.find(byDigest)?.folder, old.folder);
  assertEquals(images.find(`registry.fly.io/a:v1@${old.digest}`), old);
  for (
    const ref of [
      "registry.fly.io/a:v2",
      "registry.fly.io/b:v1",
      "registry.fly.io/a",
      "docker.io/a:v1",
      "",
    ]
  ) assertEquals(images.find(ref), null, ref);
});

Deno.test("Images.build() reads how the image starts, from the Dockerfile named", async () => {
  await using at = await folders({
    "main.ts": "",
    "Dockerfile": `FROM x\nCMD ["a"]`,
    "deploy/web.Dockerfile": `FROM x\nARG N=1\nCMD ["b"]\nENV N=$N`,
  });
  const usual = await at.images.build(at.app, { app: "a" });
  assertEquals(usual.start.cmd, ["a"]);
  const named = await at.images.build(at.app, {
    app: "a",
    dockerfile: "deploy/web.Dockerfile",
    buildArgs: { N: "2" },
  });
  assertEquals([named.start.cmd, named.start.env], [["b"], { N: "2" }]);
});

Deno.test("T30: Images.build() starts the main module that deno.json names, where there is no Dockerfile", async () => {
  for (
    const [text, entry] of [
      ['{ "flyhot": { "entry": "src/server.ts" } }', "src/server.ts"],
      ['{ "flyhot": { "entry": ["a.ts", "b.ts"] } }', "a.ts"],
      ['{ "flyhot": {} }', "main.ts"],
    ] as const
  ) {
    await using at = await folders({ "deno.json": text });
    const { start } = await at.images.build(at.app, { app: "a" });
    assertEquals(start.cmd, ["deno", "run", "-A", entry]);
  }
});

Deno.test("Images.build() refuses what it cannot build, saying why", async () => {
  await using at = await folders({ "main.ts": "" });
  const missing = await assertRejects(
    () => at.images.build(join(at.app, "none"), { app: "a" }),
    FlyhotError,
    "none: there is no such folder",
  );
  assertEquals(missing.code, "not_found");
  const dockerfile = await assertRejects(
    () => at.images.build(at.app, { app: "a", dockerfile: "X" }),
    FlyhotError,
    `Cannot build an image of ${at.app}: X is not there`,
  );
  assertEquals(dockerfile.code, "not_found");
  const label = await assertRejects(
    () => at.images.build(at.app, { app: "a", label: "a b" }),
    FlyhotError,
    `"a b" is not a tag of an image`,
  );
  assertEquals(label.code, "usage");
});

Deno.test("Images.build() sets the modes that the Dockerfile says", async () => {
  await using at = await folders({
    "start.sh": "#!/bin/sh\n",
    "bin/a.sh": "",
    "main.ts": "",
    Dockerfile:
      "FROM debian\nWORKDIR /app\nCOPY . .\nRUN chmod +x start.sh bin/*\nCMD ./start.sh\n",
  });
  const { folder } = await at.images.build(at.app, { app: "my-app" });
  const runs = async (path: string) =>
    ((await Deno.stat(join(folder, path))).mode! & 0o111) === 0o111;
  assertEquals(
    await Promise.all(["start.sh", "bin/a.sh", "main.ts"].map(runs)),
    [
      true,
      true,
      false,
    ],
  );
});
