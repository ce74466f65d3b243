/** The real host: Deno's network, clock, disk, processes and terminal.
 * @module
 */
import { dirname, join } from "@std/path";
import type {
  Host,
  HostFiles,
  HostInput,
  HostOutput,
  RunOptions,
  RunOutcome,
  WalkedEntry,
} from "./host.ts";
import { SECRET_VARIABLES, SIGNING_KEY_VARIABLE } from "./base/secret.ts";
import { sleep } from "./base/sleep.ts";

/** A real host; disposing it takes its signal handlers away. */
export interface DenoHost extends Host, Disposable {}

const STOP_SIGNALS: readonly Deno.Signal[] = ["SIGINT", "SIGTERM"];
/** The terminal was closed, which kernel and shell may both tell: what is under way is ended in order all the same. */
const HANG_UP: Deno.Signal = "SIGHUP";

/**
 * Makes the real host. The first interruption aborts `interrupted`; a second SIGINT or SIGTERM ends the process at once.
 *
 * @returns the host, to be disposed
 *
 * @example
 * ```ts ignore
 * import { denoHost, main } from "@flyhot/cli/mod";
 * using host = denoHost();
 * Deno.exitCode = await main(["status"], host);
 * ```
 */
export function denoHost(): DenoHost {
  const interrupt = new AbortController();
  const onHangUp = () => interrupt.abort(new Error("interrupted"));
  const onSignal = () => {
    letSignalsPass();
    interrupt.abort(new Error("interrupted"));
  };
  const letSignalsPass = () => {
    for (const name of STOP_SIGNALS) Deno.removeSignalListener(name, onSignal);
  };
  const dispose = () => {
    letSignalsPass();
    Deno.removeSignalListener(HANG_UP, onHangUp);
  };
  for (const name of STOP_SIGNALS) Deno.addSignalListener(name, onSignal);
  Deno.addSignalListener(HANG_UP, onHangUp);
  return {
    fetch: (request) => fetch(request),
    now: () => Date.now(),
    monotonicNow: () => performance.now(),
    sleep,
    randomBytes: (length) => crypto.getRandomValues(new Uint8Array(length)),
    env: (name) => Deno.env.get(name) || undefined,
    cwd: () => Deno.cwd(),
    execPath: Deno.execPath(),
    files: denoFiles(),
    run,
    stdin: Deno.stdin.isTerminal() ? lineReader(Deno.stdin) : null,
    stdout: output(Deno.stdout),
    stderr: output(Deno.stderr),
    interrupted: interrupt.signal,
    [Symbol.dispose]: dispose,
  };
}

function isGone(error: unknown): boolean {
  return error instanceof Deno.errors.BrokenPipe ||
    (error instanceof Error && /\(os error 5\)/.test(error.message));
}

function output(stream: typeof Deno.stdout): HostOutput {
  const encoder = new TextEncoder();
  return {
    write(text: string): void {
      let bytes = encoder.encode(text);
      try {
        while (bytes.length > 0) {
          bytes = bytes.subarray(stream.writeSync(bytes));
        }
      } catch (error) {
        // Whoever read it (`| head`) has seen enough; a terminal that was closed takes nothing any more.
        if (!isGone(error)) throw error;
      }
    },
    get isTerminal(): boolean {
      return stream.isTerminal();
    },
    get columns(): number {
      try {
        return Deno.consoleSize().columns || 80;
      } catch {
        return 80;
      }
    },
    get rows(): number {
      try {
        return Deno.consoleSize().rows || 24;
      } catch {
        return 24;
      }
    },
  };
}

/** Reads lines, one at a time and never further than asked. */
export function lineReader(
  source: { read(into: Uint8Array): Promise<number | null> },
): HostInput {
  const decoder = new TextDecoder();
  const room = new Uint8Array(4096);
  let text = "";
  let ended = false;
  let reading: Promise<void> | null = null;
  const readMore = async () => {
    const count = await source.read(room);
    ended = count === null;
    text += count === null
      ? decoder.decode()
      : decoder.decode(room.subarray(0, count), { stream: true });
  };
  return {
    async readLine(signal) {
      for (;;) {
        const end = text.indexOf("\n");
        if (end !== -1) {
          const line = text.slice(0, end).replace(/\r$/, "");
          text = text.slice(end + 1);
          return line;
        }
        if (ended) {
          const rest = text;
          text = "";
          return rest === "" ? null : rest;
        }
        // A read of a terminal cannot be taken back, so it stays for whoever asks next.
        reading ??= readMore().finally(() => reading = null);
        reading.catch(() => {});
        await unlessAborted(reading, signal);
      }
    },
  };
}

