/** Whose making, and whose evaluation, some work is part of.
 * @module
 */
import type { Work } from "./generations.ts";

/** A kept value that began something while it was made, and the code that made it. */
export interface Maker {
  /** The value, as `place#name`. */
  readonly kept: string;
  /** The attempt that has loaded that code; null for the base image. */
  readonly attempt: number | null;
}

/** The kept value whose making some work is part of; null where none is made. */
export function makerOf(work: Work | null): Maker | null {
  return work?.kept === undefined
    ? null
    : { kept: work.kept, attempt: work.attempt };
}

/** The module whose evaluation some work is part of; null where none is, or where it is not known which. */
export function evaluatedBy(work: Work | null): string | null {
  return work?.isTold === true && work.place || null;
}
