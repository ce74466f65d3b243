/** Which of the pointers that a machine reads it may go by.
 * @module
 */
import type { Pointer } from "../protocol/pointer.ts";

/** What to do with a pointer that was read. */
export type PointerVerdict =
  | {
    /** Go by it. */
    readonly act: "take";
    /** What to say of it, or null. */
    readonly warning: string | null;
  }
  | {
    /** Go on with what is known. */
    readonly act: "ignore";
  };

/** For how long a pointer of another lineage has to be read before it is believed, in milliseconds. */
export const STRANGER_MS = 60_000;

/**
 * Tells stale reads from pointers that were made again: within a lineage the revision only grows, and another lineage
 * is believed once it has been read for a minute.
 */
export class PointerWatch {
  #known: Pick<Pointer, "lineage" | "revision"> | null = null;
  #stranger: { readonly lineage: string; readonly since: number } | null = null;

  /**
   * Judges a pointer that was read, and remembers it where it is to be taken.
   *
   * @param read the pointer
   * @param now the time on the clock that never jumps, in milliseconds
   * @returns what to do with it
   */
  judge(
    { lineage, revision }: Pick<Pointer, "lineage" | "revision">,
    now: number,
  ): PointerVerdict {
    const known = this.#known;
    let warning: string | null = null;
    if (known && lineage && known.lineage && lineage !== known.lineage) {
      if (this.#stranger?.lineage !== lineage) {
        this.#stranger = { lineage, since: now };
      }
      if (now - this.#stranger.since < STRANGER_MS) return { act: "ignore" };
      warning =
        `the pointer was made again: revision ${revision} of ${lineage} is taken, where revision ${known.revision} of ${known.lineage} was known`;
    } else if (known && revision < known.revision) {
      // An eventually consistent bucket may answer with an older one.
      return { act: "ignore" };
    }
    this.#stranger = null;
    this.#known = lineage === undefined ? { revision } : { lineage, revision };
    return { act: "take", warning };
  }
}
