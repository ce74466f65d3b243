/** Commands run in a machine beside its main process.
 * @module
 */
import { notRun } from "./main_process.ts";
import { PlatformError } from "../../machines_api/platform_error.ts";
import {
  ProcessGroup,
  type ProcessRegister,
  type Signal,
} from "../../computer/processes.ts";

/** What to run. */
export interface MachineExecOptions {
  readonly command: readonly string[];
  /** What it reads. Default nothing. */
  readonly stdin?: string;
  /** How long it may take, in milliseconds. */
  readonly timeoutMs: number;
  /** Kills it early. */
  readonly signal?: AbortSignal;
}

/** What a command left. */
export interface MachineExecOutcome {
  /** Its exit code; 127 if it could not be run. */
  readonly exitCode: number;
  /** The number of the signal that ended it, or 0. */
  readonly exitSignal: number;
  /** What it wrote to standard output. */
  readonly stdout: string;
  /** What it wrote to standard error, likewise. */
  readonly stderr: string;
}

/** What Fly passes on of a command's output, in bytes; more is refused. */
const OUTPUT_BYTES_MAX = 2.5 * 1024 * 1024;

/** The commands that run in one machine now. */
export class MachineExecs {
  readonly #register: ProcessRegister;
  readonly #groups = new Set<ProcessGroup>();

  constructor(register: ProcessRegister) {
    this.#register = register;
  }

  /** Runs a command. */
  async run(
    options: MachineExecOptions,
    place: {
      readonly cwd: string;
      readonly env: Readonly<Record<string, string>>;
    },
  ): Promise<MachineExecOutcome> {
    const { command, stdin, timeoutMs, signal } = options;
    const output = { stdout: "", stderr: "" };
    let bytes = 0;
    let group: ProcessGroup;
    try {
      group = new ProcessGroup({
        command,
        ...place,
        ...(stdin === undefined ? {} : { stdin }),
        onOutput: (piece, from) => {
          bytes += new TextEncoder().encode(piece).length;
          if (bytes <= OUTPUT_BYTES_MAX) output[from] += piece;
        },
      }, this.#register);
    } catch (error) {
      const stderr = notRun(command, error);
      return { exitCode: 127, exitSignal: 0, stdout: "", stderr };
    }
    let isLate = false;
    const kill = () => group.signalAll("SIGKILL");
    const timer = setTimeout(() => {
      isLate = true;
      kill();
    }, timeoutMs);
    signal?.addEventListener("abort", kill, { once: true });
    this.#groups.add(group);
    try {
      const end = await group.ended;
      if (isLate) {
        throw new PlatformError(
          408,
          `deadline_exceeded: the command did not end within ${
            timeoutMs / 1000
          }s`,
        );
      }
      if (bytes > OUTPUT_BYTES_MAX) {
        throw new PlatformError(
          413,
          `resource_exhausted: the command wrote more than ${OUTPUT_BYTES_MAX} bytes`,
        );
      }
      return { exitCode: end.code, exitSignal: end.signal ?? 0, ...output };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener("abort", kill);
      this.#groups.delete(group);
    }
  }

  /** Sends a signal to all of them. */
  signalAll(name: Signal): void {
    for (const group of this.#groups) group.signalAll(name);
  }

  /** Fulfilled once none runs. */
  async ended(): Promise<void> {
    await Promise.all([...this.#groups].map((group) => group.ended));
  }
}
