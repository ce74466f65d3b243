/** The main process of a machine, from one start to the next.
 * @module
 */
import { errorText } from "@flyhot/runtime/protocol";
import { isMissing } from "../../computer/disk.ts";
import type { MachineLog } from "../records/machine_log.ts";
import {
  lineCollector,
  type ProcessEnd,
  ProcessGroup,
  type ProcessRegister,
  type Signal,
} from "../../computer/processes.ts";

/** What to run as the main process. */
interface MainProcessStart {
  readonly command: readonly string[];
  readonly cwd: string;
  readonly env: Readonly<Record<string, string>>;
}

/** The main process of a machine; at most one runs at a time. */
export class MainProcess {
  readonly #log: MachineLog;
  readonly #register: ProcessRegister;
  readonly #onEnd: (end: ProcessEnd, requested: boolean) => void;
  readonly #hurry = new AbortController();
  #group: ProcessGroup | null = null;
  #done: Promise<void> = Promise.resolve();
  #requested = false;

  constructor(
    log: MachineLog,
    register: ProcessRegister,
    onEnd: (end: ProcessEnd, requested: boolean) => void,
  ) {
    this.#log = log;
    this.#register = register;
    this.#onEnd = onEnd;
  }

  /** Its id, or null while none runs. */
  get pid(): number | null {
    return this.#group?.pid ?? null;
  }

  /** Starts it; false if it cannot be run, and its log says why. */
  start(start: MainProcessStart): boolean {
    const lines = {
      stdout: lineCollector((line) => this.#log.append("stdout", line)),
      stderr: lineCollector((line) => this.#log.append("stderr", line)),
    };
    let group: ProcessGroup;
    try {
      group = new ProcessGroup(
        { ...start, onOutput: (piece, from) => lines[from].add(piece) },
        this.#register,
      );
    } catch (error) {
      this.#log.append("stderr", notRun(start.command, error));
      return false;
    }
    this.#group = group;
    this.#done = group.ended.then((end) => {
      for (const { end } of Object.values(lines)) end();
      this.#group = null;
      const requested = this.#requested;
      this.#requested = false;
      this.#onEnd(end, requested);
    });
    return true;
  }

  /** Ends it: a signal, then SIGKILL; fulfilled once it has ended. */
  async halt(signal: Signal, timeoutMs: number): Promise<void> {
    const group = this.#group;
    if (group === null) return;
    this.#requested = true;
    const kill = () => group.signalAll("SIGKILL");
    this.#hurry.signal.addEventListener("abort", kill, { once: true });
    const timer = setTimeout(kill, timeoutMs);
    try {
      if (signal === "SIGKILL" || this.#hurry.signal.aborted) kill();
      else group.signal(signal);
      await this.#done;
    } finally {
      clearTimeout(timer);
      this.#hurry.signal.removeEventListener("abort", kill);
    }
  }

  /** From now on every halt is a kill, those under way included. */
  hurry(): void {
    this.#hurry.abort();
  }

  /** Sends a signal to the process alone. */
  signal(name: Signal): void {
    this.#group?.signal(name);
  }

  /** Sends a signal to the process and all that it started. */
  signalAll(name: Signal): void {
    this.#group?.signalAll(name);
  }

  /** Fulfilled once none runs. */
  async ended(): Promise<void> {
    await this.#done;
  }
}

/** Says why a command could not be run. */
export function notRun(command: readonly string[], error: unknown): string {
  const why = isMissing(error)
    ? "executable file not found in $PATH"
    : errorText(error);
  return `exec: "${command[0] ?? ""}": ${why}`;
}
