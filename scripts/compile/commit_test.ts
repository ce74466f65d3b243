import { assertEquals, assertMatch } from "@std/assert";
import { newRepository } from "../../tests/support/repository.ts";
import { tempFolder } from "../../tests/support/temp_folder.ts";
import { commitOf } from "./commit.ts";

Deno.test("commitOf() names the commit, and says when the tree is not it", async () => {
  await using repository = await newRepository({ "a.txt": "one" });
  const commit = await commitOf(repository.path);
  assertMatch(commit, /^[0-9a-f]{12}$/);
  assertEquals(
    (await repository.git("rev-parse", "HEAD")).startsWith(commit),
    true,
  );
  await Deno.writeTextFile(repository.join("b.txt"), "");
  assertEquals(await commitOf(repository.path), `${commit}-dirty`);
  await Deno.remove(repository.join("b.txt"));
  await Deno.writeTextFile(repository.join("a.txt"), "two");
  assertEquals(await commitOf(repository.path), `${commit}-dirty`);
});

Deno.test("commitOf() says unknown outside of a repository", async () => {
  await using folder = await tempFolder();
  assertEquals(await commitOf(folder.path), "unknown");
});
