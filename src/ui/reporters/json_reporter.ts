/** Events as lines of JSON: for another program that follows.
 * @module
 */
import type { Reporter, ReportEvent } from "../reporter.ts";

/** Makes a reporter that hands every event on as a line of JSON. */
export function jsonReporter(write: (line: string) => void): Reporter {
  return {
    emit(event: ReportEvent): void {
      write(`${JSON.stringify(event)}\n`);
    },
  };
}
