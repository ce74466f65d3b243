/** ESTree nodes as both parsers give them, and which of them only serve types.
 * @module
 */

/** A place in the source; lines count from 1, columns from 0. */
export interface Place {
  /** The line, from 1. */
  readonly line: number;
  /** The column, from 0. */
  readonly column: number;
}

/** One node of the tree: what every node has; the rest is read by {@linkcode one}, {@linkcode many} and {@linkcode word}. */
export interface Node {
  /** The kind of node. */
  readonly type: string;
  /** Where it begins, in characters. */
  readonly start: number;
  /** Where it ends, in characters. */
  readonly end: number;
  /** The same in lines and columns. */
  readonly loc?: { readonly start: Place; readonly end: Place } | null;
}

/** Whether a value is a node. */
export function isNode(value: unknown): value is Node {
  return typeof value === "object" && value !== null &&
    typeof (value as { type?: unknown }).type === "string";
}

const NO_NODES: readonly Node[] = [];

/** The value of a field, whatever it is. */
export function field(node: Node, key: string): unknown {
  return (node as unknown as Record<string, unknown>)[key];
}

/**
 * The node in a field.
 *
 * @param node the node; null for none
 * @param key the field
 * @returns the node there, or null
 */
export function one(node: Node | null, key: string): Node | null {
  if (!node) return null;
  const value = field(node, key);
  return isNode(value) ? value : null;
}

/**
 * The nodes of a list.
 *
 * @param node the node; null for none
 * @param key the field
 * @returns the nodes there; holes are left out
 */
export function many(node: Node | null, key: string): readonly Node[] {
  if (!node) return [];
  const value = field(node, key);
  if (!Array.isArray(value)) return NO_NODES;
  // Most lists have no holes, and what holes hold is null.
  return value.includes(null) ? value.filter(isNode) : value;
}

/** The text in a field; empty if it has none. */
export function word(node: Node | null, key: string): string {
  if (!node) return "";
  const value = field(node, key);
  return typeof value === "string" ? value : "";
}

/** Whether a field is true. */
export function flag(node: Node, key: string): boolean {
  return field(node, key) === true;
}

/**
 * The name of an identifier or the value of a string in a place where both may stand, as in `export { x as "y" }`.
 *
 * @param node the identifier or string; null for none
 * @returns its name; empty for none
 */
export function nameOf(node: Node | null): string {
  if (!node) return "";
  if (node.type === "Literal") return String(field(node, "value"));
  if (node.type === "PrivateIdentifier") return `#${word(node, "name")}`;
  return word(node, "name");
}

/** Whether a node is only a wrapper around one expression: `x as T`, `x!`, `(x)`. */
export function isWrapper({ type }: Pick<Node, "type">): boolean {
  // Asked more often than anything else: texts of types are the same objects, and compared as such.
  return type === "ChainExpression" || type === "TSAsExpression" ||
    type === "TSNonNullExpression" || type === "TSSatisfiesExpression" ||
    type === "ParenthesizedExpression" || type === "TSTypeAssertion" ||
    type === "TSInstantiationExpression";
}

/**
 * The expression inside of type assertions, parentheses and optional chains.
 *
 * @param node the expression
 * @returns what they are around
 */
export function unwrap(node: Node): Node {
  let at = node;
  while (isWrapper(at)) {
    const inner = one(at, "expression");
    if (!inner) break;
    at = inner;
  }
  return at;
}

const TYPESCRIPT_CODE = new Set([
  "TSParameterProperty",
  "TSEnumDeclaration",
  "TSEnumBody",
  "TSEnumMember",
  "TSModuleDeclaration",
  "TSModuleBlock",
  "TSExportAssignment",
  "TSImportEqualsDeclaration",
]);

/** Whether a node is gone when the types are: interfaces, annotations, overloads, everything declared. */
export function isTypeOnly(node: Node): boolean {
  if (node.type.startsWith("TS")) {
    if (!TYPESCRIPT_CODE.has(node.type) && !isWrapper(node)) return true;
    return flag(node, "declare") || word(node, "importKind") === "type";
  }
  switch (node.type) {
    case "ImportDeclaration":
      return word(node, "importKind") === "type";
    case "ImportSpecifier":
      return word(node, "importKind") === "type";
    case "ExportSpecifier":
    case "ExportNamedDeclaration":
    case "ExportAllDeclaration":
      return word(node, "exportKind") === "type";
    case "MethodDefinition":
      return one(node, "value")?.type.startsWith("TS") ?? false;
    case "VariableDeclaration":
    case "FunctionDeclaration":
    case "ClassDeclaration":
    case "PropertyDefinition":
    case "AccessorProperty":
      return flag(node, "declare");
  }
  return false;
}

/** Whether a node is a function of any kind. */
export function isFunction(node: Node): boolean {
  return node.type === "FunctionDeclaration" ||
    node.type === "FunctionExpression" ||
    node.type === "ArrowFunctionExpression";
}

/** Whether a node is a class. */
export function isClass(node: Node): boolean {
  return node.type === "ClassDeclaration" || node.type === "ClassExpression";
}

/** The name of a member access or property; null if it is computed from anything but a literal. */
export function keyName(node: Node, key: "property" | "key"): string | null {
  const name = one(node, key);
  if (!name) return null;
  if (!flag(node, "computed")) return nameOf(name);
  const inner = unwrap(name);
  return inner.type === "Literal" ? String(field(inner, "value")) : null;
}

/** The parameter without decorators, defaults and modifiers. */
export function parameterOf(node: Node): Node {
  let at = node;
  for (;;) {
    const inner = at.type === "TSParameterProperty"
      ? one(at, "parameter")
      : at.type === "AssignmentPattern"
      ? one(at, "left")
      : null;
    if (!inner) return at;
    at = inner;
  }
}
