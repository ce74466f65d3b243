/** Files of a release, laid over their place under the app root.
 *
 * Pages, data and scripts that no hook supplies are read from their place; so the release's are put there in the turn
 * of the swap. The image's own are kept, and a journal lets every start put them back.
 *
 * @module
 */
import { nativeFiles } from "../../base/platform/native_files.ts";
import { extname, join } from "node:path";
import { pid } from "node:process";
import { Slices } from "../../base/in_slices.ts";
import { upgradeError } from "../../base/upgrade_error.ts";
import {
  conflictOf,
  type FileChange,
  type FileConflict,
  type LaidFile,
  stateOf,
} from "./file_change.ts";
import { FileDigests } from "../file_digests.ts";
import { LaidChange, type Operation } from "./laying/laid_change.ts";
import {
  ignoreMissing,
  type JournalEntry,
  LOCK,
  STORE,
  writeJournal,
} from "./laid_journal.ts";
import { freeLock } from "./laid_lock.ts";
import {
  findPlace,
  type Folder,
  linkedPlace,
  type Place,
  PlaceError,
} from "./laying/lay_place.ts";
import { mayLayPath } from "./laying/lay_rules.ts";
import type { OnStep } from "./restore_image.ts";

/** What laying needs to know. */
export interface LaidFilesOptions {
  /** The app root. */
  readonly root: string;
  /** The releases folder, which exists; journal, lock and originals are in it. */
  readonly folder: string;
  /** The image that runs. */
  readonly imageRef: string;
  /** Import maps that a `deno.json` names, as paths under the root; they are never laid. */
  readonly importMaps?: ReadonlySet<string>;
  /** Remembers digests. Default an own one. */
  readonly digests?: FileDigests;
  /** When this process began, in milliseconds since 1970. Default the truth. */
  readonly startedAt?: number;
  /** Called after each change to the disk: tests end the process there. */
  readonly onStep?: OnStep;
}

/** What is to lie at a place. */
interface Laying {
  readonly path: string;
  readonly wanted: string | null;
}

/** The files under the app root that are not the image's own. */
export class LaidFiles {
  readonly #options: LaidFilesOptions;
  readonly #since: number;
  readonly #digests: FileDigests;
  readonly #laid = new Map<string, LaidFile>();
  #folders: string[] = [];
  #change: LaidChange | null = null;
  #former: LaidChange[] = [];
  #changes = 0;

  /**
   * @param options what laying needs to know; the root without links in it
   * @param since when the first process began that ran on these files
   */
  constructor(options: LaidFilesOptions, since: number) {
    this.#options = options;
    this.#since = since;
    this.#digests = options.digests ?? new FileDigests();
  }

  /**
   * What the image has at a path that a release was laid over. Returns the digest, null where the image has no such
   * file, undefined where nothing was laid: then the disk tells.
   */
  originalOf(path: string): string | null | undefined {
    return this.#laid.get(path)?.original;
  }

