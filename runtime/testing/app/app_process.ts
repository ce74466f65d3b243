/** The process that an app runs in.
 * @module
 */
import type { AppLog } from "./app_log.ts";

const OUTPUT_MS_MAX = 1000;

/** How to run an app. */
interface AppCommand {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** One run of an app. */
export class AppProcess {
  readonly #child: Deno.ChildProcess;
  readonly #ended = new AbortController();
  /** The process id. */
  readonly pid: number;
  /** Fulfilled with how it ended, once all it wrote is in the log. */
  readonly end: Promise<string>;

  /** Starts the process. */
  constructor(how: AppCommand, log: AppLog) {
    const [program = "", ...args] = how.command;
    this.#child = new Deno.Command(program, {
      args,
      cwd: how.cwd,
      env: { ...how.env },
      clearEnv: true,
      stdin: "null",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    this.pid = this.#child.pid;
    this.end = this.#follow(log);
  }

  /** Aborted once the process has ended. */
  get ended(): AbortSignal {
    return this.#ended.signal;
  }

  /** Ends it: SIGTERM, then SIGKILL. */
  async stop(timeoutMs: number): Promise<void> {
    this.#signal("SIGTERM");
    const timer = setTimeout(() => this.#signal("SIGKILL"), timeoutMs);
    await this.end;
    clearTimeout(timer);
  }

  #signal(name: Deno.Signal): void {
    if (this.ended.aborted) return;
    try {
      this.#child.kill(name);
    } catch {
      // It ended just now.
    }
  }

  async #follow(log: AppLog): Promise<string> {
    const enough = new AbortController();
    const reading = Promise.all([
      log.read(this.#child.stdout, enough.signal),
      log.read(this.#child.stderr, enough.signal),
    ]);
    const { code, signal } = await this.#child.status;
    // A process that it started may hold on to the pipes.
    const timer = setTimeout(() => enough.abort(), OUTPUT_MS_MAX);
    await reading;
    clearTimeout(timer);
    const how = signal === null ? `exit code ${code}` : signal;
    this.#ended.abort(new Error(`its process ended with ${how}`));
    return how;
  }
}
