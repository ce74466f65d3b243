/** The values of one module instance, and what an attempt takes over from those that are in.
 * @module
 */
import type { Entry } from "./kept_entry.ts";

/** One module instance. */
export interface Instance {
  readonly place: string;
  readonly attempt: number;
  readonly entries: Map<string, Entry>;
  /** Names whose initializer ran more than once. */
  readonly twice: Set<string>;
  /** What functions and expressions have made while modules were evaluated, and which these were. */
  readonly evaluated: Map<string, Set<string>>;
  /** Names that were taken. */
  readonly taken: Set<string>;
}

/** What an attempt takes over. */
export interface Staged {
  readonly attempt: number;
  /** `place#name` of everything that is to be taken. */
  readonly names: ReadonlySet<string>;
  readonly instances: Map<string, Instance>;
  /** Whether initializers may still take values. */
  open: boolean;
  /** What was taken: from whom, and what a variable was then. */
  readonly pairs: Pair[];
}

/** A value that was taken: by whom, and from whom. */
export interface Pair {
  readonly key: string;
  readonly from: Instance;
  readonly to: Instance;
  readonly name: string;
  /** What the variable was when both were last the same. */
  last: unknown;
}

/** A module instance that has no values yet. */
export function newInstance(place: string, attempt: number): Instance {
  return {
    place,
    attempt,
    entries: new Map(),
    twice: new Set(),
    evaluated: new Map(),
    taken: new Set(),
  };
}
