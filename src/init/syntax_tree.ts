/** A module as a syntax tree, with the few questions that `init` asks of it.
 * @module
 */
import {
  eachChild,
  nameOf,
  type Node,
  one,
  unwrap,
} from "@flyhot/runtime/plan";
import { parseScript } from "../release/graph/analysis/analyze.ts";

/** A piece of a text. */
export interface Span {
  /** The offset of its first character. */
  readonly start: number;
  /** The offset behind its last one. */
  readonly end: number;
}

/** The text of a module and its tree. */
export interface SyntaxTree {
  /** The text. */
  readonly source: string;
  /** The root. */
  readonly program: Node;
  /** The node that each node stands in; the root stands in none. */
  readonly parents: ReadonlyMap<Node, Node>;
}

/** Parses a module. */
export function readTree(
  path: string,
  source: string,
): SyntaxTree | { readonly broken: string } {
  let program: Node;
  try {
    program = parseScript(path, source);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const { loc } = error as { loc?: { line?: number } };
    const said = error.message.replace(/ \(\d+:\d+\)$/, "");
    return { broken: `at line ${loc?.line ?? 0}: ${said}` };
  }
  const parents = new Map<Node, Node>();
  const visit = (node: Node): void =>
    eachChild(node, (child) => {
      parents.set(child, node);
      visit(child);
    });
  visit(program);
  return { source, program, parents };
}

/** All nodes of a tree, in the order of the source. */
export function* nodesIn(root: Node): Generator<Node> {
  yield root;
  const children: Node[] = [];
  eachChild(root, (child) => children.push(child));
  for (const child of children) yield* nodesIn(child);
}

/** The name of a call's callee as it is written, where that is made of names alone. */
export function calleeOf(call: Node): string {
  const callee = one(call, "callee");
  return callee ? dotted(callee) : "";
}

function dotted(node: Node): string {
  const at = unwrap(node);
  if (at.type === "Identifier") return nameOf(at);
  if (at.type !== "MemberExpression") return "";
  const property = one(at, "property");
  const object = dotted(one(at, "object")!);
  return object !== "" && property?.type === "Identifier"
    ? `${object}.${nameOf(property)}`
    : "";
}

/** How often a name occurs as an identifier, whatever it stands for. */
export function countName(root: Node, name: string): number {
  let count = 0;
  for (const node of nodesIn(root)) {
    if (node.type === "Identifier" && nameOf(node) === name) count++;
  }
  return count;
}

/** Whether an expression is `import.meta.main`. */
export function isMainTest(node: Node): boolean {
  return node.type === "MemberExpression" &&
    one(node, "object")?.type === "MetaProperty" &&
    nameOf(one(node, "property")) === "main";
}
