/** What goes around pieces of a text, in an order in which pieces inside of others stay inside.
 * @module
 */
import type { Insertion } from "./line_map.ts";

/** Text that goes before or behind a piece of a source, or between two. */
export interface Placed extends Insertion {
  /** Whether it goes before its piece. */
  readonly opens: boolean;
  /** How many characters its piece has; 0 for what goes between two. */
  readonly size: number;
}

/** Around a piece. */
export function around(
  { start, end }: { readonly start: number; readonly end: number },
  open: string,
  close: string,
): Placed[] {
  const size = end - start;
  return [
    { at: start, text: open, opens: true, size },
    { at: end, text: close, opens: false, size },
  ];
}

/** Between two pieces. */
export function between(at: number, text: string): Placed {
  return { at, text, opens: true, size: 0 };
}

/**
 * Puts them in the order in which they go into the text. At one place, what ends there ends first, the inner before the
 * outer; what begins there begins with the outer.
 */
export function inOrder(all: readonly Placed[]): Placed[] {
  return all.toSorted((a, b) =>
    a.at - b.at || rank(a) - rank(b) ||
    (a.opens ? b.size - a.size : a.size - b.size)
  );
}

function rank({ opens, size }: Placed): number {
  return size === 0 ? 1 : opens ? 2 : 0;
}
