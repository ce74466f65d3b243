/** Whether a loop ends with the timers of its module, or goes on whatever becomes of them.
 * @module
 */
import {
  eachChild,
  isFunction,
  keyName,
  many,
  type Node,
  one,
  unwrap,
  word,
} from "./code/nodes.ts";
import type { Resolved } from "./code/scope.ts";
import type { Unit, Units } from "./code/units.ts";
import { calleeName } from "./code/uses.ts";
import {
  functionOf,
  joined,
  PACED,
  type Pacing,
  pacingOfCode,
  UNPACED,
} from "./paces.ts";

/** What never ends by itself: files, keys and messages that may come. */
const ENDLESS = /^(?:watch\w*|subscribe|consume|messages)$/;

/**
 * Tells whether a loop of an evaluation ends with the timers of its module.
 *
 * @param loop the loop
 * @param unit the code that it stands in
 * @param resolved the module
 * @param units its code
 * @returns whether it waits for a timer, and for what else that may be one; a `for await` goes on only where what it
 * walks is known never to end
 */
export function loopPacing(
  loop: Node,
  unit: Unit,
  resolved: Resolved,
  units: Units,
): Pacing {
  if (unit.awaits.includes(loop)) {
    const source = endlessSource(one(loop, "right")!, resolved, units);
    return source ?? PACED;
  }
  const within = unit.awaits.filter((it) =>
    loop.start <= it.start && it.end <= loop.end
  );
  return readsToTheEnd(loop) ? PACED : joined(
    within.filter((it) => isInEachTurn(it, loop, resolved))
      .map((it) => pacingOfCode(it, resolved, units)),
  );
}

/** A rest that is taken only when there is nothing to do, or after an error, lets a busy loop go on. */
function isInEachTurn(
  node: Node,
  loop: Node,
  { parents }: Resolved,
): boolean {
  for (let at = node; at !== loop;) {
    const up = parents.get(at);
    if (!up) return true;
    const { type } = up.node;
    if (
      /^(?:consequent|alternate)$/.test(up.key) ||
      type === "CatchClause" ||
      type === "LogicalExpression" && up.key === "right"
    ) return false;
    at = up.node;
  }
  return true;
}

/** `if (done) break`: what is read has an end. */
function readsToTheEnd(loop: Node): boolean {
  let found = false;
  const visit = (at: Node): void => {
    if (found || isFunction(at)) return;
    if (at.type === "IfStatement" && leaves(one(at, "consequent")!)) {
      found = mentionsDone(one(at, "test")!);
    }
    eachChild(at, visit);
  };
  visit(loop);
  return found;
}

function leaves(node: Node): boolean {
  if (/^(?:Break|Return)Statement$/.test(node.type)) return true;
  return node.type === "BlockStatement" && many(node, "body").some(leaves);
}

function mentionsDone(test: Node): boolean {
  let found = test.type === "Identifier" && word(test, "name") === "done";
  eachChild(test, (it) => {
    found ||= mentionsDone(it);
  });
  return found;
}

/** What paces a source that never ends; null where it may end, or nobody can tell. */
function endlessSource(
  source: Node,
  resolved: Resolved,
  units: Units,
): Pacing | null {
  const inner = unwrap(source);
  if (inner.type === "Identifier") {
    const value = resolved.bindings.get(inner)?.from?.value;
    return value !== undefined && value !== inner &&
        unwrap(value).type === "CallExpression"
      ? endlessSource(value, resolved, units)
      : null;
  }
  if (inner.type !== "CallExpression") return null;
  if (calleeName(inner, resolved) === "Deno.watchFs") return UNPACED;
  const callee = unwrap(one(inner, "callee")!);
  if (callee.type === "MemberExpression") {
    return ENDLESS.test(keyName(callee, "property") ?? "") ? UNPACED : null;
  }
  const made = functionOf(callee, resolved, units);
  const endless = made?.loops.filter(isTrueLoop) ?? [];
  return made && endless.length > 0
    ? joined(endless.map((it) => loopPacing(it, made, resolved, units)))
    : null;
}

function isTrueLoop(loop: Node): boolean {
  const test = one(loop, "test");
  if (loop.type === "ForStatement") return test === null;
  return loop.type === "WhileStatement" && test !== null &&
    (unwrap(test) as { value?: unknown }).value === true;
}
