/** Files that modules read while they are evaluated: a release must be read by its own modules, and who has read what.
 *
 * Files of a release lie over their place from the swap on; its modules are evaluated before that.
 *
 * @module
 */
import { URL } from "../../base/platform/globals.ts";
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Generations } from "../../modules/generations.ts";
import { type FolderChange, folderChange } from "./folder_change.ts";

/** What the reads need. */
export interface FileReadsContext {
  /** Tells who is being evaluated. */
  readonly generations: Generations;
  /** The app root; null while it is not known. */
  root(): string | null;
  /** The paths of the modules that call, innermost first. */
  callers(): readonly string[];
}

/** Files of the release that an attempt loads, by path; null for one that it does not have any more. */
export type AttemptFiles = ReadonlyMap<string, string | null>;

/** Files that an upgrade has put over others. */
export interface ReplacedFiles {
  /** Where that is which was there before, by path; null where nothing was. */
  readonly before: ReadonlyMap<string, string | null>;
  /** Tells whether nobody has written a file since. */
  isAsLaid(path: string): boolean;
}

/** Read in the place of what did not exist. */
const NOTHING = "flyhot-was-not-there";

/** How often it is looked who reads a file later: a stack takes longer than a small file. */
const LATE_MAX = 4;
const LATE_FILES_MAX = 10_000;

/** The reads of evaluated modules. */
export class FileReads {
  readonly #context: FileReadsContext;
  readonly #attempts = new Map<number, AttemptFiles>();
  readonly #readers = new Map<string, Set<string>>();
  readonly #replaced = new Map<number, ReplacedFiles>();
  readonly #late = new Map<
    string,
    { readonly readers: Set<string>; readonly times: number }
  >();
  #isLooking = false;
  #changes = 0;

  /**
   * @param context what the reads need
   */
  constructor(context: FileReadsContext) {
    this.#context = context;
  }

  /** Lets an attempt's modules read the files of their release while they are evaluated. */
  begin(attempt: number, files: AttemptFiles): void {
    this.#attempts.set(attempt, files);
  }

  /** Ends that: the files are at their place, or are not wanted any more. */
  end(attempt: number): void {
    this.#attempts.delete(attempt);
  }

  /**
   * Lets whoever meets older code read what lay at the places of files before: code and files of one answer are of one
   * version.
   */
  replaced(generation: number, files: ReplacedFiles): () => void {
    this.#replaced.set(generation, files);
    this.#changes++;
    return () => {
      this.#changes++;
      this.#replaced.delete(generation);
    };
  }

  /** How often files have been put in their places, or the time of those that were there before has ended. */
  get changes(): number {
    return this.#changes;
  }

  /** Who has read a file while it was evaluated. */
  get readers(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#readers;
  }

  /** Who has read a file later than that. */
  get lateReaders(): ReadonlyMap<string, ReadonlySet<string>> {
    return new Map(
      [...this.#late].map(([path, { readers }]) => [path, readers]),
    );
  }

  /** Where a file is to be read by whoever calls. Returns that, or an absolute path in its place. */
  lead(path: unknown): unknown {
    const root = this.#concerned();
    const own = root === null ? null : pathUnder(root, path);
    if (root === null || !own) return path;
    this.#note(own);
    const file = this.#file(own);
    if (file !== undefined) return file ?? resolve(root, NOTHING);
    // A folder that only the release has.
    for (const [inner, source] of this.evaluated) {
      const end = inner.slice(own.length);
      if (
        source !== null && end.startsWith("/") && inner.startsWith(own) &&
        source.endsWith(end)
      ) return source.slice(0, -end.length);
    }
    return path;
  }

  /**
   * What is in a folder for whoever calls, besides or instead of what is at its place. Returns the difference, or null
   * where there is none.
   */
  folder(path: unknown): FolderChange | null {
    const root = this.#concerned();
    const own = root === null ? null : pathUnder(root, path);
    if (own === null) return null;
    this.#note(`${own}/`);
    const files = new Map(this.evaluated);
    for (const { before } of this.#unmet().reverse()) {
      for (const [inner, file] of before) files.set(inner, file);
    }
    return folderChange(own, files);
  }

  /** The app root, unless it is not known or the runtime itself looks. */
  #concerned(): string | null {
    return this.#isLooking ? null : this.#context.root();
  }

  #note(path: string): void {
    const place = this.#context.generations.work?.place;
    if (typeof place !== "string") return this.#noteLate(path);
    // What an evaluation reads stays with its module.
    const readers = this.#readers.get(path) ?? new Set<string>();
    for (const caller of this.#context.callers()) readers.add(caller);
    // Somebody else may read on its behalf, when nothing of it is on the stack any more.
    if (place !== "") readers.add(place);
    this.#readers.set(path, readers);
  }

  /** Whoever keeps what it reads does so the first time. */
  #noteLate(path: string): void {
    const noted = this.#late.get(path);
    if (noted && noted.times >= LATE_MAX) return;
    const { readers, times } = noted ??
      { readers: new Set<string>(), times: 0 };
    const callers = this.#context.callers();
    const found = callers.length > 0;
    for (const caller of callers) readers.add(caller);
    if (this.#late.size >= LATE_FILES_MAX) return;
    // The runtime reads for itself, and a package when nobody of the app is on the stack any more.
    this.#late.set(path, { readers, times: times + (found ? 1 : 0.1) });
  }

  /** The file at a path for whoever calls; undefined where it is the one at its place. */
  #file(path: string): string | null | undefined {
    const all = [...this.#replaced.values()].filter(({ before }) =>
      before.has(path)
    );
    // The first upgrade that the caller does not meet has found what the caller is to read.
    const first = this.#unmet().find(({ before }) => before.has(path));
    // What the app has written since is what it means to read.
    if (first && this.#isAsLaid(all.at(-1)!, path)) {
      return first.before.get(path)!;
    }
    return this.evaluated.get(path);
  }

  /** The files of the release by which whoever calls is being evaluated. */
  get evaluated(): AttemptFiles {
    const { work } = this.#context.generations;
    return typeof work?.place === "string" && work.attempt !== null
      ? this.#attempts.get(work.attempt) ?? NONE
      : NONE;
  }

  /** What upgrades have replaced that whoever calls does not meet, the first one first. */
  #unmet(): ReplacedFiles[] {
    if (this.#replaced.size === 0) return [];
    const { meets } = this.#context.generations;
    return [...this.#replaced].filter(([generation]) => generation > meets)
      .map(([, files]) => files);
  }

  #isAsLaid(files: ReplacedFiles, path: string): boolean {
    this.#isLooking = true;
    try {
      return files.isAsLaid(path);
    } finally {
      this.#isLooking = false;
    }
  }
}

const NONE: AttemptFiles = new Map();

function pathUnder(root: string, path: unknown): string | null {
  try {
    const file = path instanceof URL
      ? fileURLToPath(path)
      : typeof path === "string"
      ? resolve(path)
      : null;
    if (file === null) return null;
    const own = relative(root, file).replaceAll("\\", "/");
    return own === ".." || own.startsWith("../") ? null : own;
  } catch {
    return null;
  }
}
