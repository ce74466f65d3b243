/** Lines and columns of nodes, counted in the text: parsers that note them for every node take a third longer.
 * @module
 */
import type { Node, Place } from "./nodes.ts";
import { type Found, knownOf, treeOf } from "./tree.ts";

/** The text of a tree, and where its lines begin, once somebody has asked. */
interface Text {
  readonly source: string;
  starts: readonly number[] | null;
}

const texts = new WeakMap<readonly Found[], Text>();

/** Tells what text a tree was made of; needed only where its nodes do not say where they stand. */
export function rememberText(program: Node, source: string): void {
  if (!program.loc) texts.set(treeOf(program), { source, starts: null });
}

/** Where a node begins, as people count. Returns line and column, both from 1; both 0 where nobody knows. */
export function placeOf(node: Node): Place {
  const { loc } = node;
  if (loc) return { line: loc.start.line, column: loc.start.column + 1 };
  const text = textOf(node);
  if (!text) return { line: 0, column: 0 };
  const starts = text.starts ??= startsIn(text.source);
  // The last line that begins before it.
  let low = 0, high = starts.length;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= node.start) low = middle;
    else high = middle;
  }
  return { line: low + 1, column: node.start - starts[low]! + 1 };
}

function textOf(node: Node): Text | undefined {
  const found = knownOf(node);
  return found && texts.get(found.tree);
}

function startsIn(source: string): number[] {
  const starts = [0];
  for (const { 0: end, index } of source.matchAll(/\r\n?|[\n\u2028\u2029]/g)) {
    starts.push(index + end.length);
  }
  return starts;
}
