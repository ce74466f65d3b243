/** Which variables hold what stands in their initializers and nothing else, whatever runs: whoever looks for instances and functions need not look there.
 * @module
 */
import {
  field,
  isWrapper,
  many,
  type Node,
  one,
  unwrap,
  word,
} from "../code/nodes.ts";
import type { Resolved } from "../code/scope.ts";
import { useOf } from "../code/uses.ts";
import { CALLING_METHODS, COLLECTION_READS } from "../values/known_calls.ts";
import type { Keepable } from "./keepable.ts";

/** Whether a constant of a module is a list or a record of the language's own values that its module only reads. */
export function isFixed({ id }: Keepable, resolved: Resolved): boolean {
  const binding = id ? resolved.bindings.get(id) : undefined;
  if (!binding?.top || binding.kind !== "const" || !binding.from) return false;
  const { from: { value, path }, label, name, references } = binding;
  return path.length === 0 && label === name && isTable(unwrap(value)) &&
    !isExported(binding.node, resolved) &&
    references.every((it) => it === binding.node || isRead(it, resolved));
}

/** `["a", "b"]`, `{ a: 1 }`. */
function isTable(node: Node): boolean {
  if (node.type === "ArrayExpression") {
    return many(node, "elements").every(isValue);
  }
  return node.type === "ObjectExpression" &&
    many(node, "properties").every((it) =>
      it.type === "Property" && word(it, "kind") === "init" &&
      field(it, "computed") === false &&
      // The prototype of a record may be anything.
      word(one(it, "key")!, "name") !== "__proto__" &&
      isValue(one(it, "value")!)
    );
}

function isValue(node: Node | null): boolean {
  const at = node && unwrap(node);
  return at?.type === "Literal" && field(at, "regex") === undefined ||
    at?.type === "TemplateLiteral" && many(at, "expressions").length === 0 ||
    at?.type === "UnaryExpression" && isValue(one(at, "argument"));
}

function isExported(node: Node, { parents }: Resolved): boolean {
  for (let at = parents.get(node); at; at = parents.get(at.node)) {
    if (at.node.type === "ExportNamedDeclaration") return true;
  }
  return false;
}

/** Whether only values are read of what stands there: nobody gets the list or the record itself. */
function isRead(reference: Node, resolved: Resolved): boolean {
  const { how, path } = useOf(reference, resolved);
  const [first] = path;
  if (how === "write" && path.length < 2) return false;
  if (first === undefined) return isLooped(reference, resolved);
  if (!first.endsWith("()")) return true;
  const method = first.slice(0, -2);
  return method !== "valueOf" && COLLECTION_READS.has(method) &&
    isBlind(callOn(reference, resolved), method);
}

/** `[...list]`, `for (const it of list)`, `for (const key in record)`, `key in record`. */
function isLooped(reference: Node, resolved: Resolved): boolean {
  const { node, key } = around(reference, resolved) ?? {};
  return node?.type === "SpreadElement" ||
    key === "right" && node !== undefined &&
      /^(?:For(?:Of|In)Statement|BinaryExpression)$/.test(node.type);
}

/** Whether the callback of a method sees values alone: the list itself comes behind these. */
function isBlind(call: Node | null, method: string): boolean {
  if (!call) return false;
  const [callback] = many(call, "arguments");
  if (!callback || !CALLING_METHODS.has(method)) return true;
  const it = unwrap(callback);
  const params = many(it, "params");
  return it.type === "ArrowFunctionExpression" &&
    params.length <= (method.startsWith("reduce") ? 3 : 2) &&
    params.every(({ type }) => type !== "RestElement");
}

/** The call of a member, as far as it is written as one. */
function callOn(reference: Node, resolved: Resolved): Node | null {
  const member = around(reference, resolved)?.node;
  const call = member && around(member, resolved)?.node;
  return call?.type === "CallExpression" ? call : null;
}

/** What is around an expression, but for types and parentheses. */
function around(node: Node, { parents }: Resolved) {
  let up = parents.get(node);
  while (up && isWrapper(up.node)) up = parents.get(up.node);
  return up;
}
