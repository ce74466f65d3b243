/** What is called without a name that stands for it.
 * @module
 */
import { type Node, one, unwrap } from "../nodes.ts";

const NAMELESS =
  /^(?:Conditional|Logical|Sequence|Assignment|Class|Object|Array|New)Expression$/;

/** What is called without a name that stands for it: `(isTest ? fake : real)()`, `new (class extends Base {})()`. */
export function nameless(call: Node): Node[] {
  for (let at: Node | null = call; at !== null;) {
    if (at !== call && NAMELESS.test(at.type)) return [at];
    const next: Node | null = one(at, "callee") ?? one(at, "tag") ??
      (at.type === "MemberExpression" ? one(at, "object") : null);
    at = next && unwrap(next);
  }
  return [];
}
