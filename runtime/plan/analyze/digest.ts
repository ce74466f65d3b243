/** A digest of code that stays the same however it is laid out, and whether types are still in it.
 * @module
 */
import { isWrapper, type Node, one } from "./code/nodes.ts";
import { shortDigest } from "./code/short_digest.ts";
import { SAID, SHAPES } from "./code/shapes.ts";
import { type Found, foundOf } from "./code/tree.ts";

/** Digests a piece of code. Returns 16 hex digits. */
export function codeDigest(node: Node): string {
  // In the node itself: a function is digested for itself, and for every export that leads to it.
  const found = foundOf(node);
  return found.digest ??= shortDigest(textOf(found, ""));
}

/** All that tells code apart, however it is laid out. */
function textOf(found: Found, key: string): string {
  let at = found;
  while (isWrapper(at) && at.type !== "ChainExpression") {
    at = foundOf(one(at.self, "expression")!);
  }
  const { type, tree, index, end } = at;
  let text = `( ${key} ${type}`;
  const fields = at.self as Node & Record<string, unknown>;
  if (type === "Identifier") {
    // That a parameter is optional is about its type.
    return `${text} name ${fields.name} )`;
  }
  for (const name of SHAPES.get(type)?.said ?? SAID) {
    const value = fields[name];
    if (typeof value === "string" || value === true) {
      text += ` ${name} ${value}`;
    }
  }
  if (type === "Literal") {
    const { value, bigint, regex } = fields;
    text += ` ${
      JSON.stringify([bigint ? String(bigint) : value, regex]) ?? ""
    }`;
  } else if (type === "TemplateElement") {
    text += ` ${JSON.stringify(fields.value)}`;
  }
  for (let next = index + 1; next < end;) {
    const child = tree[next]!;
    text += ` ${textOf(child, child.key)}`;
    next = child.end;
  }
  return `${text} )`;
}
