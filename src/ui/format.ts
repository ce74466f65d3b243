/** Values as people read them.
 * @module
 */
import { shownText } from "@flyhot/runtime/protocol";

export { oneLine } from "../base/one_line.ts";

/** Writes a length in bytes with three digits at most. */
export function formatBytes(bytes: number): string {
  const units = ["B", "kB", "MB", "GB", "TB"];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit++;
  }
  const digits = unit === 0 || value >= 99.95 ? 0 : 1;
  return `${value.toFixed(digits)} ${units[unit]}`;
}

/** Writes a duration. */
export function formatDuration(ms: number): string {
  if (ms < 999.5) return `${Math.round(ms)} ms`;
  if (ms < 59_950) return `${(ms / 1000).toFixed(1)} s`;
  const seconds = Math.round(ms / 1000);
  const minutes = Math.floor(seconds / 60);
  const rest = seconds % 60;
  return rest === 0 ? `${minutes} min` : `${minutes} min ${rest} s`;
}

/** Writes a number of things. */
export function formatCount(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? "" : "s"}`;
}

/** Aligns rows in columns, two blanks apart. */
export function formatTable(
  rows: readonly (readonly string[])[],
): readonly string[] {
  const widths: number[] = [];
  for (const row of rows) {
    for (const [index, cell] of row.entries()) {
      widths[index] = Math.max(widths[index] ?? 0, widthOf(cell));
    }
  }
  // A column in which nobody has anything would only tear a hole.
  const used = (_cell: string, index: number) => widths[index]! > 0;
  const pad = (cell: string, width: number) =>
    cell + " ".repeat(Math.max(0, width - widthOf(cell)));
  return rows.map((row) =>
    row.map((cell, index) => pad(cell, widths[index]!))
      .filter(used).join("  ").trimEnd()
  );
}

/** Cuts a line that is too long for the terminal. */
export function clip(line: string, columns: number): string {
  const characters = [...line];
  return characters.length <= columns
    ? line
    : `${characters.slice(0, Math.max(0, columns - 1)).join("")}…`;
}

/**
 * Makes text of several lines safe to show: line ends and colors stay, every other character that a terminal would obey is
 * escaped.
 */
export function safeLines(text: string): string {
  // deno-lint-ignore no-control-regex -- colors are made by flyhot itself
  return text.split(/(\n|\t|\x1b\[[0-9;]*m)/)
    .map((piece, index) => index % 2 === 1 ? piece : shownText(piece))
    .join("");
}

/** Breaks text into lines at blanks. */
export function wrap(text: string, columns: number): readonly string[] {
  const lines: string[] = [];
  let line = "";
  for (const word of text.split(/\s+/)) {
    if (line !== "" && widthOf(line) + 1 + widthOf(word) > columns) {
      lines.push(line);
      line = word;
    } else {
      line = line === "" ? word : `${line} ${word}`;
    }
  }
  if (line !== "") lines.push(line);
  return lines;
}

/**
 * Breaks the long lines of a text at blanks, and goes on below where their last column begins: a terminal would cut
 * through words. What is too long for any line stays where it is.
 */
export function fold(text: string, columns: number): string {
  return text.split("\n").flatMap((line) =>
    widthOf(line) <= columns ? [line] : folded(line, columns)
  ).join("\n");
}

function folded(line: string, columns: number): string[] {
  const room = Math.floor(columns / 2);
  const blanks = " ".repeat(/^ */.exec(line)![0].length + 2);
  const gap = [...line.matchAll(/\S {2,}(?=\S)/g)]
    .map(({ index, 0: { length } }) => widthOf(line.slice(0, index + length)))
    .findLast((width) => width <= room);
  const indents = [...(gap === undefined ? [] : [" ".repeat(gap)]), blanks];
  const lines: string[] = [];
  let begun = "";
  for (const [piece] of line.matchAll(/ *[^ ]+/g)) {
    const next = widthOf(begun + piece) <= columns
      ? undefined
      : indents.map((indent) => indent + piece.trimStart())
        .find((it) => widthOf(it) <= columns);
    if (next !== undefined && begun.trim() !== "") {
      lines.push(begun);
      begun = next;
    } else {
      begun += piece;
    }
  }
  return [...lines, begun];
}

/** How many characters are seen: colors take no room. */
function widthOf(text: string): number {
  // deno-lint-ignore no-control-regex -- colors are made by flyhot itself
  return [...text.replace(/\x1b\[[0-9;]*m/g, "")].length;
}
