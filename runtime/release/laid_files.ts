/** Files of a release laid over their place under the app root, in one turn, with a way back.
 * @module
 */
import { existsSync, linkSync, renameSync, rmSync } from "node:fs";
import { basename, dirname, join, relative } from "node:path";
import { errorText } from "../base/error_text.ts";
import { UpgradeError } from "../base/upgrade_error.ts";
import { digestOfFile } from "./app_files.ts";
import {
  type LaidEntry,
  type LaidJournal,
  NOTHING_LAID,
  restoreImage,
  writeJournal,
} from "./laid_journal.ts";

/** What becomes of one file. */
export interface FileChange {
  /** Its path under the app root. */
  readonly path: string;
  /** Where the new content is; null if the release has no such file. */
  readonly source: string | null;
  /** SHA-256 of the new content; null if the release has no such file. */
  readonly sha256: string | null;
}

/** Files that are ready to be laid. */
export interface ReadyFiles {
  /** Files that the app itself has written, and that stay as they are. */
  readonly conflicts: readonly string[];
  /**
   * Lays all of them, in one turn.
   *
   * @returns puts back what was there, in one turn
   */
  swap(): () => void;
  /** Removes what was only kept for the way back. */
  finish(): Promise<void>;
  /** Removes what was made ready, where it is not wanted any more. */
  discard(): Promise<void>;
}

interface Step {
  readonly place: string;
  /** Where the new content comes from. */
  readonly source: string | null;
  /** The new content beside its place; null where the file goes. */
  readonly fresh: string | null;
  /** A second name for what is there now; null where nothing is. */
  readonly before: string | null;
}

/** The files of this machine that do not come from its image. */
export class LaidFiles {
  readonly #root: string;
  readonly #folder: string;
  #journal: LaidJournal = NOTHING_LAID;

  /**
   * @param root the app root
   * @param folder the folder for the journal and the image's own files
   */
  constructor(root: string, folder: string) {
    this.#root = root;
    this.#folder = folder;
  }

