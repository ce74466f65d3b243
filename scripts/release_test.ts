import { assertEquals, assertRejects } from "@std/assert";
import { newRepository } from "../tests/support/repository.ts";
import { tempFolder } from "../tests/support/temp_folder.ts";
import { release } from "./release.ts";

const FILES = {
  "deno.json": '{ "version": "0.1.2" }',
  "runtime/deno.json": '{ "version": "0.1.2" }',
  "tests/apps/a/deno.json":
    '{ "imports": { "@flyhot/runtime": "jsr:@flyhot/runtime@^0.1.0" } }',
  "CHANGELOG.md": "## 0.1.2 (2026-08-01)\n\n- This.\n",
};

async function tried(
  root: string,
  dryRun: boolean,
  check: string,
): Promise<{ released: boolean; said: string[] }> {
  const said: string[] = [];
  const released = await release({
    root,
    dryRun,
    check: [Deno.execPath(), "eval", check],
    say: (line) => said.push(line),
  });
  return { released, said };
}

Deno.test("release() runs the checks in the tree and tags its commit", async () => {
  await using repository = await newRepository(FILES);
  const commit = (await repository.git("rev-parse", "HEAD")).trim();
  const { released, said } = await tried(
    repository.path,
    false,
    'Deno.readTextFileSync("runtime/deno.json")',
  );
  assertEquals(said, [
    `Tagged ${commit} as v0.1.2. What is left to do:`,
    "  git push origin v0.1.2",
    "It starts .github/workflows/release.yml: binaries, checksums, both packages on JSR.",
  ]);
  assertEquals(released, true);
  assertEquals(
    (await repository.git("rev-parse", "v0.1.2^{commit}")).trim(),
    commit,
  );
  assertEquals(await tried(repository.path, false, "Deno.exit(9)"), {
    released: false,
    said: ["Cannot release 0.1.2: the tag v0.1.2 exists already"],
  });
});

Deno.test("release() with dryRun says what it would do, and does nothing", async () => {
  await using repository = await newRepository(FILES);
  const commit = (await repository.git("rev-parse", "HEAD")).trim();
  assertEquals(await tried(repository.path, true, "Deno.exit(9)"), {
    released: true,
    said: [
      "Would run: deno eval Deno.exit(9)",
      `Would tag ${commit} as v0.1.2`,
    ],
  });
  assertEquals(await repository.git("tag"), "");
});

Deno.test("release() says everything that stands in the way, and runs no check", async () => {
  await using repository = await newRepository({
    ...FILES,
    "runtime/deno.json": "{}",
    "tests/apps/a/deno.json":
      '{ "imports": { "@flyhot/runtime": "jsr:@flyhot/runtime@^0.2.0" } }',
    "CHANGELOG.md": "",
  });
  await Deno.writeTextFile(repository.join("new.ts"), "");
  assertEquals(await tried(repository.path, false, "Deno.exit(9)"), {
    released: false,
    said: [
      "Cannot release 0.1.2: the working tree is not clean: new.ts",
      'Cannot release 0.1.2: runtime/deno.json says version "", deno.json 0.1.2',
      "Cannot release 0.1.2: tests/apps/a/deno.json asks for @flyhot/runtime@^0.2.0, which does not admit 0.1.2",
      'Cannot release 0.1.2: CHANGELOG.md has no section "## 0.1.2"',
    ],
  });
  assertEquals(await repository.git("tag"), "");
});

Deno.test("release() does not tag when the checks fail, or change the tree", async () => {
  await using repository = await newRepository(FILES);
  assertEquals(await tried(repository.path, false, "Deno.exit(9)"), {
    released: false,
    said: ["Cannot release 0.1.2: the checks ended with 9"],
  });
  assertEquals(
    await tried(
      repository.path,
      false,
      'Deno.writeTextFileSync("left.txt", "")',
    ),
    {
      released: false,
      said: [
        "Cannot release 0.1.2: the tree changed while it was checked",
      ],
    },
  );
  assertEquals(await repository.git("tag"), "");
});

Deno.test("release() says so outside of a repository", async () => {
  await using folder = await tempFolder();
  for (const path of ["deno.json", "runtime/deno.json"]) {
    await Deno.mkdir(folder.join("runtime"), { recursive: true });
    await Deno.writeTextFile(folder.join(path), "{}");
  }
  await assertRejects(
    () => tried(folder.path, true, ""),
    Error,
    `Cannot ask git in ${folder.path}: git ls-files ended with 128`,
  );
});
