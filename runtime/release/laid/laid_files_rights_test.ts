// Files that the process may not write: the Dockerfile has copied them as root.
import { assert, assertEquals, assertStringIncludes } from "@std/assert";
import { dirname } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "../../../tests/support/archives/tar.ts";
import { tempFolder } from "../../../tests/support/temp_folder.ts";

const PROGRAM = fileURLToPath(
  new URL("../testdata/lay_as_user.ts", import.meta.url),
);
const NOBODY = 65534;

/** Whether another user could read the program; root's own folder shuts everybody else out. */
async function othersMayRead(path: string): Promise<boolean> {
  for (let at = path; at !== dirname(at); at = dirname(at)) {
    const { mode } = await Deno.stat(at);
    if (((mode ?? 0) & 0o005) === 0) return false;
  }
  return true;
}

Deno.test({
  name: "LaidFiles says who may not write which file, and the remedy",
  // Root may write everything: as root, the program runs as nobody.
  ignore: Deno.build.os === "windows" ||
    (Deno.uid() === 0 && !await othersMayRead(dirname(PROGRAM))),
  async fn() {
    await using temp = await tempFolder();
    const isRoot = Deno.uid() === 0;
    await Deno.chmod(temp.path, 0o755);
    const [root, folder] = [temp.join("app"), temp.join("releases")];
    await Deno.mkdir(`${root}/static`, { recursive: true });
    await Deno.mkdir(folder);
    await Deno.mkdir(temp.join("cache"));
    await Deno.writeTextFile(`${root}/static/a.html`, "a1");
    const old = new Date("2024-01-15T10:30:00Z");
    await Deno.utime(`${root}/static/a.html`, old, old);
    await Deno.writeTextFile(temp.join("source"), "a2");
    await Deno.chmod(temp.join("source"), 0o644);
    if (isRoot) {
      await Deno.chown(folder, NOBODY, NOBODY);
      await Deno.chown(temp.join("cache"), NOBODY, NOBODY);
    }
    await Deno.chmod(`${root}/static`, 0o555);
    const changes = [{
      kind: "write",
      path: "static/a.html",
      source: temp.join("source"),
      sha256: sha256("a2"),
      expected: sha256("a1"),
    }];
    const { stdout, stderr, success } = await new Deno.Command(
      Deno.execPath(),
      {
        args: [
          "run",
          "-A",
          "--quiet",
          "--no-config",
          PROGRAM,
          JSON.stringify({ root, folder, changes }),
        ],
        cwd: "/",
        env: { DENO_DIR: temp.join("cache"), USER: "web" },
        ...(isRoot ? { uid: NOBODY, gid: NOBODY } : {}),
      },
    ).output();
    await Deno.chmod(`${root}/static`, 0o755);
    assert(success, new TextDecoder().decode(stderr));
    const message = JSON.parse(new TextDecoder().decode(stdout));
    const uid = isRoot ? NOBODY : Deno.uid();
    for (
      const said of [
        "Cannot lay static/a.html over ",
        `as user web (uid ${uid})`,
        "COPY --chown=web",
      ]
    ) assertStringIncludes(message, said);
    assertEquals(await Deno.readTextFile(`${root}/static/a.html`), "a1");
    assertEquals(
      (await Array.fromAsync(Deno.readDir(`${root}/static`))).length,
      1,
    );
  },
});