  /**
   * Puts the image's own files back after an earlier process on the same disk.
   *
   * @throws {Error} if the disk refuses
   */
  async restore(): Promise<void> {
    await restoreImage(this.#root, this.#folder);
    this.#journal = NOTHING_LAID;
  }

  /**
   * The digest that the image's own file has where something else lies over it.
   *
   * @param path the path
   * @returns SHA-256, or null where the image has no such file; undefined where nothing lies over it
   */
  originalOf(path: string): string | null | undefined {
    return this.#journal.entries.find((entry) => entry.path === path)?.original;
  }

  /**
   * Where the image's own file is kept.
   *
   * @param path the path
   * @returns the file; undefined where nothing lies over it, null where the image has none
   */
  backupOf(path: string): string | null | undefined {
    const entry = this.#journal.entries.find((entry) => entry.path === path);
    if (!entry) return undefined;
    return entry.backup === null ? null : join(this.#folder, entry.backup);
  }

  /**
   * Writes the new content beside its places, and the journal.
   *
   * @param changes what becomes of each file
   * @param imageDigest the digest of a file of the image that nothing lies over; null where there is none
   * @returns what swaps them
   * @throws {UpgradeError} naming the file that cannot be written; nothing has changed then
   */
  async prepare(
    changes: readonly FileChange[],
    imageDigest: (path: string) => Promise<string | null>,
  ): Promise<ReadyFiles> {
    const steps: Step[] = [];
    const conflicts: string[] = [];
    const entries = new Map(
      this.#journal.entries.map((entry) => [entry.path, entry]),
    );
    const folders = new Set<string>();
    const kept: string[] = [];
    const before = this.#journal;
    const discard = async () => {
      const files = [
        ...steps.flatMap(({ fresh, before }) => [fresh, before]),
        ...kept.map((backup) => join(this.#folder, backup)),
      ];
      for (const file of files) {
        if (file !== null) await Deno.remove(file).catch(() => {});
      }
      for (const folder of [...folders].reverse()) {
        await Deno.remove(join(this.#root, folder)).catch(() => {});
      }
      await writeJournal(this.#folder, before);
      this.#journal = before;
    };
    try {
      await Deno.mkdir(this.#folder, { recursive: true });
      for (const change of changes) {
        const { path, sha256 } = change;
        const place = join(this.#root, path);
        const there = await digestOfFile(place);
        const known = entries.get(path);
        const expected = known ? known.laid : await imageDigest(path);
        if (there !== expected || (!known && await isYoung(place))) {
          conflicts.push(path);
          continue;
        }
        if (there === sha256) continue;
        await requireInside(this.#root, place);
        const entry = known ?? await this.#keep(path, place, there);
        if (!known && entry.backup !== null) kept.push(entry.backup);
        entries.set(path, { ...entry, laid: sha256 });
        if (sha256 !== null) {
          for (const folder of missingFolders(this.#root, path)) {
            folders.add(folder);
          }
        }
        steps.push(stepOf(change, place, there !== null));
      }
      if (steps.length > 0) {
        const journal = {
          entries: [...entries.values()],
          folders: [...new Set([...before.folders, ...folders])],
          temporary: steps.flatMap(({ fresh, before }) => [fresh, before])
            .filter((file) => file !== null)
            .map((file) => relative(this.#root, file)),
        };
        // Before anything is put there: whoever starts after a sudden end must know of all of it.
        await writeJournal(this.#folder, journal);
        this.#journal = journal;
      }
      for (const step of steps) await makeReady(step);
    } catch (error) {
      await discard().catch(() => {});
      throw refused(error);
    }
    return {
      conflicts,
      swap: () => swapAll(steps),
      finish: () => this.#finish(steps),
      discard,
    };
  }

  async #keep(
    path: string,
    place: string,
    original: string | null,
  ): Promise<LaidEntry> {
    if (original === null) return { path, backup: null, original, laid: null };
    const backup = `${crypto.randomUUID()}-${basename(path)}`;
    await secondName(place, join(this.#folder, backup));
    return { path, backup, original, laid: original };
  }

  async #finish(steps: readonly Step[]): Promise<void> {
    for (const { before } of steps) {
      if (before !== null) await Deno.remove(before).catch(() => {});
    }
    if (steps.length === 0) return;
    // What is the image's own again needs no journal.
    const entries = this.#journal.entries.filter(({ original, laid }) =>
      original !== laid
    );
    const back = this.#journal.entries.filter((entry) =>
      !entries.includes(entry)
    );
    const { folders } = this.#journal;
    this.#journal = { entries, folders, temporary: [] };
    await writeJournal(this.#folder, this.#journal);
    for (const { backup } of back) {
      if (backup === null) continue;
      await Deno.remove(join(this.#folder, backup)).catch(() => {});
    }
  }
}

/** Whether a file was written since this process started: by the app then, whatever the image had. */
async function isYoung(place: string): Promise<boolean> {
  try {
    const { mtime } = await Deno.stat(place);
    return mtime !== null && mtime.getTime() > performance.timeOrigin;
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return false;
    throw error;
  }
}

function stepOf(
  { source, sha256 }: FileChange,
  place: string,
  isThere: boolean,
): Step {
  const beside = (what: string) =>
    join(
      dirname(place),
      `.${basename(place)}.flyhot-${what}-${crypto.randomUUID().slice(0, 8)}`,
    );
  const before = isThere ? beside("before") : null;
  const goes = source === null || sha256 === null;
  return { place, source, fresh: goes ? null : beside("new"), before };
}

async function makeReady(
  { place, source, fresh, before }: Step,
): Promise<void> {
  if (before !== null) await secondName(place, before);
  if (fresh === null || source === null) return;
  await Deno.mkdir(dirname(place), { recursive: true });
  await Deno.copyFile(source, fresh);
  const mode = before === null ? null : (await Deno.stat(before)).mode;
  if (mode !== null) await Deno.chmod(fresh, mode & 0o7777);
}

function swapAll(steps: readonly Step[]): () => void {
  const done: Step[] = [];
  const undo = () => {
    for (const { place, before } of done.toReversed()) {
      if (before === null) rmSync(place, { force: true });
      else renameSync(before, place);
    }
    done.length = 0;
  };
  try {
    for (const step of steps) {
      if (step.fresh === null) rmSync(step.place, { force: true });
      else renameSync(step.fresh, step.place);
      done.push(step);
    }
  } catch (error) {
    undo();
    throw error;
  }
  return undo;
}

/** A link where the disk allows one, else a copy with the same times. */
async function secondName(file: string, name: string): Promise<void> {
  try {
    linkSync(file, name);
  } catch {
    await Deno.copyFile(file, name);
    const { atime, mtime } = await Deno.stat(file);
    if (atime && mtime) await Deno.utime(name, atime, mtime);
  }
}

function missingFolders(root: string, path: string): string[] {
  const names = path.split("/").slice(0, -1);
  return names.map((_, depth) => names.slice(0, depth + 1).join("/"))
    .filter((folder) => !existsSync(join(root, folder)));
}

/** A link on the way could lead the content of a release out of the app. */
async function requireInside(root: string, place: string): Promise<void> {
  const real = await Deno.realPath(root);
  for (
    let folder = dirname(place);
    folder.length >= root.length;
    folder = dirname(folder)
  ) {
    if (!existsSync(folder)) continue;
    const { isSymlink } = await Deno.lstat(folder);
    if (isSymlink && folder !== root) {
      throw new UpgradeError(
        "prepare",
        `Cannot lay ${place}: ${folder} is a link`,
      );
    }
    if (folder === root || folder === real) return;
  }
}

function refused(error: unknown): UpgradeError {
  if (error instanceof UpgradeError) return error;
  return new UpgradeError(
    "prepare",
    `Cannot lay the files of the release over those of the image: ${
      errorText(error)
    }; the process (uid ${
      Deno.uid() ?? "unknown"
    }) must own them: COPY --chown in the Dockerfile, or read them by asset() and name them under "flyhot".assets in deno.json`,
    { cause: error },
  );
}
