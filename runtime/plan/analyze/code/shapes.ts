/** What nodes of each type are made of: where they have the nodes that are code, and what else of them is code.
 * @module
 */
import type { Node } from "./nodes.ts";

/** The fields of nodes that hold nodes which are code. */
export type Fields =
  & Node
  & {
    readonly [
      Key in
        | "alternate"
        | "argument"
        | "arguments"
        | "block"
        | "body"
        | "callee"
        | "cases"
        | "consequent"
        | "declaration"
        | "declarations"
        | "discriminant"
        | "elements"
        | "exported"
        | "expression"
        | "expressions"
        | "finalizer"
        | "handler"
        | "id"
        | "imported"
        | "init"
        | "key"
        | "label"
        | "left"
        | "local"
        | "meta"
        | "object"
        | "param"
        | "params"
        | "properties"
        | "property"
        | "quasi"
        | "quasis"
        | "right"
        | "superClass"
        | "tag"
        | "test"
        | "update"
        | "value"
    ]: unknown;
  };

/** Is handed what stands in the fields of a node. */
export interface Taker {
  /** Takes what may be a node. */
  one(value: unknown, key: string): void;
  /** Takes what may be a list of nodes. */
  list(value: unknown, key: string): void;
}

/** What is known of all nodes of a type. */
export class Shape {
  /** Hands out the nodes in it that are code, in the order in which both parsers set them. */
  readonly children: (node: Fields, to: Taker) => void;
  /** Texts and flags in it by which code differs. */
  readonly said: readonly string[];

  /**
   * @param children hands out the nodes in it that are code
   * @param said texts and flags in it by which code differs
   */
  constructor(
    children: (node: Fields, to: Taker) => void,
    said: readonly string[] = [],
  ) {
    this.children = children;
    this.said = said;
  }
}

