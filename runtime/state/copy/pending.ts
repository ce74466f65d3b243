/** How copies go through a state: what is still to be copied, and the way to it.
 * @module
 */
import { classNameOf } from "./value_kind.ts";

/** Takes what a state holds into its copy. */
export interface Taker {
  /** Whether plain data is wanted. */
  readonly plain: boolean;
  /** Takes a value into the copy. */
  take(value: unknown, parent: Pending | null, via: Via, key: unknown): unknown;
}

/** An object whose contents are still to be copied, and how it was reached. */
export interface Pending {
  readonly source: object;
  readonly target: object;
  readonly parent: Pending | null;
  readonly via: Via;
  readonly key: unknown;
  readonly fill: Fill;
  /** How far a large one has come. */
  at: number;
  /** What is left of a large one. */
  rest: Iterator<unknown> | null;
}

/** How one object is reached from another; put into words only where a copy is refused. */
export type Via = "root" | "member" | "element" | "map key" | "map value";

/** Copies some more contents; tells whether all are copied. */
export type Fill = (copy: Taker, pending: Pending) => boolean;

/** Puts one step of the way into words. */
export function stepOf(via: Via, key: unknown): string {
  switch (via) {
    case "root":
      return "";
    case "element":
      return `[${key}]`;
    case "map key":
      return `.keys()[${key}]`;
    case "map value":
      return `.get(${
        typeof key === "string"
          ? JSON.stringify(key)
          : typeof key === "object" && key !== null
          ? classNameOf(key)
          : String(key)
      })`;
    case "member":
      return memberStep(key as string | symbol);
  }
}

function memberStep(key: string | symbol): string {
  if (typeof key === "symbol") return `[${String(key)}]`;
  if (/^\d+$/.test(key)) return `[${key}]`;
  return /^[\p{ID_Start}$_][\p{ID_Continue}$]*$/u.test(key)
    ? `.${key}`
    : `[${JSON.stringify(key)}]`;
}
