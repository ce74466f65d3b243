/** The nodes of a tree that are code, in the order of the source: walked once, and looked through ever after.
 * @module
 */
import {
  type Fields,
  MAYBE_DECORATED,
  MAYBE_TYPES,
  type Shape,
  SHAPES,
  type Taker,
} from "./shapes.ts";
import {
  isNode,
  isTypeOnly,
  isWrapper,
  type Node,
  one,
  word,
} from "./nodes.ts";

/** What a node stands in, and in which of its fields. */
export interface Up {
  /** The node around it. */
  readonly node: Node;
  /** The field. */
  readonly key: string;
}

/** What is known of one node; all have the same shape, whatever the node is. */
export class Found {
  /** The node. */
  readonly self: Node;
  /** Its type. */
  readonly type: string;
  /** What it stands in; null for the root. */
  readonly around: Found | null;
  /** The field of that. */
  readonly key: string;
  /** The tree that it belongs to. */
  readonly tree: readonly Found[];
  /** Its place there. */
  readonly index: number;
  /** The place behind all that is inside of it. */
  end: number;
  /** What an identifier refers to. */
  binding: object | null = null;
  /** The code that it stands in. */
  unit: object | null = null;
  /** What is done with its value. */
  use: object | null = null;
  /** Of a call, what is written as its callee; undefined as long as nobody has asked. */
  written: string | null | undefined = undefined;
  /** Its digest. */
  digest: string | null = null;
  /** Whether it is assigned to. */
  isTarget = false;

  /**
   * @param self the node
   * @param key the field that it stands in
   * @param around what it stands in
   * @param tree the tree, of which it is to be the next
   */
  constructor(
    self: Node,
    key: string,
    around: Found | null,
    tree: readonly Found[],
  ) {
    this.self = self;
    this.type = self.type;
    this.around = around;
    this.key = key;
    this.tree = tree;
    this.index = tree.length;
    this.end = tree.length + 1;
  }

  /** The node around it. */
  get node(): Node {
    return this.around!.self;
  }
}

// In the nodes themselves, in one field: tables beside the tree would be asked for every node of every walk.
const FOUND = Symbol("found");
interface Linked {
  [FOUND]?: Found;
}

const NO_CODE = new Set([
  "type",
  "start",
  "end",
  "loc",
  "range",
  "extra",
  "implements",
  "typeAnnotation",
  "returnType",
  "typeParameters",
  "typeArguments",
  "superTypeArguments",
  "leadingComments",
  "innerComments",
  "trailingComments",
]);

/** Plants a tree. */
class Planter implements Taker {
  readonly tree: Found[] = [];
  #around: Found | null = null;

  plant(node: Node, key: string, shape: Shape | undefined): void {
    const around = this.#around;
    const found = new Found(node, key, around, this.tree);
    (node as Linked)[FOUND] = found;
    this.tree.push(found);
    this.#around = found;
    const fields = node as unknown as Record<string, unknown>;
    const isKnown = shape !== undefined &&
      !(MAYBE_DECORATED.has(found.type) && fields.decorators);
    if (isKnown) shape.children(node as Fields, this);
    else {
      for (const name in fields) {
        if (NO_CODE.has(name)) continue;
        const value = fields[name];
        if (Array.isArray(value)) this.list(value, name);
        else this.one(value, name);
      }
    }
    found.end = this.tree.length;
    this.#around = around;
  }

  one(given: unknown, key: string): void {
    if (!isNode(given)) return;
    const value = withoutTypes(given);
    if (value !== given) Reflect.set(this.#around!.self, key, value);
    this.#code(value, key);
  }

  #code(value: Node, key: string): void {
    const shape = SHAPES.get(value.type);
    const mayBeType = shape === undefined || MAYBE_TYPES.has(value.type);
    if (mayBeType && isTypeOnly(value)) return;
    this.plant(value, key, shape);
  }

  list(value: unknown, key: string): void {
    if (!Array.isArray(value)) return;
    if (key === "params" && isThis(value[0])) value.shift();
    const inClass = this.#around?.type === "ClassBody";
    for (let at = 0; at < value.length; at++) {
      const given = value[at];
      if (!isNode(given)) continue;
      const item = withoutTypes(given);
      if (item !== given) value[at] = item;
      // An abstract method is no member, once its type is gone.
      if (inClass && isTypeOnly(item)) {
        value.splice(at--, 1);
        continue;
      }
      this.#code(item, key);
    }
  }
}

/** `x as T` does what `x` does: whoever looks at the code finds what machines find, which only have that. */
function withoutTypes(node: Node): Node {
  let at = node;
  // What is asserted in angle brackets cannot be blanked out, which somebody looks for.
  while (
    at.type.startsWith("TS") && at.type !== "TSTypeAssertion" && isWrapper(at)
  ) {
    const inner = one(at, "expression");
    if (!inner) break;
    at = inner;
  }
  return at;
}

/** `function (this: T, a)` has one parameter. */
function isThis(parameter: unknown): boolean {
  return isNode(parameter) && parameter.type === "Identifier" &&
    word(parameter, "name") === "this";
}

function planted(root: Node): readonly Found[] {
  const planter = new Planter();
  planter.plant(root, "", SHAPES.get(root.type));
  return planter.tree;
}

/** What is known of a node. Returns its record; undefined for one in no tree that anybody has walked. */
export function knownOf(node: Node): Found | undefined {
  return (node as Linked)[FOUND];
}

/**
 * What is known of a node, for whoever finds out more. Returns its record; where nobody has walked its tree, it is the
 * root of one.
 */
export function foundOf(node: Node): Found {
  return knownOf(node) ?? planted(node)[0]!;
}

/**
 * Walks a tree from its root, if nobody has. Returns all its nodes that are code, in the order of the source, the root
 * first.
 */
export function treeOf(root: Node): readonly Found[] {
  const known = knownOf(root);
  return known?.around === null ? known.tree : planted(root);
}

/**
 * What a node stands in, once its tree has been walked. Returns the node around it; undefined for the root, and for
 * what is gone when the types are.
 */
export function upOf(node: Node): Up | undefined {
  const found = knownOf(node);
  return found && found.around !== null ? found : undefined;
}

/**
 * Calls a function with every child that is code, in the order of the source.
 *
 * @param node the node, whose tree does not change any more
 * @param visit called with each child, and the field it stands in
 */
export function eachChild(
  node: Node,
  visit: (child: Node, key: string) => void,
): void {
  const { tree, index, end } = foundOf(node);
  for (let at = index + 1; at < end;) {
    const child = tree[at]!;
    visit(child.self, child.key);
    at = child.end;
  }
}

/** Calls a function with a node and all that is inside of it, in the order of the source. */
export function eachWithin(
  node: Node,
  visit: (found: Found) => boolean | void,
): void {
  const { tree, index, end } = foundOf(node);
  for (let at = index; at < end;) {
    const found = tree[at]!;
    at = visit(found) === false ? found.end : at + 1;
  }
}
