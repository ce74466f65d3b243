/** The one door to the outside: network, clock, disk, processes, terminal.
 * @module
 */

/** One entry found by {@linkcode HostFiles.walk}. */
export interface WalkedEntry {
  /** The path under the root, with `/` between segments. */
  readonly path: string;
  /** What it is. Links are not followed. */
  readonly kind: "file" | "directory" | "link" | "other";
  /** Length in bytes, of files. */
  readonly size: number;
}

/** The disk. */
export interface HostFiles {
  /** Reads a file as text; null if it is not there. */
  readText(path: string): Promise<string | null>;
  /** Opens a file for reading; the stream must be consumed or canceled. */
  open(path: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>>;
  /** Writes a file, its folder made if need be; `mode` is that of a file that is new. */
  write(
    path: string,
    content: string | ReadableStream<Uint8Array<ArrayBuffer>>,
    options?: { readonly mode?: number },
  ): Promise<void>;
  /** Appends to a file, its folder made if need be. */
  append(path: string, text: string): Promise<void>;
  /** Says what is at a path; null if nothing. */
  stat(
    path: string,
  ): Promise<
    { readonly kind: WalkedEntry["kind"]; readonly size: number } | null
  >;
  /** When a file was last written, in milliseconds since 1970; null if it is not there. */
  modified(path: string): Promise<number | null>;
  /** Walks a folder depth first in path order; `enter` may refuse a folder. */
  walk(
    root: string,
    enter?: (path: string) => boolean,
  ): AsyncIterable<WalkedEntry>;
  /** Makes a new empty folder for temporary files. */
  makeTempDir(): Promise<string>;
  /** Removes a file or folder with all in it; nothing there is not an error. */
  remove(path: string): Promise<void>;
}

/** How to run a process. */
export interface RunOptions {
  /** The working folder. */
  readonly cwd?: string;
  /** Variables added to the environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Whether it may have the credentials in the environment, but for the key that signs. Default false. */
  readonly withCredentials?: boolean;
  /** Ends the process early. */
  readonly signal?: AbortSignal | undefined;
  /** Called for every line that the process writes, as it comes. */
  readonly onLine?: (line: string, from: "stdout" | "stderr") => void;
}

/** How a process ended. */
export interface RunOutcome {
  /** Its exit code. */
  readonly code: number;
  /** All it wrote to standard output. */
  readonly stdout: string;
  /** All it wrote to standard error. */
  readonly stderr: string;
}

/** A place to write text to. */
export interface HostOutput {
  /** Writes text as it is. */
  write(text: string): void;
  /** Whether a person looks at it. */
  readonly isTerminal: boolean;
  /** Its width in columns; 80 where unknown. */
  readonly columns: number;
  /** Its height in lines; left out where unknown. */
  readonly rows?: number;
}

/** A person at a terminal, who can be asked. */
export interface HostInput {
  /**
   * Reads one line.
   *
   * @param signal gives up early, with its reason
   * @returns the line without its end, or null at the end of all input
   */
  readLine(signal?: AbortSignal): Promise<string | null>;
}

/** Everything a command may touch. Tests pass their own. */
export interface Host {
  /** Sends a request. */
  fetch(request: Request): Promise<Response>;
  /** Milliseconds since 1970, as `Date.now()`. */
  now(): number;
  /** Milliseconds on a clock that never jumps, as `performance.now()`. */
  monotonicNow(): number;
  /** Waits; rejects with the signal's reason when it is aborted. */
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
  /** Random bytes. */
  randomBytes(length: number): Uint8Array<ArrayBuffer>;
  /** An environment variable; empty ones count as not set. */
  env(name: string): string | undefined;
  /** The working folder. */
  cwd(): string;
  /** The path of the running `deno`, or of the compiled binary. */
  readonly execPath: string;
  /** The disk. */
  readonly files: HostFiles;
  /**
   * Runs a program found on PATH.
   * @throws {Error} with `name` "NotFound" if there is no such program
   */
  run(
    program: string,
    args: readonly string[],
    options?: RunOptions,
  ): Promise<RunOutcome>;
  /** Whoever types; null where standard input is not a terminal. */
  readonly stdin: HostInput | null;
  /** The answer. */
  readonly stdout: HostOutput;
  /** The conversation. */
  readonly stderr: HostOutput;
  /** Aborted when the person interrupts (Ctrl-C) or the system terminates the process. */
  readonly interrupted: AbortSignal;
}
