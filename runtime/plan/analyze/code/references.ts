/** Which identifiers refer to something, and to which declaration in the scopes around them.
 * @module
 */
import { flag, many, type Node, one, unwrap, word } from "./nodes.ts";
import type { Scope } from "./bindings.ts";
import { type Found, foundOf } from "./tree.ts";

/**
 * Refers every identifier to its declaration.
 *
 * @param tree the module
 * @param scopes the scope of each node, by its place
 * @returns identifiers without a declaration, by name
 */
export function referTo(
  tree: readonly Found[],
  scopes: readonly Scope[],
): Map<string, Node[]> {
  const globals = new Map<string, Node[]>();
  for (let at = 0; at < tree.length; at++) {
    const found = tree[at]!;
    switch (found.type) {
      case "Identifier":
      case "JSXIdentifier": {
        const around = found.around!;
        if (isReference(found, around)) {
          refer(found, scopes[around.index]!, globals);
        }
        break;
      }
      case "ImportDeclaration":
        at = found.end - 1;
        break;
      case "ExportNamedDeclaration":
        // The names of `export { x } from` are those of the other module.
        if (one(found.self, "source")) at = found.end - 1;
        break;
      case "AssignmentExpression":
        markTarget(one(found.self, "left"));
        break;
      case "UpdateExpression":
        markTarget(one(found.self, "argument"));
        break;
      case "UnaryExpression":
        if (word(found.self, "operator") === "delete") {
          markTarget(one(found.self, "argument"));
        }
        break;
      case "ForInStatement":
      case "ForOfStatement": {
        const left = one(found.self, "left");
        if (left && left.type !== "VariableDeclaration") markTarget(left);
        break;
      }
    }
  }
  return globals;
}

function refer(
  found: Found,
  scope: Scope,
  globals: Map<string, Node[]>,
): void {
  const node = found.self;
  const name = word(node, "name");
  for (let at: Scope | null = scope; at; at = at.parent) {
    const binding = at.names?.get(name);
    if (!binding) continue;
    binding.references.push(node);
    found.binding = binding;
    if (found.isTarget) binding.assigned.push(valueOf(found));
    return;
  }
  const known = globals.get(name);
  if (known) known.push(node);
  else globals.set(name, [node]);
}

function isReference({ self, key, binding }: Found, around: Found): boolean {
  if (binding !== null) return false;
  const parent = around.self;
  switch (around.type) {
    case "MemberExpression":
      return key === "object" || flag(parent, "computed");
    case "Property":
    case "MethodDefinition":
    case "PropertyDefinition":
    case "AccessorProperty":
      return key !== "key" || flag(parent, "computed");
    case "ExportSpecifier":
      return key === "local";
    case "ExportAllDeclaration":
    case "LabeledStatement":
    case "BreakStatement":
    case "ContinueStatement":
    case "MetaProperty":
    case "ImportAttribute":
    case "TSEnumMember":
    case "TSModuleDeclaration":
      return key === "initializer";
    case "JSXAttribute":
    case "JSXNamespacedName":
    case "JSXClosingElement":
      return false;
    case "JSXOpeningElement":
      // A tag in lower case is text, not a name.
      return !/^[a-z]/.test(word(self, "name"));
    case "JSXMemberExpression":
      return key === "object";
  }
  return true;
}

function valueOf({ key, around }: Found): Node | null {
  return around?.type === "AssignmentExpression" && key === "left"
    ? one(around.self, "right")
    : null;
}

function markTarget(node: Node | null): void {
  if (!node) return;
  const inner = unwrap(node);
  switch (inner.type) {
    case "Identifier":
    case "MemberExpression":
      foundOf(inner).isTarget = true;
      return;
    case "AssignmentPattern":
      return markTarget(one(inner, "left"));
    case "RestElement":
      return markTarget(one(inner, "argument"));
    case "ArrayPattern":
      for (const item of many(inner, "elements")) markTarget(item);
      return;
    case "ObjectPattern":
      for (const item of many(inner, "properties")) {
        markTarget(item.type === "RestElement" ? item : one(item, "value"));
      }
  }
}
