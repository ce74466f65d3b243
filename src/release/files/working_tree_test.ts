import { assertEquals, assertMatch } from "@std/assert";
import { join } from "@std/path";
import { denoHost } from "../../host_deno.ts";
import { newRepository } from "../../../tests/support/repository.ts";
import { describeRelease } from "../pack/describe.ts";
import { cleanCommit, describedVersion, isDirty } from "./working_tree.ts";

Deno.test("isDirty() knows a committed tree, a changed one, and none", async () => {
  const root = await Deno.makeTempDir();
  using host = denoHost();
  const git = async (...args: string[]) =>
    assertEquals(
      (await host.run("git", [
        "-c",
        "user.name=t",
        "-c",
        "user.email=t@t.invalid",
        ...args,
      ], { cwd: root })).code,
      0,
    );
  try {
    assertEquals(await isDirty(root, host), false);
    assertEquals(await cleanCommit(root, host), null);
    await git("init", "-q");
    assertEquals(await cleanCommit(root, host), null);
    await Deno.writeTextFile(join(root, "main.ts"), "1");
    assertEquals(await isDirty(root, host), true);
    await git("add", ".");
    await git("commit", "-qm", "one");
    assertEquals(await isDirty(root, host), false);
    const head = await cleanCommit(root, host);
    assertEquals(head?.commit.match(/^[0-9a-f]{40,64}$/)?.length, 1);
    assertEquals(head?.subject, "one");
    await Deno.writeTextFile(join(root, "main.ts"), "2");
    assertEquals(await isDirty(root, host), true);
    assertEquals(await cleanCommit(root, host), null);
  } finally {
    await Deno.remove(root, { recursive: true });
  }
});

Deno.test("isDirty() is false where there is no git", async () => {
  const missing = Object.assign(new Error("no git"), { name: "NotFound" });
  assertEquals(
    await isDirty("/app", { run: () => Promise.reject(missing) }),
    false,
  );
  assertEquals(
    await cleanCommit("/app", { run: () => Promise.reject(missing) }),
    null,
  );
  assertEquals(
    await describedVersion("/app", { run: () => Promise.reject(missing) }),
    null,
  );
});

Deno.test("a release without a version in deno.json is called what git calls its commit", async () => {
  await using repository = await newRepository({
    "main.ts": "export {};",
    "deno.json": "{}",
  });
  using host = denoHost();
  const version = async () => {
    const { path: root } = repository;
    const { manifest } = await describeRelease(
      { root, app: "chat", entries: ["main.ts"] },
      host,
    );
    assertEquals(manifest.version, await describedVersion(root, host));
    return manifest.version;
  };
  assertMatch(await version(), /^[0-9a-f]{7,}$/);
  await repository.git("tag", "v1.2.0");
  assertEquals(await version(), "v1.2.0");
  await repository.commit({ "main.ts": "export const a = 1;" });
  assertMatch(await version(), /^v1\.2\.0-1-g[0-9a-f]+$/);
  await Deno.writeTextFile(repository.join("main.ts"), "export const a = 2;");
  assertMatch(await version(), /^v1\.2\.0-1-g[0-9a-f]+-dirty$/);
  await repository.commit({ "deno.json": `{ "version": "3.0.0" }` });
  const { path: root } = repository;
  const { manifest } = await describeRelease(
    { root, app: "chat", entries: ["main.ts"] },
    host,
  );
  assertEquals(manifest.version, "3.0.0");
});
