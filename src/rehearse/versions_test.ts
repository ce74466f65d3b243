import { assertEquals, assertRejects } from "@std/assert";
import { realHost } from "../../tests/cli/real_host.ts";
import { newRepository } from "../../tests/support/repository.ts";
import { tempFolder } from "../../tests/support/temp_folder.ts";
import { FlyhotError } from "../errors.ts";
import { Repository } from "./versions.ts";

const NEVER = new AbortController().signal;

Deno.test("Repository finds versions, their files, and the working tree as it is", async () => {
  await using repository = await newRepository({
    "app/main.ts": "one",
    "app/.gitignore": "*.secret",
    "other.ts": 'Deno.env.get("PORT")',
  });
  using host = realHost(repository.join("app"));
  const versions = new Repository(host, NEVER);
  assertEquals(await versions.lastTag(), null);
  await repository.git("tag", "v1");
  await repository.commit({ "app/main.ts": 'two Deno.env.get("PORT")' });
  assertEquals(await versions.lastTag(), "v1");

  const v1 = await versions.version("v1");
  const head = await versions.version("HEAD");
  assertEquals(v1.name, "v1");
  assertEquals(await versions.readText(v1, "main.ts"), "one");
  assertEquals(await versions.readText(v1, "no.ts"), null);
  // Only the app's folder counts.
  assertEquals(await versions.says(v1, "PORT"), false);
  assertEquals(await versions.says(head, "PORT"), true);
  assertEquals(await versions.says(head, "POR"), false);

  await Deno.writeTextFile(repository.join("app/main.ts"), "three\n\n");
  await Deno.writeTextFile(repository.join("app/new.ts"), "new");
  await Deno.writeTextFile(repository.join("app/a.secret"), "s3cret");
  const before = await repository.git("status", "--porcelain");
  const tree = await versions.version(".");
  assertEquals(await versions.readText(tree, "main.ts"), "three\n\n");
  assertEquals(await versions.readText(tree, "new.ts"), "new");
  assertEquals(await versions.readText(tree, "a.secret"), null);
  assertEquals(await repository.git("status", "--porcelain"), before);

  await assertRejects(
    () => versions.version("v9"),
    FlyhotError,
    "Cannot find the version v9: git knows no such commit here",
  );
  // What looks like a flag is none.
  await assertRejects(() => versions.version("--all"), FlyhotError, "--all");
});

Deno.test("Repository walks a range, the oldest commit first", async () => {
  await using repository = await newRepository({ "app/main.ts": "one" });
  using host = realHost(repository.join("app"));
  const versions = new Repository(host, NEVER);
  await repository.git("tag", "v1");
  await repository.commit({ "app/main.ts": "two" });
  await repository.commit({ "other.ts": "elsewhere" });
  const commits = await versions.commits("v1..HEAD");
  assertEquals(
    commits.map(({ subject, untouched }) => [subject, untouched]),
    [["test", false], ["test", true]],
  );
  assertEquals(commits[1]?.parent, commits[0]?.id);
  assertEquals(await versions.commits("v1"), commits);
  // The first commit of all has none before it.
  assertEquals((await versions.commits("HEAD~2..v1")).length, 0);
  assertEquals(await versions.commits("HEAD..HEAD"), []);
  await assertRejects(
    () => versions.commits("v9..HEAD"),
    FlyhotError,
    "Cannot walk v9..HEAD: git knows no such range here",
  );
});

Deno.test("Repository says where there is none", async () => {
  await using folder = await tempFolder();
  using host = realHost(folder.path);
  await assertRejects(
    () => new Repository(host, NEVER).version("."),
    FlyhotError,
    "Cannot read the working tree: git read-tree says",
  );
});

Deno.test("Repository knows what lies above the app's folder, where the app reads it", async () => {
  await using repository = await newRepository({
    "apps/one/main.ts": "one",
    "apps/shared/words.ts": "one",
    "other.ts": "one",
  });
  using host = realHost(repository.join("apps/one"));
  const versions = new Repository(host, NEVER, "..");
  assertEquals(versions.root, repository.join("apps"));
  assertEquals(versions.appFolder, "one");
  await repository.git("tag", "v1");
  await repository.commit({ "apps/shared/words.ts": "two" });
  await repository.commit({ "other.ts": "two" });
  assertEquals(
    (await versions.commits("v1..HEAD")).map(({ untouched }) => untouched),
    [false, true],
  );
  await Deno.writeTextFile(repository.join("apps/shared/words.ts"), "three");
  const tree = await versions.version(".");
  assertEquals(await versions.readText(tree, "../shared/words.ts"), "three");
  // The app alone would not have it.
  const alone = await new Repository(host, NEVER).version(".");
  assertEquals(await versions.readText(alone, "../shared/words.ts"), "two");
});
