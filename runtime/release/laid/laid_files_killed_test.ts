// A process that lays files is ended by kill -9 after each of its changes to the disk; the next start finds the image.
import { assert, assertEquals } from "@std/assert";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { sha256 } from "../../../tests/support/archives/tar.ts";
import { tempFolder } from "../../../tests/support/temp_folder.ts";
import type { FileChange } from "./file_change.ts";
import { openLaidFiles } from "./open_laid_files.ts";

const PROGRAM = fileURLToPath(
  new URL("../testdata/lay_and_die.ts", import.meta.url),
);
const OLD = new Date("2024-01-15T10:30:00Z");
const IMAGE = { "a.html": "a1", "b.txt": "b1", "sub/c.css": "c1" };

interface Machine {
  readonly root: string;
  readonly folder: string;
  readonly changes: readonly (readonly FileChange[])[];
}

/** Two releases, one after the other; files are written, added, removed and given back to the image. */
async function machine(at: string): Promise<Machine> {
  const root = join(at, "app");
  const folder = join(at, "releases");
  await Deno.mkdir(join(root, "sub"), { recursive: true });
  await Deno.mkdir(folder);
  for (const [path, text] of Object.entries(IMAGE)) {
    await Deno.writeTextFile(join(root, path), text);
    await Deno.chmod(join(root, path), 0o640);
    await Deno.utime(join(root, path), OLD, OLD);
  }
  const write = async (
    path: string,
    text: string,
    expected: string | null,
  ): Promise<FileChange> => {
    const source = join(at, `source-${text}`);
    await Deno.writeTextFile(source, text);
    return {
      kind: "write",
      path,
      source,
      sha256: sha256(text),
      expected: expected === null ? null : sha256(expected),
    };
  };
  const gone: FileChange = {
    kind: "remove",
    path: "b.txt",
    expected: sha256("b1"),
  };
  return {
    root,
    folder,
    changes: [
      [
        await write("a.html", "a2", "a1"),
        gone,
        await write("n/d/new.txt", "n2", null),
        await write("sub/c.css", "c2", "c1"),
      ],
      [
        await write("a.html", "a3", "a1"),
        await write("b.txt", "b3", "b1"),
        { kind: "remove", path: "n/d/new.txt", expected: null },
        { kind: "original", path: "sub/c.css" },
        await write("m/new.txt", "m3", null),
      ],
    ],
  };
}

async function run(
  { root, folder, changes }: Machine,
  dieAt: number,
  undo: boolean,
): Promise<{ steps: number; killed: boolean }> {
  const { stdout, stderr, signal, success } = await new Deno.Command(
    Deno.execPath(),
    {
      args: [
        "run",
        "-A",
        "--quiet",
        PROGRAM,
        JSON.stringify({ root, folder, changes, undo, dieAt }),
      ],
    },
  ).output();
  if (signal === "SIGKILL") return { steps: dieAt, killed: true };
  assert(success, new TextDecoder().decode(stderr));
  const { steps } = JSON.parse(new TextDecoder().decode(stdout));
  return { steps, killed: false };
}

async function look(
  root: string,
  under = "",
): Promise<Record<string, string>> {
  const found: Record<string, string> = {};
  for await (const { name, isDirectory } of Deno.readDir(join(root, under))) {
    const path = under + name;
    if (isDirectory) {
      found[`${path}/`] = "";
      Object.assign(found, await look(root, `${path}/`));
    } else {
      const { mode, mtime } = await Deno.lstat(join(root, path));
      const text = await Deno.readTextFile(join(root, path));
      found[path] = `${text} ${mode! & 0o7777} ${mtime?.getTime()}`;
    }
  }
  return found;
}

/** Starts in this process; the lock of the killed one is taken over. */
async function start({ root, folder }: Machine): Promise<void> {
  const outcome = await openLaidFiles({ root, folder, imageRef: "i" });
  assert(outcome.status === "open");
  assertEquals(outcome.restored.kept, [], "nothing is taken for the app's own");
}

/** Whatever is read at any moment is whole: of the image or of a release. */
function assertWhole(files: Record<string, string>): void {
  const whole: Record<string, string[]> = {
    "a.html": ["a1", "a2", "a3"],
    "b.txt": ["b1", "b3"],
    "sub/c.css": ["c1", "c2"],
    "n/d/new.txt": ["n2"],
    "m/new.txt": ["m3"],
  };
  for (const [path, seen] of Object.entries(files)) {
    const texts = whole[path];
    if (texts) assert(texts.includes(seen.split(" ")[0]!), `${path}: ${seen}`);
  }
  assert(files["a.html"] && files["sub/c.css"], "neither is ever missing");
}

for (const undo of [false, true]) {
  Deno.test(`a start finds the image's files after kill -9 at any step of ${undo ? "an undo" : "a swap"}`, async () => {
    for (let dieAt = 1, done = false; !done; dieAt++) {
      await using folder = await tempFolder();
      const on = await machine(folder.path);
      const before = await look(on.root);
      const { killed } = await run(on, dieAt, undo);
      assertWhole(await look(on.root));
      await start(on);
      assertEquals(await look(on.root), before, `killed after step ${dieAt}`);
      await start(on);
      assertEquals(await look(on.root), before, "once more changes nothing");
      assertEquals(
        (await Array.fromAsync(Deno.readDir(on.folder))).map(({ name }) =>
          name
        ),
        ["laid.lock"],
      );
      done = !killed;
      // The steps are those of both releases: two swaps of nine files, and all that prepares them.
      if (done) assert(dieAt > 30, `only ${dieAt} steps`);
    }
  });
}

Deno.test("a start finds the image's files after kill -9 at any step of the starts before", async () => {
  for (let dieAt = 1, done = false; !done; dieAt++) {
    await using folder = await tempFolder();
    const on = await machine(folder.path);
    const before = await look(on.root);
    await run(on, 0, false);
    const laid = await look(on.root);
    assertEquals(laid["a.html"]?.split(" ")[0], "a3");
    // Killed twice at the same step of putting back: what the first has done is not done again.
    const { killed } = await run({ ...on, changes: [] }, dieAt, false);
    assertWhole(await look(on.root));
    await run({ ...on, changes: [] }, dieAt, false);
    await start(on);
    assertEquals(await look(on.root), before, `killed after step ${dieAt}`);
    done = !killed;
    if (done) assert(dieAt > 4, `only ${dieAt} steps`);
  }
});

Deno.test("a start leaves the files to a process that lives and has laid them", async () => {
  await using folder = await tempFolder();
  const on = await machine(folder.path);
  await run(on, 0, false);
  await using other = new Deno.Command("sleep", { args: ["60"] }).spawn();
  const { startOf } = await import("./laid_lock.ts");
  await Deno.writeTextFile(
    join(on.folder, "laid.lock"),
    JSON.stringify({
      owner: { pid: other.pid, started: await startOf(other.pid) ?? "" },
      imageRef: "i",
      since: 1,
    }),
  );
  const laid = await look(on.root);
  const outcome = await openLaidFiles({ ...on, imageRef: "i" });
  assert(outcome.status === "held");
  assertEquals(outcome.by.pid, other.pid);
  assert(outcome.why.includes(`process ${other.pid} does so already`));
  assertEquals(await look(on.root), laid);
});
