import { assertEquals } from "@std/assert";
import { join } from "@std/path";
import { denoHost } from "../../host_deno.ts";
import { isDirty } from "./working_tree.ts";

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
    await git("init", "-q");
    await Deno.writeTextFile(join(root, "main.ts"), "1");
    assertEquals(await isDirty(root, host), true);
    await git("add", ".");
    await git("commit", "-qm", "one");
    assertEquals(await isDirty(root, host), false);
    await Deno.writeTextFile(join(root, "main.ts"), "2");
    assertEquals(await isDirty(root, host), true);
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
});
