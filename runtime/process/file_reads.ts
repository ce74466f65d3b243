/** Files that modules read while they are evaluated: a release must be read by its own modules, and who has read what.
 *
 * Files of a release lie over their place from the swap on; its modules are evaluated before that.
 *
 * @module
 */
import { relative, resolve } from "node:path";
import { fileURLToPath } from "node:url";
import type { Generations } from "../modules/generations.ts";

/** What the reads need. */
export interface FileReadsContext {
  /** Tells who is being evaluated. */
  readonly generations: Generations;
  /** The app root; null while it is not known. */
  root(): string | null;
  /** The paths of the modules that call, innermost first. */
  callers(): readonly string[];
}

/** Files of the release that an attempt loads, by path. */
export type AttemptFiles = ReadonlyMap<string, string>;

/** Files that an upgrade has put over others. */
export interface ReplacedFiles {
  /** Where that is which was there before, by path; null where nothing was. */
  readonly before: ReadonlyMap<string, string | null>;
  /** Tells whether nobody has written a file since. */
  isAsLaid(path: string): boolean;
}

/** Read in the place of what did not exist. */
const NOTHING = "flyhot-was-not-there";

const READERS = [
  "readTextFile",
  "readTextFileSync",
  "readFile",
  "readFileSync",
  "open",
  "openSync",
  "stat",
  "statSync",
  "readDir",
  "readDirSync",
] as const;

/** The reads of evaluated modules. */
export class FileReads {
  readonly #context: FileReadsContext;
  readonly #attempts = new Map<number, AttemptFiles>();
  readonly #readers = new Map<string, Set<string>>();
  readonly #replaced = new Map<number, ReplacedFiles>();

  /**
   * @param context what the reads need
   */
  constructor(context: FileReadsContext) {
    this.#context = context;
  }

  /** Puts wrappers in the place of what reads files. */
  install(): void {
    const deno = Deno as unknown as Record<
      string,
      (path: unknown, ...rest: unknown[]) => unknown
    >;
    for (const name of READERS) {
      const native = deno[name]!;
      deno[name] = (path, ...rest) =>
        native(writes(rest[0]) ? path : this.#lead(path), ...rest);
    }
  }

  /**
   * Lets an attempt's modules read the files of their release while they are evaluated.
   *
   * @param attempt the attempt
   * @param files where each file that differs is, by its path under the root
   */
  begin(attempt: number, files: AttemptFiles): void {
    this.#attempts.set(attempt, files);
  }

  /**
   * Ends that: the files are at their place, or are not wanted any more.
   *
   * @param attempt the attempt
   */
  end(attempt: number): void {
    this.#attempts.delete(attempt);
  }

  /**
   * Lets whoever meets older code read what lay at the places of files before: code and files of one answer are of one
   * version.
   *
   * @param generation the generation of the code that the files came with
   * @param files the files
   * @returns ends that
   */
  replaced(generation: number, files: ReplacedFiles): () => void {
    this.#replaced.set(generation, files);
    return () => void this.#replaced.delete(generation);
  }

  /**
   * Who has read a file while it was evaluated.
   *
   * @returns the paths of modules by the path of the file
   */
  get readers(): ReadonlyMap<string, ReadonlySet<string>> {
    return this.#readers;
  }

  #lead(path: unknown): unknown {
    const { work } = this.#context.generations;
    const root = this.#context.root();
    if (root === null) return path;
    const isEvaluation = typeof work?.place === "string";
    if (!isEvaluation && this.#replaced.size === 0) return path;
    const own = pathUnder(root, path);
    if (own === null) return path;
    const before = this.#before(root, own);
    if (before !== null) return before;
    // Only what an evaluation reads stays with its module.
    if (!isEvaluation) return path;
    const readers = this.#readers.get(own) ?? new Set<string>();
    for (const caller of this.#context.callers()) readers.add(caller);
    this.#readers.set(own, readers);
    if (work.attempt === null) return path;
    return this.#attempts.get(work.attempt)?.get(own) ?? path;
  }

  #before(root: string, path: string): string | null {
    if (this.#replaced.size === 0) return null;
    const all = [...this.#replaced].filter(([, files]) =>
      files.before.has(path)
    );
    // What the app has written since is what it means to read.
    if (all.at(-1)?.[1].isAsLaid(path) !== true) return null;
    const { meets } = this.#context.generations;
    // The first upgrade that the caller does not meet has found what the caller is to read.
    const first = all.find(([generation]) => generation > meets);
    if (!first) return null;
    return first[1].before.get(path) ?? resolve(root, NOTHING);
  }
}

/** What is opened to be written is the file itself. */
function writes(options: unknown): boolean {
  return typeof options === "object" && options !== null &&
    ["write", "append", "truncate", "create", "createNew"].some((name) =>
      Reflect.get(options, name) === true
    );
}

function pathUnder(root: string, path: unknown): string | null {
  try {
    const file = path instanceof URL
      ? fileURLToPath(path)
      : typeof path === "string"
      ? resolve(path)
      : null;
    if (file === null) return null;
    const own = relative(root, file).replaceAll("\\", "/");
    return own === "" || own.startsWith("../") ? null : own;
  } catch {
    return null;
  }
}
