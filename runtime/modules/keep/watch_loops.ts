/** Lets a module say when its functions enter a loop that waits and has no end of its own, and when they leave it.
 * @module
 */
import { isFunction, type Node, one } from "../../plan/analyze/code/nodes.ts";
import { eachChild } from "../../plan/analyze/code/tree.ts";
import { mayBeEndless } from "../../plan/analyze/pace/paced.ts";
import type { Insertion } from "./line_map.ts";

/** The name by which modules say that they enter a loop. */
export const LOOP_KEY = Symbol.for("@flyhot/runtime.loop");

/** A loop of a module. */
export interface WatchedLoop {
  /** Its text. */
  readonly text: string;
  /** Where it begins in the text of its module, in characters. */
  readonly start: number;
}

/** Told that a loop is entered; returns what is to be told that it is left. */
export type EnterLoop = (url: string, loop: number) => () => void;

/** What makes a module tell. */
export interface LoopWatch {
  /** The loops, as they are counted. */
  readonly loops: readonly WatchedLoop[];
  /** What goes into the text, in the order of its places. */
  readonly insertions: readonly Insertion[];
  /** What goes behind it. */
  readonly end: string;
}

const NAME = "$kept_loop";
/** Of no loops. */
export const NO_LOOPS: LoopWatch = { loops: [], insertions: [], end: "" };

/** Finds the loops of functions that wait: `for await`, and those that end by nothing that they do themselves. */
export function watchLoops(
  text: string,
  program: Node,
  url: string,
): LoopWatch {
  if (!/\bawait\b/.test(text)) return NO_LOOPS;
  const found: Node[] = [];
  // A label belongs to its loop.
  const visit = (node: Node, inFunction: boolean, labelled: Node | null) => {
    const isLoop = /^(?:For|While|DoWhile)\w*Statement$/.test(node.type);
    if (isLoop && inFunction && isWatched(node)) found.push(labelled ?? node);
    const inner = inFunction || isFunction(node);
    const label = node.type === "LabeledStatement" ? labelled ?? node : null;
    eachChild(node, (child) => visit(child, inner, label));
  };
  visit(program, false, null);
  if (found.length === 0) return NO_LOOPS;
  let own = NAME;
  while (text.includes(own)) own += "_";
  const key = JSON.stringify(LOOP_KEY.description);
  const insertions = found.flatMap(({ start, end }, at) => [
    {
      at: start,
      text: `{ const ${own}end = ${own}(${at}); try { `,
      order: start - end,
    },
    { at: end, text: ` } finally { ${own}end(); } }`, order: end - start },
  ]);
  return {
    loops: found.map(({ start, end }) => ({
      text: text.slice(start, end),
      start,
    })),
    // At one place: the outer one begins first and ends last.
    insertions: insertions.sort((a, b) => a.at - b.at || a.order - b.order),
    end: `\n;function ${own}(at) { return globalThis[Symbol.for(${key})]?.(${
      JSON.stringify(url)
    }, at) ?? (() => {}); }`,
  };
}

function isWatched(loop: Node): boolean {
  if (loop.type === "ForOfStatement") {
    return (loop as { await?: unknown }).await === true;
  }
  return mayBeEndless(loop) && waits(loop);
}

/** Whether it waits itself, not only a function inside of it. */
function waits(node: Node): boolean {
  let found = node.type === "AwaitExpression" ||
    node.type === "ForOfStatement" && one(node, "right") !== null &&
      (node as { await?: unknown }).await === true;
  eachChild(node, (child) => {
    found ||= !isFunction(child) && waits(child);
  });
  return found;
}
