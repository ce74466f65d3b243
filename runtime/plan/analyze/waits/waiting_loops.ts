/** Loops of functions that wait: `for await`, and those that end by nothing that they do themselves.
 * @module
 */
import { isFunction, type Node, one } from "../code/nodes.ts";
import { eachChild } from "../code/tree.ts";
import { mayBeEndless } from "../pace/paced.ts";

/** Finds the loops of a program, in the order of its text; one with a label is found with it. */
export function waitingLoops(program: Node): Node[] {
  const found: Node[] = [];
  const visit = (node: Node, inFunction: boolean, labelled: Node | null) => {
    const isLoop = /^(?:For|While|DoWhile)\w*Statement$/.test(node.type);
    if (isLoop && inFunction && isWaiting(node)) found.push(labelled ?? node);
    const inner = inFunction || isFunction(node);
    const label = node.type === "LabeledStatement" ? labelled ?? node : null;
    eachChild(node, (child) => visit(child, inner, label));
  };
  visit(program, false, null);
  return found;
}

function isWaiting(loop: Node): boolean {
  if (loop.type === "ForOfStatement") return isForAwait(loop);
  return mayBeEndless(loop) && waits(loop);
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
