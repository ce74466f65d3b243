/** Whether two texts of JavaScript are the same code, however they are laid out.
 * @module
 */
import type { Node } from "../../plan/analyze/code/nodes.ts";

/** Where a node is, and how a literal is written. */
const LAYOUT = new Set(["start", "end", "raw"]);

/** Tells whether two trees of one parser say the same. */
export function isSameCode(one: Node, other: Node): boolean {
  const waiting: [unknown, unknown][] = [[one, other]];
  for (let pair = waiting.pop(); pair; pair = waiting.pop()) {
    const [a, b] = pair;
    if (Object.is(a, b)) continue;
    if (typeof a !== "object" || typeof b !== "object" || !a || !b) {
      return false;
    }
    // Of regular expressions there is another object for each.
    if (a instanceof RegExp && b instanceof RegExp) {
      if (String(a) !== String(b)) return false;
      continue;
    }
    const fields = fieldsOf(a);
    if (fields.length !== fieldsOf(b).length) return false;
    for (const key of fields) {
      if (!Object.hasOwn(b, key)) return false;
      waiting.push([
        (a as Record<string, unknown>)[key],
        (b as Record<string, unknown>)[key],
      ]);
    }
  }
  return true;
}

/** Of a template, what is written is what its function is given. */
function fieldsOf(value: object): string[] {
  const isTemplate = "cooked" in value;
  return Object.keys(value).filter((key) => isTemplate || !LAYOUT.has(key));
}
