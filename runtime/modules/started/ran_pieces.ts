/** Which functions and classes of a module have run, by what V8 tells of the text that it was given.
 * @module
 */
import { piecesOf } from "../../plan/analyze/code/pieces.ts";
import { isClass, type Node, one } from "../../plan/analyze/code/nodes.ts";
import type { Insertion } from "../keep/line_map.ts";

/** Where a function or class is in the text that Deno gives. */
export interface Place {
  /** Where its definition begins. */
  readonly start: number;
  /** Where its body begins; of a class where that begins. */
  readonly body: number;
  /** Where it ends. */
  readonly end: number;
  /** Whether it is a class. */
  readonly isClass: boolean;
  /** Of a constructor, the number of its class; else 0. */
  readonly constructs: number;
}

/** Where the functions and classes of a module are. */
export interface NumberedPlaces {
  /** The kind of its text, by its functions and classes. */
  readonly shape: string;
  /** Its functions and classes, in the order of their numbers. */
  readonly places: readonly Place[];
}

/** A module as Deno gives it. */
export interface PlacedText extends NumberedPlaces {
  /** How long it is. */
  readonly length: number;
  /** What the runtime has put into it, in the order of its places. */
  readonly insertions: readonly Insertion[];
}

/** Such a module, and the text that is evaluated in its place. */
export interface EvaluatedText extends PlacedText {
  /** How much stands before it. */
  readonly ahead: number;
  /** How long the text is that is evaluated. */
  readonly evaluated: number;
}

/** Where a text ends and what leads back to its source begins. */
const MAP = "\n//# sourceMappingURL=";

/** Finds the functions and classes of a module. */
export function numberedPlaces(program: Node): NumberedPlaces {
  const { shape, list } = piecesOf(program);
  return {
    shape,
    // Without the nodes, which would keep the whole tree.
    places: list.map(({ node, start, constructs = 0 }) => ({
      start: isClass(node) ? node.start : start,
      body: isClass(node) ? node.start : one(node, "body")!.start,
      end: node.end,
      isClass: isClass(node),
      constructs,
    })),
  };
}

/** Notes where the functions and classes of a module are. */
export function placedText(
  { shape, places }: NumberedPlaces,
  text: string,
  insertions: readonly Insertion[],
): PlacedText {
  const end = text.lastIndexOf(MAP);
  return {
    shape,
    places,
    length: end === -1 ? text.length : end,
    insertions,
  };
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
 * @param isEvaluated whether the module itself has to have run as well
 * @returns the numbers of its functions and classes; null where something has run that is none of them
 */
export function ranPieces(
  text: EvaluatedText,
  functions: readonly CoveredFunction[],
  isEvaluated = true,
): Set<number> | null {
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
    const { constructs } = text.places[number - 1]!;
    if (constructs !== 0) ran.add(constructs);
  }
  // Then the text is another one than was thought.
  return isModule || !isEvaluated ? ran : null;
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
function pieceAt({ places }: EvaluatedText, start: number, end: number) {
  return 1 + places.findIndex((it) =>
    it.end === end && it.start <= start &&
    // V8 begins with the name, or with the parameters.
    (it.isClass ? start === it.body : start < it.body)
  );
}

/** The number of the innermost class around two places; 0 for none. */
function classAround({ places }: EvaluatedText, start: number, end: number) {
  return 1 +
    places.findLastIndex((it) =>
      it.isClass && it.start <= start && end <= it.end
    );
}
