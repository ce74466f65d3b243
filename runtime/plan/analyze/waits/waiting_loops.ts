/** Loops of functions that wait: `for await`, and those that end by nothing that they do themselves, also those of generators.
 * @module
 */
import {
  flag,
  isFunction,
  keyName,
  nameOf,
  type Node,
  one,
  unwrap,
} from "../code/nodes.ts";
import { eachChild, type Found, treeOf } from "../code/tree.ts";
import { mayBeEndless } from "../pace/paced.ts";
import { calledName } from "./hands.ts";
import { oncePer } from "./once.ts";

/** Finds the loops of a program, in the order of its text; one with a label is found with it. */
export const waitingLoops: (program: Node) => readonly Node[] = oncePer(
  loopsIn,
);

function loopsIn(program: Node): Node[] {
  const tree = treeOf(program);
  const generators = new Set(tree.flatMap(generatorName));
  return tree
    .filter((it) =>
      isLoop(it.type) && isInFunction(it) && isWaiting(it.self, generators)
    )
    .map(withLabels);
}

/** The name of a generator: of a function, a variable, a property or a method. */
function generatorName({ self, around }: Found): string[] {
  if (!isFunction(self) || !flag(self, "generator")) return [];
  const name = nameOf(one(self, "id") ?? one(around?.self ?? null, "id")) ||
    around && keyName(around.self, "key") || "";
  return name === "" ? [] : [name];
}

/** Most nodes are none: texts of types are compared as the same objects. */
function isLoop(type: string): boolean {
  return type === "ForOfStatement" || type === "ForStatement" ||
    type === "WhileStatement" || type === "ForInStatement" ||
    type === "DoWhileStatement";
}

function isInFunction({ around }: Found): boolean {
  for (let at = around; at; at = at.around) {
    if (isFunction(at.self)) return true;
  }
  return false;
}

/** The outermost of its labels; a loop without one is its own. */
function withLabels(loop: Found): Node {
  let at = loop;
  while (at.around?.type === "LabeledStatement") at = at.around;
  return at.self;
}

function isWaiting(loop: Node, generators: ReadonlySet<string>): boolean {
  if (isForAwait(loop)) return true;
  const isEndless = loop.type === "ForOfStatement"
    ? isGenerated(unwrap(one(loop, "right")!), generators)
    : mayBeEndless(loop);
  return isEndless && (waits(loop) || yields(loop));
}

/** Whether values come from a generator, by way of whatever: `ids()`, `this.ids().filter(isFree)`. */
function isGenerated(from: Node, generators: ReadonlySet<string>): boolean {
  if (from.type !== "CallExpression") return false;
  const callee = unwrap(one(from, "callee")!);
  const object = one(callee, "object");
  return generators.has(calledName(callee)) ||
    object !== null && isGenerated(unwrap(object), generators);
}

/** Whether code of a generator waits for somebody to ask for more. */
export function yields(node: Node): boolean {
  let found = node.type === "YieldExpression";
  eachChild(node, (child) => {
    found ||= !isFunction(child) && yields(child);
  });
  return found;
}

function isForAwait(node: Node): boolean {
  return node.type === "ForOfStatement" &&
    (node as { await?: unknown }).await === true;
}

/** Whether code waits itself, not only a function inside of it. */
export function waits(node: Node): boolean {
  let found = node.type === "AwaitExpression" ||
    one(node, "right") !== null && isForAwait(node);
  eachChild(node, (child) => {
    found ||= !isFunction(child) && waits(child);
  });
  return found;
}
