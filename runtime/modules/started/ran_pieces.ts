/** Which functions and classes of a module have run, by what V8 tells of the text that it was given.
 * @module
 */
import type { Pieces } from "../../plan/analyze/code/pieces.ts";
import { isClass, one } from "../../plan/analyze/code/nodes.ts";
import type { Insertion } from "../keep/line_map.ts";

/** A module as it was written, and the text that is evaluated in its place. */
export interface EvaluatedText {
  /** The functions and classes, with their places in the text as Deno gives it. */
  readonly pieces: Pieces;
  /** How long that text is. */
  readonly length: number;
  /** What the runtime has put into it, in the order of its places. */
  readonly insertions: readonly Insertion[];
  /** How much stands before it. */
  readonly ahead: number;
  /** How long the text is that is evaluated. */
  readonly evaluated: number;
}

/** A function as the protocol of the inspector tells of it. */
export interface CoveredFunction {
  /** Its name; empty for none. */
  readonly functionName: string;
  /** Where it is, and how often it ran. */
  readonly ranges: readonly {
    readonly startOffset: number;
    readonly endOffset: number;
    readonly count: number;
  }[];
}

/**
 * Finds out what has run.
 *
 * @param text the module
 * @param functions all that V8 tells of it; what is not among them has not run
 * @returns the numbers of its functions and classes, in order; null where something has run that is none of them
 */
export function ranPieces(
  text: EvaluatedText,
  functions: readonly CoveredFunction[],
): number[] | null {
  const ran = new Set<number>();
  let isModule = false;
  for (const { functionName, ranges: [range] } of functions) {
    if (!range || range.count === 0) continue;
    const { startOffset, endOffset } = range;
    if (startOffset === 0 && endOffset === text.evaluated) {
      isModule = true;
      continue;
    }
    const start = placeIn(text, startOffset);
    // The runtime's own.
    if (start === null) continue;
    const end = placeIn(text, endOffset);
    if (end === null) return null;
    // Part of the code around its class.
    if (functionName === "<static_initializer>") continue;
    const number = functionName === "<instance_members_initializer>"
      ? classAround(text, start, end)
      : pieceAt(text, start, end);
    if (number === 0) return null;
    ran.add(number);
    const { constructs } = text.pieces.list[number - 1]!;
    if (constructs !== undefined) ran.add(constructs);
  }
  // Then the text is another one than was thought.
  if (!isModule) return null;
  return [...ran].sort((a, b) => a - b);
}

/** Where a place of the evaluated text is in that which Deno gave; null for what the runtime has put in. */
function placeIn(
  { ahead, length, insertions }: EvaluatedText,
  offset: number,
): number | null {
  let at = offset - ahead;
  if (at < 0) return null;
  for (const { at: place, text } of insertions) {
    if (place >= at) break;
    if (at < place + text.length) return null;
    at -= text.length;
  }
  return at <= length ? at : null;
}

/** The number of what begins and ends at two places; 0 for none. */
function pieceAt({ pieces }: EvaluatedText, start: number, end: number) {
  return 1 + pieces.list.findIndex((it) => {
    if (it.node.end !== end) return false;
    if (isClass(it.node)) return it.node.start === start;
    // V8 begins with the name, or with the parameters.
    return it.start <= start && start < one(it.node, "body")!.start;
  });
}

/** The number of the innermost class around two places; 0 for none. */
function classAround({ pieces }: EvaluatedText, start: number, end: number) {
  return 1 +
    pieces.list.findLastIndex(({ node }) =>
      isClass(node) && node.start <= start && end <= node.end
    );
}
