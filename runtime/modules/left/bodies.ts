/** Where what a function does begins and ends in a text.
 * @module
 */
import { field, many, type Node, one } from "../../plan/analyze/code/nodes.ts";

/** What a function does: the inside of a block, or the value of an expression. */
export interface Body {
  /** Where it begins: behind the directives of a block, or behind an arrow. */
  readonly from: number;
  /** Where it ends. */
  readonly to: number;
  /** Whether it is an expression. */
  readonly isExpression: boolean;
}

/** What a function does; null where nobody can tell where that begins. */
export function bodyOf(text: string, fn: Node): Body | null {
  const body = one(fn, "body")!;
  if (body.type === "BlockStatement") {
    const directives = many(body, "body").filter((it) =>
      typeof field(it, "directive") === "string"
    );
    const from = directives.at(-1)?.end ?? body.start + 1;
    return { from, to: body.end - 1, isExpression: false };
  }
  // Parentheses around it belong to nobody.
  const before = many(fn, "params").at(-1)?.end ?? fn.start;
  const arrow = /^(?:async\b)?\s*\(?[\s,]*\)?\s*=>/.exec(
    text.slice(before, body.start),
  );
  if (!arrow) return null;
  return { from: before + arrow[0].length, to: fn.end, isExpression: true };
}