/** All texts and flags by which code differs. */
export const SAID: readonly string[] = [
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

/** The types of which some nodes are gone when the types are. */
export const MAYBE_TYPES: ReadonlySet<string> = new Set([
  "ClassDeclaration",
  "ExportSpecifier",
  "FunctionDeclaration",
  "ImportSpecifier",
  "MethodDefinition",
  "PropertyDefinition",
  "VariableDeclaration",
]);

/** Those that may have decorators, which stand before or behind the name, as somebody wrote them. */
export const MAYBE_DECORATED: ReadonlySet<string> = new Set([
  "ClassDeclaration",
  "ClassExpression",
  "MethodDefinition",
  "PropertyDefinition",
]);

/**
 * The shapes by type; of a type that is not in here, every field may hold code.
 *
 * Each names its fields: looking them up by their names, in nodes of all types at the same place, took half of the walk.
 */
export const SHAPES: ReadonlyMap<string, Shape> = new Map(
  Object.entries({
    ArrayExpression: new Shape((n, to) => {
      to.list(n.elements, "elements");
    }),
    ArrayPattern: new Shape((n, to) => {
      to.list(n.elements, "elements");
    }),
    ArrowFunctionExpression: new Shape((n, to) => {
      to.list(n.params, "params");
      to.one(n.body, "body");
    }, ["async", "generator"]),
    AssignmentExpression: new Shape((n, to) => {
      to.one(n.left, "left");
      to.one(n.right, "right");
    }, ["operator"]),
    AssignmentPattern: new Shape((n, to) => {
      to.one(n.left, "left");
      to.one(n.right, "right");
    }),
    AwaitExpression: new Shape((n, to) => {
      to.one(n.argument, "argument");
    }),
    BinaryExpression: new Shape((n, to) => {
      to.one(n.left, "left");
      to.one(n.right, "right");
    }, ["operator"]),
    BlockStatement: new Shape((n, to) => {
      to.list(n.body, "body");
    }),
    BreakStatement: new Shape((n, to) => {
      to.one(n.label, "label");
    }),
    CallExpression: new Shape((n, to) => {
      to.one(n.callee, "callee");
      to.list(n.arguments, "arguments");
    }, ["optional"]),
    CatchClause: new Shape((n, to) => {
      to.one(n.param, "param");
      to.one(n.body, "body");
    }),
    ChainExpression: new Shape((n, to) => {
      to.one(n.expression, "expression");
    }),
    ClassBody: new Shape((n, to) => {
      to.list(n.body, "body");
    }),
    ClassDeclaration: new Shape((n, to) => {
      to.one(n.id, "id");
      to.one(n.superClass, "superClass");
      to.one(n.body, "body");
    }),
    ClassExpression: new Shape((n, to) => {
      to.one(n.id, "id");
      to.one(n.superClass, "superClass");
      to.one(n.body, "body");
    }),
    ConditionalExpression: new Shape((n, to) => {
      to.one(n.test, "test");
      to.one(n.consequent, "consequent");
      to.one(n.alternate, "alternate");
    }),
    ContinueStatement: new Shape((n, to) => {
      to.one(n.label, "label");
    }),
    DoWhileStatement: new Shape((n, to) => {
      to.one(n.body, "body");
      to.one(n.test, "test");
    }),
    EmptyStatement: new Shape(() => {}),
    ExportDefaultDeclaration: new Shape((n, to) => {
      to.one(n.declaration, "declaration");
    }),
    ExportSpecifier: new Shape((n, to) => {
      to.one(n.local, "local");
      if (n.exported !== n.local) to.one(n.exported, "exported");
    }),
    ExpressionStatement: new Shape((n, to) => {
      to.one(n.expression, "expression");
    }),
    ForInStatement: new Shape((n, to) => {
      to.one(n.left, "left");
      to.one(n.right, "right");
      to.one(n.body, "body");
    }),
    ForOfStatement: new Shape((n, to) => {
      to.one(n.left, "left");
      to.one(n.right, "right");
      to.one(n.body, "body");
    }),
    ForStatement: new Shape((n, to) => {
      to.one(n.init, "init");
      to.one(n.test, "test");
      to.one(n.update, "update");
      to.one(n.body, "body");
    }),
    FunctionDeclaration: new Shape((n, to) => {
      to.one(n.id, "id");
      to.list(n.params, "params");
      to.one(n.body, "body");
    }, ["async", "generator"]),
    FunctionExpression: new Shape((n, to) => {
      to.one(n.id, "id");
      to.list(n.params, "params");
      to.one(n.body, "body");
    }, ["async", "generator"]),
    Identifier: new Shape(() => {}, ["name"]),
    IfStatement: new Shape((n, to) => {
      to.one(n.test, "test");
      to.one(n.consequent, "consequent");
      to.one(n.alternate, "alternate");
    }),
    ImportDefaultSpecifier: new Shape((n, to) => {
      to.one(n.local, "local");
    }),
    ImportNamespaceSpecifier: new Shape((n, to) => {
      to.one(n.local, "local");
    }),
    ImportSpecifier: new Shape((n, to) => {
      to.one(n.imported, "imported");
      if (n.local !== n.imported) to.one(n.local, "local");
    }),
    LabeledStatement: new Shape((n, to) => {
      to.one(n.body, "body");
      to.one(n.label, "label");
    }),
    Literal: new Shape(() => {}),
    LogicalExpression: new Shape((n, to) => {
      to.one(n.left, "left");
      to.one(n.right, "right");
    }, ["operator"]),
    MemberExpression: new Shape((n, to) => {
      to.one(n.object, "object");
      to.one(n.property, "property");
    }, ["computed", "optional"]),
    MetaProperty: new Shape((n, to) => {
      to.one(n.meta, "meta");
      to.one(n.property, "property");
    }),
    MethodDefinition: new Shape((n, to) => {
      to.one(n.key, "key");
      to.one(n.value, "value");
    }, ["kind", "computed", "static"]),
    NewExpression: new Shape((n, to) => {
      to.one(n.callee, "callee");
      to.list(n.arguments, "arguments");
    }),
    ObjectExpression: new Shape((n, to) => {
      to.list(n.properties, "properties");
    }),
    ObjectPattern: new Shape((n, to) => {
      to.list(n.properties, "properties");
    }),
    PrivateIdentifier: new Shape(() => {}, ["name"]),
    Property: new Shape((n, to) => {
      to.one(n.key, "key");
      to.one(n.value, "value");
    }, ["kind", "computed"]),
    PropertyDefinition: new Shape((n, to) => {
      to.one(n.key, "key");
      to.one(n.value, "value");
    }, ["computed", "static"]),
    RestElement: new Shape((n, to) => {
      to.one(n.argument, "argument");
    }),
    ReturnStatement: new Shape((n, to) => {
      to.one(n.argument, "argument");
    }),
    SequenceExpression: new Shape((n, to) => {
      to.list(n.expressions, "expressions");
    }),
    SpreadElement: new Shape((n, to) => {
      to.one(n.argument, "argument");
    }),
    StaticBlock: new Shape((n, to) => {
      to.list(n.body, "body");
    }),
    Super: new Shape(() => {}),
    SwitchCase: new Shape((n, to) => {
      to.list(n.consequent, "consequent");
      to.one(n.test, "test");
    }),
    SwitchStatement: new Shape((n, to) => {
      to.one(n.discriminant, "discriminant");
      to.list(n.cases, "cases");
    }),
    TSAsExpression: new Shape((n, to) => {
      to.one(n.expression, "expression");
    }),
    TSNonNullExpression: new Shape((n, to) => {
      to.one(n.expression, "expression");
    }),
    TSSatisfiesExpression: new Shape((n, to) => {
      to.one(n.expression, "expression");
    }),
    TaggedTemplateExpression: new Shape((n, to) => {
      to.one(n.tag, "tag");
      to.one(n.quasi, "quasi");
    }),
    TemplateElement: new Shape(() => {}),
    TemplateLiteral: new Shape((n, to) => {
      to.list(n.expressions, "expressions");
      to.list(n.quasis, "quasis");
    }),
    ThisExpression: new Shape(() => {}),
    ThrowStatement: new Shape((n, to) => {
      to.one(n.argument, "argument");
    }),
    TryStatement: new Shape((n, to) => {
      to.one(n.block, "block");
      to.one(n.handler, "handler");
      to.one(n.finalizer, "finalizer");
    }),
    UnaryExpression: new Shape((n, to) => {
      to.one(n.argument, "argument");
    }, ["operator", "prefix"]),
    UpdateExpression: new Shape((n, to) => {
      to.one(n.argument, "argument");
    }, ["operator", "prefix"]),
    VariableDeclaration: new Shape((n, to) => {
      to.list(n.declarations, "declarations");
    }, ["kind"]),
    VariableDeclarator: new Shape((n, to) => {
      to.one(n.id, "id");
      to.one(n.init, "init");
    }),
    WhileStatement: new Shape((n, to) => {
      to.one(n.test, "test");
      to.one(n.body, "body");
    }),
    YieldExpression: new Shape((n, to) => {
      to.one(n.argument, "argument");
    }, ["delegate"]),
  }),
);
