/** One event as one line.
 * @module
 */
import { formatDuration } from "../format.ts";
import type { MachineStanding, ReportEvent } from "../reporter.ts";
import type { Tone } from "../style.ts";

/** A line: a mark and what follows it. */
export interface EventLine {
  /** One character. */
  readonly mark: string;
  /** The color of the mark. */
  readonly tone: Tone;
  /** The rest. */
  readonly text: string;
}

const STANDINGS: Readonly<
  Record<MachineStanding, readonly [mark: string, tone: Tone, words: string]>
> = {
  queued: ["·", "dim", "queued"],
  nudged: ["·", "info", "told"],
  pending: ["…", "info", "upgrading"],
  applied: ["✓", "good", "applied"],
  nothing_to_do: ["✓", "good", "nothing to do"],
  failed: ["✗", "bad", "failed"],
  rolled_back: ["✗", "bad", "rolled back"],
  silent: ["✗", "bad", "no answer"],
  returned: ["↩", "warn", "back on the previous release"],
  applies_at_next_start: ["-", "dim", "applies at next start"],
};

/** How a standing reads. */
export function standingWords(
  standing: MachineStanding,
): { readonly mark: string; readonly tone: Tone; readonly words: string } {
  const [mark, tone, words] = STANDINGS[standing];
  return { mark, tone, words };
}

/** Writes an event as a line. */
export function eventLine(event: ReportEvent): EventLine {
  switch (event.type) {
    case "step":
      return {
        mark: "…",
        tone: "info",
        text: joined(event.name, event.detail),
      };
    case "done":
      return {
        mark: "✓",
        tone: "good",
        text: joined(event.name, event.detail, formatDuration(event.ms)),
      };
    case "note":
      return { mark: "·", tone: "dim", text: event.text };
    case "warning":
      return { mark: "!", tone: "warn", text: event.text };
    case "machine": {
      const { mark, tone, words } = standingWords(event.standing);
      return {
        mark,
        tone,
        text: joined(`${event.id} (${event.region})`, words, event.detail),
      };
    }
    case "output":
      return {
        mark: "|",
        tone: "dim",
        text: `${event.program}: ${event.line}`,
      };
  }
}

function joined(...parts: readonly (string | undefined)[]): string {
  return parts.filter((it) => it !== undefined && it !== "").join("  ");
}
