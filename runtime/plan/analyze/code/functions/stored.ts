/** What is put into collections and objects after they were made.
 * @module
 */
import type { Binding } from "../bindings.ts";
import { isWrapper, keyName, many, type Node, one } from "../nodes.ts";
import { ELEMENT, type Resolved } from "../scope.ts";

/** Something that was put somewhere. */
export interface Stored {
  /** Under which member; `[]` for one of those of a collection. */
  readonly key: string;
  readonly value: Node;
}

/** Which argument collections take in. */
const TAKEN: ReadonlyMap<string, number> = new Map([
  ["add", 0],
  ["push", 0],
  ["set", 1],
  ["unshift", 0],
]);
const known = new WeakMap<Binding, readonly Stored[]>();

/** What is put into what a variable of the module holds, wherever that is done by its name. */
export function storedIn(
  binding: Binding,
  resolved: Resolved,
): readonly Stored[] {
  let found = known.get(binding);
  if (!found) {
    found = binding.references.flatMap((it) => storedAt(it, resolved));
    known.set(binding, found);
  }
  return found;
}

function storedAt(reference: Node, { parents, targets }: Resolved): Stored[] {
  const above = (node: Node) => {
    let up = parents.get(node);
    while (up && isWrapper(up.node)) up = parents.get(up.node);
    return up;
  };
  const found: Stored[] = [];
  for (let at = reference;;) {
    const up = above(at);
    if (up?.node.type !== "MemberExpression" || up.key !== "object") break;
    const key = keyName(up.node, "property") ?? ELEMENT;
    const next = above(up.node);
    if (next?.node.type === "AssignmentExpression" && targets.has(up.node)) {
      const value = one(next.node, "right");
      if (value) found.push({ key, value });
      break;
    }
    if (next?.node.type !== "CallExpression" || next.key !== "callee") break;
    const index = TAKEN.get(key);
    if (index === undefined) break;
    const value = many(next.node, "arguments")[index];
    if (value) found.push({ key: ELEMENT, value });
    // `set()` and `add()` give what they were called on.
    at = next.node;
  }
  return found;
}