async function unlessAborted(
  work: Promise<void>,
  signal: AbortSignal | undefined,
): Promise<void> {
  if (!signal) return await work;
  signal.throwIfAborted();
  const aborted = Promise.withResolvers<never>();
  const stop = () => aborted.reject(signal.reason);
  signal.addEventListener("abort", stop, { once: true });
  try {
    await Promise.race([work, aborted.promise]);
  } finally {
    signal.removeEventListener("abort", stop);
  }
}

function denoFiles(): HostFiles {
  return {
    async readText(path) {
      try {
        return await Deno.readTextFile(path);
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    async open(path) {
      return (await Deno.open(path)).readable;
    },
    async write(path, content, { mode } = {}) {
      await Deno.mkdir(dirname(path), { recursive: true });
      const options = mode === undefined ? {} : { mode };
      if (typeof content === "string") {
        await Deno.writeTextFile(path, content, options);
        return;
      }
      const file = await Deno.open(path, {
        write: true,
        create: true,
        truncate: true,
        ...options,
      });
      await content.pipeTo(file.writable);
    },
    async append(path, text) {
      await Deno.mkdir(dirname(path), { recursive: true });
      await Deno.writeTextFile(path, text, { append: true });
    },
    async stat(path) {
      try {
        const { size, ...info } = await Deno.stat(path);
        return { kind: kindOf(info), size };
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    async modified(path) {
      try {
        return (await Deno.stat(path)).mtime?.getTime() ?? 0;
      } catch (error) {
        if (isMissing(error)) return null;
        throw error;
      }
    },
    walk: (root, enter) => walk(root, "", enter ?? (() => true)),
    makeTempDir: () => Deno.makeTempDir({ prefix: "flyhot-" }),
    async remove(path) {
      try {
        await Deno.remove(path, { recursive: true });
      } catch (error) {
        if (!isMissing(error)) throw error;
      }
    },
  };
}

// `a.txt/b` asked of a file `a.txt` is as absent as anything.
function isMissing(error: unknown): boolean {
  return error instanceof Deno.errors.NotFound ||
    error instanceof Deno.errors.NotADirectory;
}

function kindOf(
  info: { isFile: boolean; isDirectory: boolean; isSymlink: boolean },
): WalkedEntry["kind"] {
  if (info.isSymlink) return "link";
  if (info.isDirectory) return "directory";
  return info.isFile ? "file" : "other";
}

async function* walk(
  root: string,
  folder: string,
  enter: (path: string) => boolean,
): AsyncIterable<WalkedEntry> {
  const found: { readonly path: string; readonly kind: WalkedEntry["kind"] }[] =
    [];
  for await (const entry of Deno.readDir(join(root, folder))) {
    found.push({ path: folder + entry.name, kind: kindOf(entry) });
  }
  // A folder counts as its name with a slash, so that files come in the order of their whole paths.
  const key = (it: { path: string; kind: string }) =>
    it.kind === "directory" ? `${it.path}/` : it.path;
  found.sort((a, b) => key(a) < key(b) ? -1 : 1);
  for (const { path, kind } of found) {
    if (kind === "directory") {
      if (!enter(path)) continue;
      yield { path, kind, size: 0 };
      yield* walk(root, `${path}/`, enter);
      continue;
    }
    const size = kind === "file"
      ? (await Deno.lstat(join(root, path))).size
      : 0;
    yield { path, kind, size };
  }
}

async function run(
  program: string,
  args: readonly string[],
  options: RunOptions = {},
): Promise<RunOutcome> {
  options.signal?.throwIfAborted();
  const child = new Deno.Command(program, {
    args: [...args],
    stdin: "null",
    stdout: "piped",
    stderr: "piped",
    ...(options.cwd === undefined ? {} : { cwd: options.cwd }),
    env: { ...options.env, ...withheld(options.withCredentials ?? false) },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
  }).spawn();
  const [stdout, stderr, status] = await Promise.all([
    collect(child.stdout, (line) => options.onLine?.(line, "stdout")),
    collect(child.stderr, (line) => options.onLine?.(line, "stderr")),
    child.status,
  ]);
  options.signal?.throwIfAborted();
  return { code: status.code, stdout, stderr };
}

/** The key that signs is for this process alone; git and deno need no other credential either. */
function withheld(withCredentials: boolean): Record<string, string> {
  const names = withCredentials ? [SIGNING_KEY_VARIABLE] : SECRET_VARIABLES;
  return Object.fromEntries(names.map((name) => [name, ""]));
}

async function collect(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  onLine: (line: string) => void,
): Promise<string> {
  let text = "";
  let open = "";
  for await (const piece of stream.pipeThrough(new TextDecoderStream())) {
    text += piece;
    const lines = (open + piece).split("\n");
    open = lines.pop()!;
    for (const line of lines) onLine(line.replace(/\r$/, ""));
  }
  if (open !== "") onLine(open.replace(/\r$/, ""));
  return text;
}
