/** What a machine's processes wrote, kept within bounds.
 * @module
 */
import { LogFile } from "../../computer/log_file.ts";

/** One line of a machine's log. */
export interface LogLine {
  readonly machineId: string;
  /** When it was read, RFC 3339. */
  readonly at: string;
  /** Who wrote it; `fly` is the sandbox itself. */
  readonly from: "stdout" | "stderr" | "fly";
  /** The line without its end. */
  readonly text: string;
}

const LINES_MAX = 2000;
const LINE_LENGTH_MAX = 16_384;
const FILE_BYTES_MAX = 1_048_576;

/** Keeps the newest lines in memory and about the newest 2 MiB in a file and its predecessor `<file>.1`. */
export class MachineLog {
  readonly #file: LogFile;
  readonly #machineId: string;
  readonly #tell: (line: LogLine) => void;
  readonly #lines: LogLine[] = [];
  readonly #encoder = new TextEncoder();
  #sinceStart = 0;
  #open = true;

  constructor(
    path: string,
    machineId: string,
    tell: (line: LogLine) => void,
  ) {
    this.#machineId = machineId;
    this.#tell = tell;
    this.#file = new LogFile(path, FILE_BYTES_MAX);
  }

  /** Takes one line; nothing happens after `close()`. */
  append(from: LogLine["from"], text: string): void {
    if (!this.#open) return;
    const line: LogLine = {
      machineId: this.#machineId,
      at: new Date().toISOString(),
      from,
      text: text.slice(0, LINE_LENGTH_MAX),
    };
    this.#lines.push(line);
    this.#sinceStart++;
    if (this.#lines.length > LINES_MAX) this.#lines.shift();
    this.#file.append(
      this.#encoder.encode(`${line.at} [${from}] ${line.text}\n`),
    );
    this.#tell(line);
  }

  /** The newest lines, up to 2000, oldest first. */
  lines(): readonly LogLine[] {
    return [...this.#lines];
  }

  /** Marks a start of the machine, for {@linkcode linesSinceStart}. */
  markStart(): void {
    this.#sinceStart = 0;
  }

  /** Those of the newest lines that came since the machine was last started, oldest first. */
  linesSinceStart(): readonly LogLine[] {
    return this.#lines.slice(
      Math.max(0, this.#lines.length - this.#sinceStart),
    );
  }

  /** Closes the file; the lines stay readable. */
  close(): void {
    if (!this.#open) return;
    this.#open = false;
    this.#file.close();
  }
}
