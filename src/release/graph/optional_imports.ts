/** Imports that a program goes on without: their failure is caught where they stand.
 * @module
 */
import {
  eachChild,
  isFunction,
  many,
  nameOf,
  type Node,
  one,
} from "@flyhot/runtime/plan";
import { parseScript } from "./analysis/analyze.ts";

/** Names the specifiers of a script whose every `import()` is caught. None of a script that cannot be parsed. */
export function optionalImports(path: string, source: string): Set<string> {
  const optional = new Set<string>();
  const needed = new Set<string>();
  const visit = (node: Node, isCaught: boolean): void => {
    if (node.type === "ImportExpression") {
      const specifier = one(node, "source");
      const value = specifier && (specifier as { value?: unknown }).value;
      if (typeof value === "string") (isCaught ? optional : needed).add(value);
    }
    const parts = caughtParts(node);
    eachChild(
      node,
      (child) =>
        visit(child, isCaught && !isFunction(child) || parts.has(child)),
    );
  };
  try {
    visit(parseScript(path, source), false);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return new Set();
  }
  return optional.difference(needed);
}

/** The parts of a node whose failures it catches. */
function caughtParts(node: Node): ReadonlySet<Node> {
  const parts = new Set<Node>();
  const add = (part: Node | null) => {
    if (part) parts.add(part);
  };
  if (node.type === "TryStatement") {
    if (one(node, "handler")) add(one(node, "block"));
  } else if (node.type === "CallExpression") {
    const callee = one(node, "callee");
    const args = many(node, "arguments");
    if (callee?.type !== "MemberExpression") return parts;
    const name = nameOf(one(callee, "property"));
    // What is called, and the promise in it, is one expression.
    if (name === "catch" || name === "then" && args.length > 1) add(callee);
    if (name === "allSettled") { for (const it of args) add(it); }
  }
  return parts;
}
