/** Whether a value is handed to a server and to nobody else: then whoever replaces it replaces it there.
 * @module
 */
import type { ImportUse } from "../../../protocol/manifest/rebind_facts.ts";
import { flag, keyName, many, type Node, unwrap, word } from "../code/nodes.ts";
import { calleeName } from "../code/uses.ts";
import type { Code } from "../effects.ts";

/** How what stands at a place answers requests. */
export function servesBy(
  { node, key }: { readonly node: Node; readonly key: string },
  code: Code,
): ImportUse["serves"] | null {
  if (node.type === "CallExpression") {
    return key === "arguments" && isServing(node, code) ? "call" : null;
  }
  if (
    node.type !== "Property" || key !== "value" || flag(node, "computed") ||
    word(node, "kind") !== "init"
  ) return null;
  const name = keyName(node, "key");
  const object = code.resolved.parents.get(node)?.node;
  const up = object && isLast(node, object) && code.roots.above(object);
  if (!up) return null;
  if (name === "fetch" && up.node.type === "ExportDefaultDeclaration") {
    return "default";
  }
  return name === "handler" && up.node.type === "CallExpression" &&
      isServing(up.node, code) &&
      unwrap(many(up.node, "arguments")[0]!) === object
    ? "call"
    : null;
}

/** Whether nothing that is written behind it takes the place of a member of an object. */
function isLast(property: Node, object: Node): boolean {
  const all = many(object, "properties");
  const name = keyName(property, "key");
  return all.slice(all.indexOf(property) + 1).every((it) =>
    it.type === "Property" && !flag(it, "computed") &&
    keyName(it, "key") !== name
  );
}

/** Whether it opens a server, which calls what it is given. */
function isServing(call: Node, { resolved }: Code): boolean {
  return calleeName(call, resolved) === "Deno.serve" &&
    many(call, "arguments").every(({ type }) => type !== "SpreadElement");
}
