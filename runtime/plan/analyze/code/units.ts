/** The pieces of a module that run by themselves: the module, its functions, the construction of its classes.
 * @module
 */
import {
  flag,
  isFunction,
  keyName,
  many,
  type Node,
  one,
  word,
} from "./nodes.ts";
import { eachChild, type Found, foundOf, knownOf } from "./tree.ts";
import type { Binding } from "./bindings.ts";
import type { Resolved } from "./scope.ts";

/** One piece of code that runs as a whole. */
export interface Unit {
  readonly kind: "module" | "function" | "construct";
  /** The function or class; the program for the module. */
  readonly node: Node;
  /** The code that it is written in. */
  readonly parent: Unit | null;
  /** Identifiers with a declaration, in the order of the source; not those of functions inside. */
  readonly references: Node[];
  /** Where it says `this` or `super`. */
  readonly selves: Node[];
  /** Calls, constructions, tagged templates, and decorators. */
  readonly calls: Node[];
  /** What it returns. */
  readonly returns: Node[];
  /** Where it waits: `await` and `for await`. */
  readonly awaits: Node[];
  /** Loops in it. */
  readonly loops: Node[];
  /** What `using` disposes of at the end of a block. */
  readonly disposed: Node[];
  /** The class that `this` is an instance of, or, if `isStatic`, that it is. */
  readonly class: ClassUnits | null;
  readonly isStatic: boolean;
}

/** A class with its code. */
export interface ClassUnits {
  readonly node: Node;
  readonly binding: Binding | null;
  /** Field initializers and constructor. */
  readonly construct: Unit;
  readonly methods: Map<string, Unit[]>;
  readonly statics: Map<string, Unit[]>;
  readonly superClass: Node | null;
}

/** All code of a module. */
export interface Units {
  readonly module: Unit;
  readonly all: readonly Unit[];
  /** By function node; a constructor's is that of its class. */
  readonly byFunction: ReadonlyMap<Node, Unit>;
  readonly classes: ReadonlyMap<Node, ClassUnits>;
  /** The code that an identifier, `this` or a call stands in. */
  readonly around: { get(node: Node): Unit | undefined };
}

/** The code that a node stands in, whatever kind of node it is. */
export function unitAround(
  node: Node,
  resolved: Resolved,
  units: Units,
): Unit {
  const known = units.around.get(node);
  if (known) return known;
  let at: Node | undefined = node;
  while (at && !isFunction(at)) at = resolved.parents.get(at)?.node;
  return at && units.byFunction.get(at) || units.module;
}

const around: Units["around"] = {
  get: (node) => (knownOf(node)?.unit ?? undefined) as Unit | undefined,
};
const known = new WeakMap<Resolved, Units>();

/** Cuts a module into its code. */
export function unitsOf(resolved: Resolved): Units {
  // What a node stands in is kept in the node: cut twice, it would stand in two.
  let units = known.get(resolved);
  if (!units) known.set(resolved, units = cut(resolved));
  return units;
}

