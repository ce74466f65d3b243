/** A host in a simulated world: its clock, and files in memory.
 * @module
 */
import type {
  Host,
  HostFiles,
  RunOutcome,
  WalkedEntry,
} from "../../src/host.ts";
import type { Sim } from "./sim.ts";

/** What differs between the hosts of one world. */
export interface SimHostOptions {
  /** How far this host's clock is ahead of the world's, in milliseconds. Default 0. */
  readonly skewMs?: number;
  /** Answers for programs. Default: no program is there. */
  readonly run?: (
    program: string,
    args: readonly string[],
  ) => RunOutcome | undefined;
  /** Answers requests. Default: nobody is there. */
  readonly fetch?: (request: Request) => Promise<Response>;
  /** Aborted where the person interrupts. */
  readonly interrupted?: AbortSignal;
}

/** A {@linkcode Host} in which nothing is real. */
export class SimHost implements Host {
  readonly execPath = "/bin/deno";
  readonly files: MemoryFiles = new MemoryFiles();
  readonly stdin = null;
  readonly stdout = { write() {}, isTerminal: false, columns: 80 };
  readonly stderr = { write() {}, isTerminal: false, columns: 80 };
  readonly interrupted: AbortSignal;
  readonly #sim: Sim;
  readonly #options: SimHostOptions;

  constructor(sim: Sim, options: SimHostOptions = {}) {
    this.#sim = sim;
    this.#options = options;
    this.interrupted = options.interrupted ?? new AbortController().signal;
  }

  fetch(request: Request): Promise<Response> {
    return this.#options.fetch?.(request) ??
      Promise.reject(new Error(`Unexpected request to ${request.url}`));
  }

  now(): number {
    return this.#sim.now + (this.#options.skewMs ?? 0);
  }

  monotonicNow(): number {
    return this.#sim.elapsed;
  }

  sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return this.#sim.sleep(ms, signal);
  }

  randomBytes(length: number): Uint8Array<ArrayBuffer> {
    return Uint8Array.from(
      { length },
      () => this.#sim.between(0, 255),
    );
  }

  env(): undefined {}

  cwd(): string {
    return "/";
  }

  run(program: string, args: readonly string[]): Promise<RunOutcome> {
    const outcome = this.#options.run?.(program, args);
    if (outcome) return Promise.resolve(outcome);
    const error = new Error(`no ${program} ${args.join(" ")}`);
    error.name = "NotFound";
    return Promise.reject(error);
  }
}

/** Files in memory, by absolute path. */
export class MemoryFiles implements HostFiles {
  /** The content by path. */
  readonly content = new Map<string, Uint8Array<ArrayBuffer>>();
  #folders = 0;

  /** Puts text files under a folder. */
  put(root: string, files: Readonly<Record<string, string>>): void {
    for (const [path, text] of Object.entries(files)) {
      this.content.set(`${root}/${path}`, new TextEncoder().encode(text));
    }
  }

  readText(path: string): Promise<string | null> {
    const content = this.content.get(path);
    return Promise.resolve(content ? new TextDecoder().decode(content) : null);
  }

  open(path: string): Promise<ReadableStream<Uint8Array<ArrayBuffer>>> {
    const content = this.content.get(path);
    return content
      ? Promise.resolve(ReadableStream.from([content]))
      : Promise.reject(new Error(`no file ${path}`));
  }

  async write(
    path: string,
    content: string | ReadableStream<Uint8Array<ArrayBuffer>>,
  ): Promise<void> {
    const bytes = typeof content === "string"
      ? new TextEncoder().encode(content)
      : await new Response(content).bytes();
    this.content.set(path, bytes);
  }

  async append(path: string, text: string): Promise<void> {
    await this.write(path, (await this.readText(path) ?? "") + text);
  }

  modified(path: string): Promise<number | null> {
    return Promise.resolve(this.content.has(path) ? 0 : null);
  }

  stat(
    path: string,
  ): Promise<
    { readonly kind: WalkedEntry["kind"]; readonly size: number } | null
  > {
    const content = this.content.get(path);
    return Promise.resolve(
      content ? { kind: "file", size: content.byteLength } : null,
    );
  }

  async *walk(root: string): AsyncIterable<WalkedEntry> {
    for (const [path, { byteLength }] of [...this.content].sort()) {
      if (!path.startsWith(`${root}/`)) continue;
      yield await Promise.resolve({
        path: path.slice(root.length + 1),
        kind: "file",
        size: byteLength,
      });
    }
  }

  makeTempDir(): Promise<string> {
    return Promise.resolve(`/tmp/${++this.#folders}`);
  }

  remove(path: string): Promise<void> {
    for (const key of this.content.keys()) {
      if (key === path || key.startsWith(`${path}/`)) this.content.delete(key);
    }
    return Promise.resolve();
  }
}
