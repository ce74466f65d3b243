/** Finding something in a program once, whoever asks for it.
 * @module
 */
import type { Node } from "../code/nodes.ts";

/**
 * Remembers what was found in programs, as long as these are there: who loads a module asks for the same as who says how
 * steady it is.
 */
export function oncePer<T>(
  find: (program: Node) => T,
): (program: Node) => T {
  const known = new WeakMap<Node, { readonly found: T }>();
  return (program) => {
    const before = known.get(program);
    if (before) return before.found;
    const found = find(program);
    known.set(program, { found });
    return found;
  };
}
