/** A digest of code that stays the same however it is laid out, and whether types are still in it.
 * @module
 */
import { hash } from "node:crypto";
import { field, isWrapper, type Node, one } from "./code/nodes.ts";
import { eachChild, foundOf } from "./code/tree.ts";

const SAID = [
  "name",
  "operator",
  "kind",
  "computed",
  "static",
  "async",
  "generator",
  "optional",
  "delegate",
  "prefix",
];

/** Digests a piece of code. Returns 16 hex digits. */
export function codeDigest(node: Node): string {
  // In the node itself: a function is digested for itself, and for every export that leads to it.
  return foundOf(node).digest ??= digestOf(node);
}

function digestOf(node: Node): string {
  const said: string[] = [];
  const write = (at: Node, key: string): void => {
    if (isWrapper(at) && at.type !== "ChainExpression") {
      return write(one(at, "expression")!, key);
    }
    said.push("(", key, at.type);
    if (at.type === "Identifier") {
      const { name, optional } = at as Node & Record<string, unknown>;
      said.push("name", String(name));
      if (optional === true) said.push("optional", "true");
      said.push(")");
      return;
    }
    for (const name of SAID) {
      const value = field(at, name);
      if (typeof value === "string" || value === true) {
        said.push(name, String(value));
      }
    }
    if (at.type === "Literal") {
      const { value, bigint, regex } = at as Node & Record<string, unknown>;
      said.push(JSON.stringify([bigint ? String(bigint) : value, regex]) ?? "");
    }
    if (at.type === "TemplateElement") {
      said.push(JSON.stringify(field(at, "value")));
    }
    eachChild(at, write);
    said.push(")");
  };
  write(node, "");
  return hash("sha256", said.join(" "), "hex").slice(0, 16);
}
