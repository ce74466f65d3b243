/** Reading what the Machines API answered, where it takes more than a status.
 * @module
 */
import { FlyhotError } from "../../errors.ts";
import type { HttpAnswer } from "../../http.ts";
import { isRecord } from "../../base/values.ts";

/** How a command in a machine ended. */
export interface ExecOutcome {
  /** Its exit code. */
  readonly code: number;
  /** What it wrote to standard output. */
  readonly stdout: string;
  /** What it wrote to standard error. */
  readonly stderr: string;
}

/** Reads how a command ended; `what` is what the attempt is called in errors. */
export function execOutcome(answer: HttpAnswer, what: string): ExecOutcome {
  // An older init refuses what newer ones run and end with 127, as a shell does.
  if (answer.status >= 400) {
    return { code: 127, stdout: "", stderr: messageOf(answer.body) };
  }
  const outcome = jsonOf(answer);
  if (!isRecord(outcome)) throw unreadable(what);
  const { exit_code, exit_signal, stdout, stderr } = outcome;
  // A process ended by a signal has no code of its own; shells say 128 and the signal.
  const signal = typeof exit_signal === "number" && exit_signal > 0
    ? 128 + exit_signal
    : 0;
  return {
    code: typeof exit_code === "number" && exit_code !== 0 ? exit_code : signal,
    stdout: typeof stdout === "string" ? stdout : "",
    stderr: typeof stderr === "string" ? stderr : "",
  };
}

/** Reads an answer as JSON; throws `unexpected` where it is not. */
export function jsonOf(answer: HttpAnswer): unknown {
  try {
    return JSON.parse(answer.body);
  } catch {
    throw unreadable("read what the Machines API answered");
  }
}

function unreadable(what: string): FlyhotError {
  return new FlyhotError(
    "unexpected",
    `Cannot ${what}: the answer of the Machines API is not the JSON expected`,
    {
      hint:
        "check FLY_FLAPS_BASE_URL, and whether a proxy answers in the place of Fly",
    },
  );
}

/** Whether the API refuses an image because the registry does not know it; it has no code for that, only words. */
export function saysNoImage(answer: HttpAnswer): boolean {
  return answer.status >= 400 && answer.status < 500 &&
    /(could not find|not found|unknown|failed to (get|resolve)).{0,20}(image|manifest)|(image|manifest).{0,200}(not found|unknown)/i
      .test(answer.body);
}

/** Whether the init of a machine says that there is no such program; the API has no code for it. */
export function saysNoProgram(body: string): boolean {
  return /executable file not found|not found in \$?PATH|no such file or directory|command not found|(could not|failed to) (find|spawn|exec|start)\b.{0,80}(program|command|executable|process|os error 2)/i
    .test(messageOf(body));
}

function messageOf(body: string): string {
  try {
    const value: unknown = JSON.parse(body);
    if (isRecord(value)) {
      for (const said of [value.error, value.message]) {
        if (typeof said === "string" && said !== "") return said;
      }
    }
  } catch {
    // Plain text, then.
  }
  return body.slice(0, 1000);
}
