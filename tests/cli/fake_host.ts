/** A host for tests: everything in memory, time that only moves when somebody waits, nothing unexpected goes through.
 * @module
 */
import type {
  Host,
  HostFiles,
  HostOutput,
  RunOptions,
  RunOutcome,
  WalkedEntry,
} from "../../src/host.ts";

/** What a fake host starts with. */
export interface FakeHostOptions {
  /** Files by path; relative ones stand in the working folder. */
  readonly files?: Readonly<Record<string, string>>;
  /** The environment. */
  readonly env?: Readonly<Record<string, string>>;
  /** Answers requests; undefined for one that was not expected. */
  readonly fetch?: (
    request: Request,
  ) => Response | undefined | Promise<Response | undefined>;
  /** Runs programs; null for one that is not installed. */
  readonly run?: (
    program: string,
    args: readonly string[],
    options: RunOptions,
  ) => Partial<RunOutcome> | null | Promise<Partial<RunOutcome> | null>;
  /** Whether a person looks at stderr. */
  readonly terminal?: boolean;
  /** The height of the terminal at stdout, in lines; left out where it is none. */
  readonly screenRows?: number;
  /** What the person at stdin types, line by line, until all input ends; left out where nobody sits there. */
  readonly typed?: readonly string[];
}

/** A host for tests, and what came of it. */
export interface FakeHost extends Host {
  /** All that was written to stdout. */
  readonly out: () => string;
  /** All that was written to stderr. */
  readonly err: () => string;
  /** Requests and programs that nobody expected. */
  readonly unexpected: readonly string[];
  /** How long was waited in all, in milliseconds. */
  readonly slept: () => number;
  /** Every program that was run, as one line. */
  readonly ran: readonly string[];
  /** Presses Ctrl-C. */
  interrupt(): void;
}

const START = Date.parse("2026-01-15T10:30:00Z");

/** Makes a host for a test. */
export function fakeHost(options: FakeHostOptions = {}): FakeHost {
  let slept = 0;
  const unexpected: string[] = [];
  const ran: string[] = [];
  const interrupt = new AbortController();
  const stdout = options.screenRows === undefined
    ? output(false)
    : Object.assign(output(true), { rows: options.screenRows });
  const typed = options.typed && [...options.typed];
  const stderr = output(options.terminal ?? false);
  return {
    async fetch(request) {
      request.signal.throwIfAborted();
      const response = await options.fetch?.(request);
      if (response) return response;
      unexpected.push(`${request.method} ${request.url}`);
      throw new TypeError(`unexpected ${request.method} ${request.url}`);
    },
    now: () => START + slept,
    monotonicNow: () => slept,
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      // A macrotask, so that others get their turn as they would in real time.
      await new Promise<void>((resolve) => setTimeout(resolve, 0));
      signal?.throwIfAborted();
      slept += ms;
    },
    randomBytes: (length) => new Uint8Array(length).fill(0x5a),
    env: (name) => options.env?.[name] || undefined,
    cwd: () => "/app",
    execPath: "deno",
    files: fakeFiles(options.files ?? {}, () => START + slept),
    async run(program, args, runOptions = {}) {
      ran.push([program, ...args].join(" "));
      const outcome = options.run
        ? await options.run(program, args, runOptions)
        : undefined;
      if (outcome === undefined) unexpected.push(ran.at(-1)!);
      if (!outcome) {
        throw Object.assign(new Error(`no program ${program}`), {
          name: "NotFound",
        });
      }
      for (const from of ["stdout", "stderr"] as const) {
        for (const line of (outcome[from] ?? "").split("\n")) {
          if (line !== "") runOptions.onLine?.(line, from);
        }
      }
      return { code: 0, stdout: "", stderr: "", ...outcome };
    },
    stdin: typed
      ? {
        readLine(signal) {
          signal?.throwIfAborted();
          return Promise.resolve(typed.shift() ?? null);
        },
      }
      : null,
    stdout,
    stderr,
    interrupted: interrupt.signal,
    out: () => stdout.text,
    err: () => stderr.text,
    unexpected,
    slept: () => slept,
    ran,
    interrupt: () => interrupt.abort(new Error("interrupted")),
  };
}

function output(isTerminal: boolean): HostOutput & { text: string } {
  return {
    text: "",
    isTerminal,
    columns: 80,
    write(text: string): void {
      this.text += text;
    },
  };
}

/** Makes a disk in memory. */
export function fakeFiles(
  initial: Readonly<Record<string, string>>,
  now: () => number = () => 0,
): HostFiles {
  const at = (path: string) => path.replace(/^\/app\/|^\.\//, "");
  const files = new Map(
    Object.entries(initial).map(([path, text]) => [at(path), text]),
  );
  const written = new Map<string, number>();
  let temporary = 0;
  const isFolder = (path: string) =>
    path === "/app" || path === "." ||
    [...files.keys()].some((file) => file.startsWith(`${at(path)}/`));
  return {
    readText: (path) => Promise.resolve(files.get(at(path)) ?? null),
    open(path) {
      const text = files.get(at(path));
      return text === undefined
        ? Promise.reject(new Error(`no file ${path}`))
        : Promise.resolve(
          ReadableStream.from([new TextEncoder().encode(text)]),
        );
    },
    modified: (path) =>
      Promise.resolve(
        files.has(at(path)) ? written.get(at(path)) ?? 0 : null,
      ),
    async write(path, content) {
      written.set(at(path), now());
      files.set(
        at(path),
        typeof content === "string"
          ? content
          : await new Response(content).text(),
      );
    },
    append(path, text) {
      files.set(at(path), (files.get(at(path)) ?? "") + text);
      return Promise.resolve();
    },
    stat(path) {
      const text = files.get(at(path));
      if (text !== undefined) {
        return Promise.resolve({ kind: "file", size: text.length });
      }
      return Promise.resolve(
        isFolder(path) ? { kind: "directory", size: 0 } : null,
      );
    },
    async *walk(root, enter): AsyncIterable<WalkedEntry> {
      await Promise.resolve();
      const prefix = root === "/app" || root === "." ? "" : `${at(root)}/`;
      for (const path of [...files.keys()].sort()) {
        if (!path.startsWith(prefix)) continue;
        const under = path.slice(prefix.length);
        const parents = under.split("/").slice(0, -1)
          .map((_, index, parts) => parts.slice(0, index + 1).join("/"));
        if (enter && !parents.every((parent) => enter(parent))) continue;
        yield { path: under, kind: "file", size: files.get(path)!.length };
      }
    },
    makeTempDir: () => Promise.resolve(`/tmp/fake-${++temporary}`),
    remove(path) {
      for (const file of [...files.keys()]) {
        if (file === at(path) || file.startsWith(`${at(path)}/`)) {
          files.delete(file);
        }
      }
      return Promise.resolve();
    },
  };
}