  /**
   * Where the image's own bytes are, of a path that a release was laid over. Returns an absolute path, null where the
   * image has no such file, undefined where nothing was laid.
   */
  originalFile(path: string): string | null | undefined {
    const laid = this.#laid.get(path);
    return laid && (laid.backup === null ? null : this.#inStore(laid.backup));
  }

  /** The paths that are not the image's own now. */
  get paths(): string[] {
    return [...this.#laid.keys()];
  }

  /**
   * Gets everything ready beside its place, so that the swap only renames. Throws if a file cannot be written, a link
   * leads out of the root, or there is a folder where a file should be; nothing is left behind then.
   */
  async prepare(
    changes: readonly FileChange[],
    loaded?: Promise<unknown>,
  ): Promise<LaidChange> {
    if (this.#change?.open) {
      throw new TypeError(
        "Cannot prepare files: the change before is neither finished nor discarded",
      );
    }
    await this.#change?.discard();
    this.#change?.close();
    if (this.#change) this.#former.push(this.#change);
    this.#former = this.#former.filter(({ isBeforeRead }) => isBeforeRead);
    this.#change = null;
    try {
      // In this turn, as all that does not wait for the disk itself.
      Deno.mkdirSync(join(this.#options.folder, STORE), { recursive: true });
      const change = await this.#plan(changes);
      this.#change = change;
      await change.write(loaded);
      return change;
    } catch (error) {
      // What cannot be removed is in the journal, for the next start.
      await this.#change?.discard().catch(() => {});
      this.#change = null;
      throw upgradeError("load", null, error);
    }
  }

  /** Gives the lock back; files stay as they are, and the next start puts the image's back. */
  async close(): Promise<void> {
    await freeLock(join(this.#options.folder, LOCK));
  }

  async #plan(changes: readonly FileChange[]): Promise<LaidChange> {
    const { root, importMaps, folder, onStep } = this.#options;
    const operations: Operation[] = [];
    const conflicts: FileConflict[] = [];
    const ignored: string[] = [];
    const places = new Map<string, Laying>();
    const links: { readonly laying: Laying; readonly error: unknown }[] = [];
    const folders = new Set<string>();
    const found = new Map<string, Folder | string>();
    const device = nativeFiles.lstatSync(join(folder, STORE)).dev;
    const slices = new Slices();
    const number = ++this.#changes;
    for (const change of changes) {
      if (slices.over) await slices.next();
      const { path } = change;
      if (!mayLayPath(path, importMaps)) {
        ignored.push(path);
        continue;
      }
      const known = this.#laid.get(path);
      if (change.kind === "original" && !known) continue;
      const optional = change.kind === "write" && change.optional === true;
      const wanted = wantedOf(change, known);
      const laying = { path, wanted };
      let place: Place;
      try {
        place = findPlace(root, path, found);
      } catch (error) {
        if (!optional) links.push({ laying, error });
        continue;
      }
      const other = places.get(place.path);
      // By two names it is one file.
      if (other?.wanted === wanted) continue;
      if (other !== undefined) {
        throw new PlaceError(
          `Cannot lay ${path} over ${place.path}: ${other.path} is there too, through a link`,
        );
      }
      places.set(place.path, laying);
      const there = await this.#digestAt(place, known);
      if (there === wanted) {
        // A laid file that is as the image has it needs no way back, but its kept original may still be of use.
        continue;
      }
      const why = place.device === device
        ? this.#conflict(change, known, place, there)
        : "it is on a volume, which is not the image's";
      if (why !== null) {
        conflicts.push({ path, why });
        continue;
      }
      for (const missing of wanted === null ? [] : place.missing) {
        folders.add(missing);
      }
      operations.push({
        path,
        place,
        wanted,
        source: this.#sourceOf(change, known, wanted),
        temp: wanted === null
          ? null
          : join(place.folder, `.flyhot-${pid}-${number}-${operations.length}`),
        // With its ending, by which Deno tells the language of a script.
        backup: place.there
          ? `${number}-${operations.length}${extname(path)}`
          : null,
        before: known,
        there,
        optional,
      });
    }
    for (const { laying, error } of links) {
      const leads = linkedPlace(root, laying.path);
      // What it leads to is laid already.
      if (leads !== null && places.get(leads)?.wanted === laying.wanted) {
        continue;
      }
      throw error;
    }
    return new LaidChange({
      operations,
      conflicts,
      ignored,
      folders: [...folders],
      laid: this.#laid,
      store: join(folder, STORE),
      onStep: onStep ?? (() => {}),
      record: (temps, made) => this.#record(operations, temps, made),
      settle: (made) => this.#settle(made),
    });
  }

  async #digestAt(
    { path, there }: Place,
    known: LaidFile | undefined,
  ): Promise<string | null> {
    if (there === null) return null;
    return stateOf(there) === known?.state
      ? known.current
      : await this.#digests.digest(path);
  }

  #conflict(
    change: FileChange,
    known: LaidFile | undefined,
    { there }: Place,
    digest: string | null,
  ): string | null {
    const expected = known
      ? known.current
      : change.kind === "original"
      ? null
      : change.expected;
    const written = known ? null : there?.mtime?.getTime() ?? null;
    return conflictOf(digest, expected, written, this.#since);
  }

  #sourceOf(
    change: FileChange,
    known: LaidFile | undefined,
    wanted: string | null,
  ): Operation["source"] {
    if (wanted === null) return null;
    if (known?.backup && wanted === known.original) {
      return { kind: "original", file: this.#inStore(known.backup) };
    }
    return change.kind === "write"
      ? { kind: "content", file: change.source }
      : null;
  }

  // Written before anything is made: what it names and is not there yet is passed over by a start.
  async #record(
    operations: readonly Operation[],
    temps: readonly string[],
    made: readonly string[],
  ): Promise<void> {
    const entries = new Map<string, JournalEntry>();
    for (const [path, { place, original, backup, current }] of this.#laid) {
      entries.set(path, { path, place, original, backup, laid: [current] });
    }
    for (const { path, place, wanted, there, backup } of operations) {
      const known = entries.get(path);
      entries.set(
        path,
        known ? { ...known, laid: [...known.laid, wanted] } : {
          path,
          place: place.path,
          original: there,
          backup,
          laid: [wanted],
        },
      );
    }
    const folders = [...this.#folders, ...made];
    await writeJournal(this.#options.folder, {
      protocol: 1,
      entries: [...entries.values()],
      temps,
      folders,
    });
    this.#options.onStep?.("wrote the journal");
  }

  async #settle(made: readonly string[]): Promise<void> {
    const there = [...this.#folders, ...made];
    this.#folders = [];
    for (const folder of there) {
      if (isThere(folder)) this.#folders.push(folder);
    }
    await this.#record([], [], []);
    await this.#removeUnused();
  }

  /** Where nobody waits for it. */
  async #removeUnused(): Promise<void> {
    const used = new Set([...this.#laid.values()].map(({ backup }) => backup));
    const read = new Set(
      [...this.#former, ...this.#change ? [this.#change] : []].flatMap((
        { before },
      ) => [...before.values()]),
    );
    for await (const { name } of nativeFiles.readDir(this.#inStore(""))) {
      if (!used.has(name) && !read.has(this.#inStore(name))) {
        await Deno.remove(this.#inStore(name)).catch(ignoreMissing);
      }
    }
  }

  #inStore(name: string): string {
    return join(this.#options.folder, STORE, name);
  }
}

function wantedOf(
  change: FileChange,
  known: LaidFile | undefined,
): string | null {
  if (change.kind === "write") return change.sha256;
  return change.kind === "remove" ? null : known?.original ?? null;
}

function isThere(path: string): boolean {
  try {
    nativeFiles.lstatSync(path);
    return true;
  } catch {
    return false;
  }
}
