import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { denoHost } from "../../host_deno.ts";
import { cleanCommit, isDirty } from "./working_tree.ts";

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
});
