/** Questions to the person at the terminal.
 * @module
 */
import type { Host } from "../host.ts";
import { type DiffLine, diffText } from "./line_diff.ts";
import { oneLine } from "./format.ts";
import { paintFor } from "./style.ts";

/** Shows what a file is to become. */
export function showDiff(
  title: string,
  lines: readonly DiffLine[],
  host: Pick<Host, "stderr" | "env">,
): void {
  const paint = paintFor(host, host.stderr);
  const shown = lines.map((line) => {
    const text = diffText({ ...line, text: withoutControls(line.text) });
    if (line.kind === "added") return paint("good", text);
    return line.kind === "removed" ? paint("bad", text) : paint("dim", text);
  });
  host.stderr.write(
    `${[paint("strong", title), ...shown].join("\n")}\n\n`,
  );
}

/**
 * Asks a question that is answered with yes or no; whatever is not yes is no, also where nobody can be asked or
 * all input has ended.
 */
export async function confirm(
  question: string,
  host: Pick<Host, "stdin" | "stderr" | "env">,
  signal?: AbortSignal,
): Promise<boolean> {
  if (host.stdin === null) return false;
  const paint = paintFor(host, host.stderr);
  host.stderr.write(`${paint("info", "?")} ${oneLine(question)} [y/N] `);
  let line: string | null = null;
  try {
    line = await host.stdin.readLine(signal);
  } finally {
    // Nobody pressed Enter.
    if (line === null) host.stderr.write("\n");
  }
  return /^\s*y(es)?\s*$/i.test(line ?? "");
}

/** Tabs stay: they are how files are indented. */
function withoutControls(text: string): string {
  return text.split("\t").map(oneLineKeepingEnd).join("\t");
}

function oneLineKeepingEnd(text: string): string {
  return text === "" ? "" : oneLine(`${text}|`).slice(0, -1);
}
