/** How a command's answer and its error reach the outside: the answer on stdout, the talk on stderr.
 * @module
 */
import { withoutSecrets, withoutValues } from "@flyhot/runtime/protocol";
import type { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import { SECRET_VARIABLES } from "../base/secret.ts";
import { fold, oneLine, safeLines } from "./format.ts";
import { paintFor } from "./style.ts";

/** What a command answers, in both forms. */
export interface Answer {
  /** For people; may have several lines. */
  readonly text: string;
  /** For programs: one JSON value. */
  readonly json: unknown;
  /** Whether its lines may be broken at blanks where the terminal is narrower; default no: it may be to be copied. */
  readonly folds?: boolean;
  /** Lines that are not broken even so: those of differences, and what is to be copied. */
  readonly whole?: Iterable<string>;
}

/** Writes at most one answer. */
export class AnswerWriter {
  readonly #host: Pick<Host, "stdout" | "stderr" | "env">;
  readonly #asJson: boolean;
  #answered = false;

  constructor(host: Pick<Host, "stdout" | "stderr" | "env">, asJson: boolean) {
    this.#host = host;
    this.#asJson = asJson;
  }

  /** Writes the answer. */
  answer(answer: Answer): void {
    if (this.#answered) throw new Error("Cannot answer twice");
    this.#answered = true;
    const text = this.#asJson
      ? JSON.stringify(
        answer.json,
        (key, value: unknown) => {
          if (typeof value === "string") return withoutSecrets(value);
          // They are counted from 1: 0 stands for one that nobody knows.
          const isUnknown = value === 0 && /^(?:line|column)$/.test(key);
          return isUnknown ? undefined : value;
        },
        2,
      )
      : this.#folded(answer);
    this.#host.stdout.write(`${withoutValues(text, this.#secrets())}\n`);
  }

  /** Writes an error: sentences on stderr, with JSON also one value on stdout unless the answer is out already. */
  error(error: FlyhotError): void {
    const paint = paintFor(this.#host, this.#host.stderr);
    const message = this.#withoutSecrets(error.message);
    const hint = error.hint === null ? null : this.#withoutSecrets(error.hint);
    const { isTerminal, columns } = this.#host.stderr;
    const said = `${paint("bad", "error:")} ${oneLine(message)}`;
    // A hint may hold a command to be copied, and stays as it is.
    const lines = [isTerminal ? fold(said, columns) : said];
    if (hint !== null) lines.push(`${paint("info", "hint:")} ${oneLine(hint)}`);
    this.#host.stderr.write(`${lines.join("\n")}\n`);
    if (!this.#asJson || this.#answered) return;
    this.answer({
      text: "",
      json: {
        error: {
          code: error.code,
          message,
          hint,
          exit_code: error.exitCode,
        },
      },
    });
  }

  #folded({ text, folds = false, whole = [] }: Answer): string {
    const { isTerminal, columns } = this.#host.stdout;
    const safe = safeLines(text.trimEnd());
    if (!folds || !isTerminal) return safe;
    const kept = new Set([...whole].map(safeLines));
    return safe.split("\n")
      .map((line) => kept.has(line) ? line : fold(line, columns)).join("\n");
  }

  /** Whatever an error quotes: the secrets of this environment are not in it. */
  #withoutSecrets(text: string): string {
    return withoutSecrets(text, this.#secrets());
  }

  /** Where the environment may not be read, nothing of it can be shown either. */
  #read(name: string): string {
    try {
      return this.#host.env(name) ?? "";
    } catch {
      return "";
    }
  }

  /** The secrets of this environment, whole and in the pieces that are sent. */
  #secrets(): readonly string[] {
    return SECRET_VARIABLES.flatMap((name) => {
      const value = this.#read(name);
      const pieces = value.split(/[\s,]+/).filter((it) => !it.includes("---"));
      return [value, ...pieces];
    });
  }
}
