/** Functions that wait before they lead to themselves: `const next = () => work().then(() => next())`.
 * @module
 */
import {
  field,
  flag,
  isFunction,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
  word,
} from "../code/nodes.ts";
import { type Found, knownOf, treeOf } from "../code/tree.ts";
import { ANSWERING } from "../pace/turns.ts";
import { cyclesIn } from "./cycles.ts";
import { waits } from "./waiting_loops.ts";
import { oncePer } from "./once.ts";

/** Where a chain waits. */
export interface ChainWait {
  /** The function that leads to itself. */
  readonly fn: Node;
  /** Its name. */
  readonly name: string;
  /**
   * What is watched: an async function until it ends, a promise until it settles, what is given to the platform until it
   * is called; and what is given to anybody else until it is called, where nobody waits any more for who gives it.
   */
  readonly kind: "function" | "promise" | "given" | "later";
  /** The function, the promise, or what is given. */
  readonly node: Node;
}

const TIMERS = /^set(?:Timeout|Interval|Immediate)$/;
const OF_PROMISES = /^(?:then|catch|finally)$/;
const SOON = /^(?:queueMicrotask|nextTick)$/;

/** Finds where the functions of a program wait before they lead to themselves. */
export const waitingChains: (program: Node) => readonly ChainWait[] = oncePer(
  chainsIn,
);

function chainsIn(program: Node): ChainWait[] {
  const tree = treeOf(program);
  const cycles = cyclesIn(tree);
  if (cycles === null) return [];
  const leads = (node: Node) => cycles.isLedToIn(knownOf(node)!);
  const answering = answeringNames(program);
  return tree.flatMap((found) => {
    const places = isFunction(found.self)
      ? waitsAsFunction(found, leads)
      : found.type === "CallExpression"
      ? waitsAsCall(found.self, leads, answering)
      : [];
    const around = places.length > 0 ? cycles.around(found) : null;
    return around
      ? places.map((it) => ({
        fn: around.found.self,
        name: around.key.replace(/^\./, ""),
        ...it,
      }))
      : [];
  });
}

type Place = Pick<ChainWait, "kind" | "node">;

function waitsAsFunction(
  { self }: Found,
  leads: (node: Node) => boolean,
): Place[] {
  return flag(self, "async") && leads(self) && waits(one(self, "body")!)
    ? [{ kind: "function", node: self }]
    : [];
}

function waitsAsCall(
  call: Node,
  leads: (node: Node) => boolean,
  answering: ReadonlySet<string>,
): Place[] {
  const given = many(call, "arguments").filter((it) =>
    it.type !== "SpreadElement" && leads(it)
  );
  if (given.length === 0) return [];
  const callee = unwrap(one(call, "callee")!);
  const name = callee.type === "Identifier"
    ? nameOf(callee)
    : keyName(callee, "property") ?? "";
  if (TIMERS.test(name)) return [];
  if (callee.type === "MemberExpression" && OF_PROMISES.test(name)) {
    const promise = one(callee, "object")!;
    return isWhole(promise) ? [{ kind: "promise", node: promise }] : [];
  }
  const isAnswered = SOON.test(name) || answering.has(rootName(callee));
  // Whoever is given a function by its name may be asked to forget it by that name.
  return isAnswered
    ? given.map((node) => ({ kind: "given", node }))
    : given.map(unwrap).filter((it) => isFunction(it) && one(it, "id") === null)
      .map((node) => ({ kind: "later", node }));
}

/** Whether a call may be put around an expression: not around part of an optional chain, or all of a list. */
function isWhole(node: Node): boolean {
  if (node.type === "SequenceExpression" || node.type === "Super") return false;
  for (
    let at: Node | null = node;
    at;
    at = one(at, "object") ?? one(at, "callee")
  ) {
    if (flag(at, "optional")) return false;
  }
  return true;
}

function rootName(callee: Node): string {
  let root = callee;
  while (root.type === "MemberExpression") root = unwrap(one(root, "object")!);
  return root.type === "Identifier" ? nameOf(root) : "";
}

/** The names by which a program has what calls back when the disk, the network or a process has answered. */
function answeringNames(program: Node): Set<string> {
  const all = many(program, "body").filter((it) =>
    it.type === "ImportDeclaration" &&
    ANSWERING.test(String(field(one(it, "source")!, "value")))
  );
  return new Set(
    all.flatMap((it) => many(it, "specifiers"))
      .map((it) => word(one(it, "local"), "name")),
  );
}