function cut(resolved: Resolved): Units {
  const byFunction = new Map<Node, Unit>();
  const classes = new Map<Node, ClassUnits>();
  const all: Unit[] = [];

  function open(
    kind: Unit["kind"],
    node: Node,
    parent: Unit | null,
    owner: ClassUnits | null,
    isStatic = false,
  ): Unit {
    const unit: Unit = {
      kind,
      node,
      parent,
      references: [],
      selves: [],
      calls: [],
      returns: [],
      awaits: [],
      loops: [],
      disposed: [],
      class: owner,
      isStatic,
    };
    all.push(unit);
    return unit;
  }

  function visit(node: Node, unit: Unit): void {
    const { tree, index, end } = foundOf(node);
    walk(tree, index, end, unit);
  }

  function visitChildren(node: Node, unit: Unit): void {
    const { tree, index, end } = foundOf(node);
    walk(tree, index + 1, end, unit);
  }

  function walk(
    tree: readonly Found[],
    from: number,
    end: number,
    unit: Unit,
  ): void {
    for (let at = from; at < end; at++) {
      const found = tree[at]!;
      switch (found.type) {
        case "Identifier":
        case "JSXIdentifier":
          if (found.binding !== null) unit.references.push(found.self);
          found.unit = unit;
          break;
        case "FunctionDeclaration":
        case "FunctionExpression":
        case "ArrowFunctionExpression":
          visitFunction(found.self, unit, null, false);
          at = found.end - 1;
          break;
        case "ClassDeclaration":
        case "ClassExpression":
          visitClass(found.self, unit);
          at = found.end - 1;
          break;
        default:
          note(found, unit);
      }
    }
  }

  function note(found: Found, unit: Unit): void {
    const node = found.self;
    switch (found.type) {
      case "ThisExpression":
      case "Super":
        unit.selves.push(node);
        found.unit = unit;
        return;
      case "CallExpression":
      case "NewExpression":
      case "TaggedTemplateExpression":
      case "Decorator":
        unit.calls.push(node);
        found.unit = unit;
        return;
      case "ReturnStatement": {
        const value = one(node, "argument");
        if (value) unit.returns.push(value);
        return;
      }
      case "AwaitExpression":
        unit.awaits.push(node);
        return;
      case "VariableDeclaration": {
        if (!word(node, "kind").endsWith("using")) return;
        for (const it of many(node, "declarations")) {
          const value = one(it, "init");
          if (value) unit.disposed.push(value);
        }
        return;
      }
      case "ForOfStatement":
        if (flag(node, "await")) unit.awaits.push(node);
        unit.loops.push(node);
        return;
      case "ForStatement":
      case "ForInStatement":
      case "WhileStatement":
      case "DoWhileStatement":
        unit.loops.push(node);
    }
  }

  function visitFunction(
    node: Node,
    parent: Unit,
    owner: ClassUnits | null,
    isStatic: boolean,
  ): void {
    // An arrow function has the `this` of the code around it.
    const isArrow = node.type === "ArrowFunctionExpression";
    const unit = open(
      "function",
      node,
      parent,
      owner ?? (isArrow ? parent.class : null),
      owner ? isStatic : isArrow && parent.isStatic,
    );
    byFunction.set(node, unit);
    const body = one(node, "body");
    if (body && body.type !== "BlockStatement") unit.returns.push(body);
    visitChildren(node, unit);
  }

  function visitClass(node: Node, unit: Unit): void {
    const id = one(node, "id") ?? declaredBy(node, resolved);
    const construct: Unit = open("construct", node, unit, null);
    const owner: ClassUnits = {
      node,
      binding: id ? resolved.bindings.get(id) ?? null : null,
      construct,
      methods: new Map(),
      statics: new Map(),
      superClass: one(node, "superClass"),
    };
    (construct as { class: ClassUnits | null }).class = owner;
    classes.set(node, owner);
    // What runs when the class is declared has the class as its `this`.
    const declared = open("function", node, unit, owner, true);
    eachChild(node, (child, key) => {
      if (key !== "body") return visit(child, unit);
      for (const member of many(child, "body")) {
        visitMember(member, unit, owner, declared);
      }
    });
    // It runs with the code around it, but its `this` stays the class.
    unit.references.push(...declared.references);
    unit.calls.push(...declared.calls);
    unit.selves.push(...declared.selves);
    unit.awaits.push(...declared.awaits);
    unit.loops.push(...declared.loops);
    unit.disposed.push(...declared.disposed);
    for (const key of [...declared.references, ...declared.calls]) {
      foundOf(key).unit = unit;
    }
    all.splice(all.indexOf(declared), 1);
  }

  function visitMember(
    member: Node,
    unit: Unit,
    owner: ClassUnits,
    declared: Unit,
  ): void {
    const isStatic = flag(member, "static");
    if (member.type === "StaticBlock") return visit(member, declared);
    eachChild(member, (child, key) => {
      if (key !== "value") return visit(child, unit);
      if (word(member, "kind") === "constructor") {
        byFunction.set(child, owner.construct);
        return visitChildren(child, owner.construct);
      }
      if (!isFunction(child)) {
        return visit(child, isStatic ? declared : owner.construct);
      }
      visitFunction(child, isStatic ? unit : owner.construct, owner, isStatic);
      const table = isStatic ? owner.statics : owner.methods;
      const name = keyName(member, "key") ?? "[]";
      const made = byFunction.get(child)!;
      const known = table.get(name);
      if (known) known.push(made);
      else table.set(name, [made]);
    });
  }

  const module = open("module", resolved.program, null, null);
  visitChildren(resolved.program, module);
  return { module, all, byFunction, classes, around };
}

/** The identifier of `const A = class {}`. */
function declaredBy(node: Node, { parents }: Resolved): Node | null {
  const up = parents.get(node);
  if (up?.node.type !== "VariableDeclarator" || up.key !== "init") return null;
  const id = one(up.node, "id");
  return id?.type === "Identifier" ? id : null;
}

/** Makes a function that finds something out about a module once. */
export function oncePerModule<T>(
  find: (resolved: Resolved, units: Units) => T,
): (resolved: Resolved, units: Units) => T {
  const found = new WeakMap<Units, { readonly value: T }>();
  return (resolved, units) => {
    let known = found.get(units);
    if (!known) found.set(units, known = { value: find(resolved, units) });
    return known.value;
  };
}
