/** How a command's answer and its error reach the outside: the answer on stdout, the talk on stderr.
 * @module
 */
import type { FlyhotError } from "../errors.ts";
import type { Host } from "../host.ts";
import { oneLine } from "./format.ts";
import { paintFor } from "./style.ts";

/** What a command answers, in both forms. */
export interface Answer {
  /** For people; may have several lines. */
  readonly text: string;
  /** For programs: one JSON value. */
  readonly json: unknown;
}

/** Writes at most one answer. */
export class AnswerWriter {
  readonly #host: Pick<Host, "stdout" | "stderr" | "env">;
  readonly #asJson: boolean;
  #answered = false;

  /**
   * @param host where to
   * @param asJson whether stdout gets JSON
   */
  constructor(host: Pick<Host, "stdout" | "stderr" | "env">, asJson: boolean) {
    this.#host = host;
    this.#asJson = asJson;
  }

  /**
   * Writes the answer.
   *
   * @param answer the answer
   * @throws {Error} if there was one already
   */
  answer(answer: Answer): void {
    if (this.#answered) throw new Error("Cannot answer twice");
    this.#answered = true;
    const text = this.#asJson
      ? JSON.stringify(answer.json, null, 2)
      : answer.text.trimEnd();
    this.#host.stdout.write(`${text}\n`);
  }

  /**
   * Writes an error: sentences on stderr, with JSON also one value on stdout unless the answer is out already.
   *
   * @param error the error
   */
  error(error: FlyhotError): void {
    const paint = paintFor(this.#host, this.#host.stderr);
    const lines = [`${paint("bad", "error:")} ${oneLine(error.message)}`];
    if (error.hint !== null) {
      lines.push(`${paint("info", "hint:")} ${oneLine(error.hint)}`);
    }
    this.#host.stderr.write(`${lines.join("\n")}\n`);
    if (!this.#asJson || this.#answered) return;
    this.answer({
      text: "",
      json: {
        error: {
          code: error.code,
          message: error.message,
          hint: error.hint,
          exit_code: error.exitCode,
        },
      },
    });
  }
}
