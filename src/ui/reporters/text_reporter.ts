/** Events as plain lines, one each: for logs and CI.
 * @module
 */
import type { HostOutput } from "../../host.ts";
import { eventLine } from "./event_line.ts";
import { oneLine } from "../format.ts";
import type { Reporter, ReportEvent } from "../reporter.ts";
import type { Paint } from "../style.ts";

/** A reporter that must be told when the conversation is over. */
export interface ClosableReporter extends Reporter {
  /** Writes what is still to be written; afterwards others may write. */
  close(): void;
}

/** Makes a reporter that writes one line for each event. */
export function textReporter(
  output: HostOutput,
  paint: Paint,
): ClosableReporter {
  return {
    emit(event: ReportEvent): void {
      const { mark, tone, text } = eventLine(event);
      output.write(`${paint(tone, mark)} ${oneLine(text)}\n`);
    },
    close(): void {},
  };
}

/** A reporter that says nothing. */
export const silentReporter: ClosableReporter = { emit() {}, close() {} };
