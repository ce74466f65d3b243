/** What an initializer is, as far as keeping its value goes.
 * @module
 */
import { field, many, type Node, one, word } from "../code/nodes.ts";
import { eachChild } from "../code/tree.ts";

/** The identifiers that a pattern declares. */
export function namesIn(pattern: Node): Node[] {
  if (pattern.type === "Identifier") return [pattern];
  const names: Node[] = [];
  const visit = (node: Node): void => {
    switch (node.type) {
      case "Identifier":
        names.push(node);
        return;
      case "Property":
        return visit(one(node, "value")!);
      case "AssignmentPattern":
        return visit(one(node, "left")!);
      default:
        eachChild(node, visit);
    }
  };
  visit(pattern);
  return names;
}

/** A constant of the language itself: nothing that could be kept. */
export function isConstant(kind: string, init: Node): boolean {
  return kind === "const" &&
    (init.type === "Literal" ||
      init.type === "TemplateLiteral" &&
        many(init, "expressions").length === 0);
}

/** `new WeakMap()`, `new WeakSet()`, `Symbol("x")`: without them, what stays can no longer be found. */
export function isWeak(init: Node): boolean {
  const callee = one(init, "callee");
  if (callee?.type !== "Identifier") return false;
  const name = word(callee, "name");
  return init.type === "NewExpression"
    ? name === "WeakMap" || name === "WeakSet"
    : init.type === "CallExpression" && name === "Symbol" &&
      field(init, "optional") !== true;
}
