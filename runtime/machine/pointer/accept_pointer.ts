/** Decides whether a pointer that was read is to be believed. Nothing here has an effect.
 * @module
 */
import type { Pointer } from "../../protocol/pointer.ts";

/** How long another pointer has to be read before it counts, in milliseconds. */
export const OTHER_LINEAGE_MS = 60_000;

/** Another pointer than the known one, and when it was first read. */
export interface OtherPointer {
  /** Its lineage; null for one without. */
  readonly lineage: string | null;
  /** When it was first read, on the clock that never jumps, in milliseconds. */
  readonly since: number;
}

/** What to do with a pointer that was read. */
type PointerDecision =
  | {
    /** Take it. */
    readonly act: "accept";
  }
  | {
    /** A stale read: leave it. */
    readonly act: "ignore";
  }
  | {
    /** It was made again: look at it once more. */
    readonly act: "wait";
    /** What to remember. */
    readonly other: OtherPointer;
    /** Whether that is news, to be warned of. */
    readonly isNew: boolean;
  };

/** Decides whether a pointer that was read is to be believed. */
export function acceptPointer(
  known: Pick<Pointer, "revision" | "lineage"> | null,
  read: Pick<Pointer, "revision" | "lineage">,
  other: OtherPointer | null,
  now: number,
): PointerDecision {
  if (known === null) return { act: "accept" };
  const same = read.lineage === known.lineage;
  // One without a lineage gets it at its next write; an older command loses it.
  const gained = known.lineage === undefined || read.lineage === undefined;
  if (same || (gained && read.revision >= known.revision)) {
    return { act: read.revision >= known.revision ? "accept" : "ignore" };
  }
  const lineage = read.lineage ?? null;
  const isNew = other === null || other.lineage !== lineage;
  const since = isNew ? now : other.since;
  if (now - since >= OTHER_LINEAGE_MS) return { act: "accept" };
  return { act: "wait", other: { lineage, since }, isNew };
}
