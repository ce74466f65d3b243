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
      deno[name] = (path, ...rest) => native(this.#lead(path), ...rest);
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
    // Only what an evaluation reads stays with its module.
    if (!work || work.place === null || root === null) return path;
    const own = pathUnder(root, path);
    if (own === null) return path;
    const readers = this.#readers.get(own) ?? new Set<string>();
    for (const caller of this.#context.callers()) readers.add(caller);
    this.#readers.set(own, readers);
    if (work.attempt === null) return path;
    return this.#attempts.get(work.attempt)?.get(own) ?? path;
  }
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
