import { assertEquals, assertRejects } from "@std/assert";
import {
  type Call,
  folderAfter,
  type Leads,
  ledCallback,
  ledLater,
  ledNow,
} from "./led_calls.ts";

/** A disk on which a release may be laid over "page" while it is asked, and a caller that has begun before. */
class Disk implements Leads {
  readonly files = new Map([["page", "old"]]);
  readonly discarded: unknown[] = [];
  readonly asked: unknown[] = [];
  changes = 0;
  #leads = new Map<unknown, string>();
  /** What happens between the question and the look at the disk. */
  meanwhile: (() => void)[] = [];

  lead(path: unknown): unknown {
    return this.#leads.get(path) ?? path;
  }

  folder() {
    return this.#leads.size === 0
      ? null
      : { added: new Map(), removed: new Set<string>() };
  }

  swap(text: string | null): void {
    this.files.set("before", this.files.get("page")!);
    if (text === null) this.files.delete("page");
    else this.files.set("page", text);
    this.#leads.set("page", "before");
    this.changes++;
  }

  undo(): void {
    this.files.set("page", this.files.get("before")!);
    this.files.delete("before");
    this.drained();
  }

  drained(): void {
    this.#leads.clear();
    this.changes++;
  }

  read(path: unknown): string {
    this.asked.push(path);
    const text = this.files.get(String(path));
    if (text === undefined) throw new Error(`no ${path}`);
    return text;
  }

  readonly later: Call = async (path) => {
    await Promise.resolve();
    this.meanwhile.shift()?.();
    return this.read(path);
  };

  readonly byCallback: Call = (path, done) =>
    void (this.later(path) as Promise<string>).then(
      (text) => (done as Call)(null, text),
      (error) => (done as Call)(error),
    );
}

/** Each way to ask. */
const WAYS: Record<string, (disk: Disk) => Promise<unknown>> = {
  promise: async (disk) =>
    await ledLater(disk.later, disk, (it) => disk.discarded.push(it))("page"),
  callback: (disk) =>
    new Promise((done, fail) =>
      ledCallback(disk.byCallback, disk, (it) => disk.discarded.push(it))(
        "page",
        (error: unknown, text: unknown) => error ? fail(error) : done(text),
      )
    ),
};

for (const [way, ask] of Object.entries(WAYS)) {
  Deno.test(`by ${way}: what is laid over a file while it is opened is not what the caller gets`, async () => {
    const disk = new Disk();
    assertEquals(await ask(disk), "old");
    disk.meanwhile = [() => disk.swap("new")];
    assertEquals(await ask(disk), "old");
    assertEquals(disk.discarded, ["new"]);
    assertEquals(disk.asked, ["page", "page", "before"]);
  });

  Deno.test(`by ${way}: a file that is removed while it is opened is still there, one that is added is not`, async () => {
    const removed = new Disk();
    removed.meanwhile = [() => removed.swap(null)];
    assertEquals(await ask(removed), "old");
    const added = new Disk();
    added.files.delete("page");
    added.meanwhile = [() => {
      added.swap("new");
      added.files.delete("before");
    }];
    await assertRejects(() => ask(added), Error, "no before");
  });

  Deno.test(`by ${way}: an undo, and the end of the time for old work, take nothing away that is being opened`, async () => {
    const undone = new Disk();
    undone.swap("new");
    undone.meanwhile = [() => undone.undo()];
    assertEquals(await ask(undone), "old");
    assertEquals(undone.asked, ["before", "page"]);
    const drained = new Disk();
    drained.swap("new");
    drained.meanwhile = [() => drained.drained()];
    assertEquals(await ask(drained), "old");
    const both = new Disk();
    both.meanwhile = [() => both.swap("new"), () => both.undo()];
    assertEquals(await ask(both), "old");
  });

  Deno.test(`by ${way}: a failure is that of the file itself, told once, and nothing is asked twice`, async () => {
    const disk = new Disk();
    disk.files.clear();
    await assertRejects(() => ask(disk), Error, "no page");
    assertEquals(disk.asked, ["page"]);
  });
}

Deno.test("what is opened to be written is asked for at its place, once, whatever is laid meanwhile", async () => {
  const disk = new Disk();
  disk.meanwhile = [() => disk.swap("new")];
  assertEquals(await ledLater(disk.later, disk)("page", "r+"), "new");
  assertEquals(
    ledNow((path) => disk.read(path), disk)("page", { write: true }),
    "new",
  );
  assertEquals(ledNow((path) => disk.read(path), disk)("page"), "old");
});

Deno.test("a folder that was listed while files were laid over it is seen as it was", () => {
  const disk = new Disk();
  const { changes } = disk;
  assertEquals(folderAfter(disk, "", null, changes), null);
  disk.swap("new");
  assertEquals(folderAfter(disk, "", null, changes), disk.folder());
});
