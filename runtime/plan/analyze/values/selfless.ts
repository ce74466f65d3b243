/** Functions in objects that have nothing to do with the objects.
 * @module
 */
import type { ExportFact } from "../../../protocol/manifest/module_analysis.ts";
import type { Node } from "../code/nodes.ts";
import { eachChild } from "../code/tree.ts";

/** An object of whose functions nobody knows what they are by now. */
export function withSelves(fact: ExportFact): ExportFact {
  const fields = Object.entries(fact.fields ?? {}).map(([name, it]) => {
    const { selfless: _, ...rest } = it;
    return [name, rest] as const;
  });
  return { ...fact, fields: Object.fromEntries(fields) };
}

/** Whether `this` or `super` stands in a function, or in what stands in it. */
export function saysThis(node: Node): boolean {
  if (node.type === "ThisExpression" || node.type === "Super") return true;
  let found = false;
  eachChild(node, (child) => {
    found ||= saysThis(child);
  });
  return found;
}
