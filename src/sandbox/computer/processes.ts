/** Processes with everything they start: run, frozen, ended as one.
 * @module
 */
import { constants } from "node:os";
import { isMissing } from "./disk.ts";

/** The name of a signal. */
export type Signal = Deno.Signal;

/** How to run a process. */
interface ProcessOptions {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
  /** What it reads. Default nothing. */
  readonly stdin?: string;
  /** Takes a piece of what it writes. */
  readonly onOutput: (piece: string, from: "stdout" | "stderr") => void;
}

/** How a process ended. */
export interface ProcessEnd {
  /** Its exit code; 128 plus the signal's number where a signal ended it. */
  readonly code: number;
  /** The number of the signal that ended it, or null. */
  readonly signal: number | null;
}

/** Is told which processes run, so that they can be ended even if this program dies. */
export interface ProcessRegister {
  /** A process group began. */
  add(pid: number): void;
  /** A process group ended. */
  remove(pid: number): void;
}

/** A process and all that it starts, in a group of their own. */
export class ProcessGroup {
  /** The id of the process, and of the group. */
  readonly pid: number;
  /** Fulfilled once the process has ended, what it left running is killed, and all it wrote has been read. */
  readonly ended: Promise<ProcessEnd>;
  #running = true;

  /** Starts a process. */
  constructor(options: ProcessOptions, register: ProcessRegister) {
    const [program = "", ...args] = options.command;
    const child = new Deno.Command(program, {
      args,
      cwd: options.cwd,
      env: { ...options.env },
      clearEnv: true,
      // A session of its own: signals reach all of it, and Ctrl-C in the terminal reaches none of it.
      detached: true,
      stdin: options.stdin === undefined ? "null" : "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = child.pid;
    register.add(child.pid);
    this.ended = this.#follow(child, options, register);
  }

  /** Sends a signal to the process alone, as a container's init does. */
  signal(name: Signal): void {
    if (this.#running) send(this.pid, name);
  }

  /** Sends a signal to the process and all that it started. */
  signalAll(name: Signal): void {
    if (this.#running) send(-this.pid, name);
  }

  async #follow(
    child: Deno.ChildProcess,
    options: ProcessOptions,
    register: ProcessRegister,
  ): Promise<ProcessEnd> {
    const enough = new AbortController();
    const take = (from: "stdout" | "stderr") =>
      read(
        child[from],
        (piece) => options.onOutput(piece, from),
        enough.signal,
      );
    const talk = Promise.all([
      take("stdout"),
      take("stderr"),
      ...(options.stdin === undefined
        ? []
        : [write(child.stdin, options.stdin, enough.signal)]),
    ]);
    const { code, signal } = await child.status;
    // A machine ends with its main process: what it started goes down with it, and lets go of the pipes.
    this.signalAll("SIGKILL");
    this.#running = false;
    // What made itself a session of its own lives on, and may hold on to the pipes.
    const timer = setTimeout(() => enough.abort(), OUTPUT_MS_MAX);
    await talk;
    clearTimeout(timer);
    register.remove(this.pid);
    return { code, signal: signal === null ? null : signalNumber(signal) };
  }
}

const OUTPUT_MS_MAX = 1_000;

/** The number of a signal, or 0 for an unknown one. */
function signalNumber(name: string): number {
  return Object.entries(constants.signals).find(([known]) => known === name)
    ?.[1] ?? 0;
}

/** The name of a signal, or null for a number of none. */
export function signalName(number: number): string | null {
  return Object.entries(constants.signals).find(([, it]) => it === number)
    ?.[0] ?? null;
}

/** Tells whether a text is the name of a signal. */
export function isSignal(name: string): name is Signal {
  return signalNumber(name) > 0;
}

function send(pid: number, name: Signal): void {
  try {
    Deno.kill(pid, name);
  } catch (error) {
    // It ended in the meantime, which is all the same here.
    if (
      !isMissing(error) && !(error instanceof Deno.errors.PermissionDenied)
    ) throw error;
  }
}

async function read(
  stream: ReadableStream<Uint8Array<ArrayBuffer>>,
  take: (piece: string) => void,
  signal: AbortSignal,
): Promise<void> {
  const decoder = new TextDecoder();
  const reader = stream.getReader();
  const stop = () => void reader.cancel().catch(() => {});
  signal.addEventListener("abort", stop, { once: true });
  for (;;) {
    const { done, value } = await reader.read();
    if (done) break;
    take(decoder.decode(value, { stream: true }));
  }
  signal.removeEventListener("abort", stop);
}

async function write(
  stream: WritableStream<Uint8Array<ArrayBufferLike>>,
  text: string,
  signal: AbortSignal,
): Promise<void> {
  const writer = stream.getWriter();
  const stop = () => void writer.abort().catch(() => {});
  signal.addEventListener("abort", stop, { once: true });
  try {
    await writer.write(new TextEncoder().encode(text));
    await writer.close();
  } catch {
    // It need not read all that it is given.
    await writer.abort().catch(() => {});
  }
  signal.removeEventListener("abort", stop);
}

/** Collects text into lines: `add` takes text, `end` hands out the last line where it has no end. */
export function lineCollector(
  take: (line: string) => void,
): { add(piece: string): void; end(): void } {
  let rest = "";
  return {
    add(piece) {
      const lines = (rest + piece).split("\n");
      rest = lines.pop() ?? "";
      for (const line of lines) take(line.replace(/\r$/, ""));
      if (rest.length > 65_536) {
        take(rest);
        rest = "";
      }
    },
    end() {
      if (rest !== "") take(rest);
      rest = "";
    },
  };
}
