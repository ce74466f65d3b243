/** Events on a terminal: machines as a table that changes in place.
 * @module
 */
import type { HostOutput } from "../../host.ts";
import type { EventLine } from "./event_line.ts";
import { clip, fold, oneLine } from "../format.ts";
import { advance, draw, drawEnd, IDLE, type LiveState } from "./live_view.ts";
import type { ReportEvent } from "../reporter.ts";
import type { Paint } from "../style.ts";
import type { ClosableReporter } from "./text_reporter.ts";

/** Makes a reporter that draws over its own last lines. */
export function liveReporter(
  output: HostOutput,
  paint: Paint,
): ClosableReporter {
  let state: LiveState = IDLE;
  let drawn = 0;
  const paintLines = (
    settled: readonly EventLine[],
    live: readonly EventLine[],
  ) => {
    const width = Math.max(20, output.columns - 3);
    const text = ({ mark, tone, text }: EventLine) =>
      `${paint(tone, mark)} ${oneLine(text)}\n`;
    const whole = (line: EventLine) =>
      line.mark === "|" ? text(line) : fold(text(line), output.columns);
    // Only what is drawn over later must not wrap; what another program said is whole.
    const clipped = (line: EventLine) =>
      text({ ...line, text: clip(oneLine(line.text), width) });
    // Up to where the last drawing began, and clear all below: one write, so that nothing flickers.
    const back = drawn > 0 ? `\x1b[${drawn}A\x1b[J` : "";
    const drawing = back + settled.map(whole).join("") +
      live.map(clipped).join("");
    if (drawing !== "") output.write(drawing);
    drawn = live.length;
  };
  return {
    emit(event: ReportEvent): void {
      const next = advance(state, event);
      state = next.state;
      paintLines(next.settled, draw(state));
    },
    close(): void {
      paintLines(drawEnd(state), []);
      state = IDLE;
    },
  };
}
