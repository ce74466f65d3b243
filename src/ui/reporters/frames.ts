/** The same thing shown again and again: in place on a terminal, one after the other elsewhere.
 * @module
 */
import type { HostOutput } from "../../host.ts";
import type { EventLine } from "./event_line.ts";
import { clip, oneLine } from "../format.ts";
import type { Paint } from "../style.ts";

/** One line of a frame: text alone, or with a mark in front. */
export type FrameLine = string | EventLine;

/** Shows frames. */
interface FrameWriter {
  /** Shows a frame in place of the one before, or below it. */
  show(lines: readonly FrameLine[]): void;
}

/** Makes a writer of frames. */
export function frameWriter(output: HostOutput, paint: Paint): FrameWriter {
  let drawn = 0;
  let isFirst = true;
  const text = (line: FrameLine) => {
    const width = output.isTerminal ? Math.max(20, output.columns - 1) : null;
    const fit = (it: string, room: number) =>
      width === null ? oneLine(it) : clip(oneLine(it), width - room);
    return typeof line === "string"
      ? `${fit(line, 0)}\n`
      : `${paint(line.tone, line.mark)} ${fit(line.text, 2)}\n`;
  };
  return {
    show(lines): void {
      const shown = output.isTerminal ? fitting(lines, output.rows) : lines;
      const before = output.isTerminal
        ? drawn > 0 ? `\x1b[${drawn}A\x1b[J` : ""
        : isFirst
        ? ""
        : "\n";
      // One write, so that nothing flickers.
      output.write(before + shown.map(text).join(""));
      drawn = shown.length;
      isFirst = false;
    },
  };
}

/** What would scroll away at the top could not be drawn over any more. */
function fitting(
  lines: readonly FrameLine[],
  rows: number | undefined,
): readonly FrameLine[] {
  const room = Math.max(3, (rows ?? 24) - 1);
  if (lines.length <= room) return lines;
  const hidden = lines.length - room + 1;
  return [...lines.slice(0, room - 1), `and ${hidden} more lines`];
}
