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
import { calleeName, writtenName } from "./code/uses.ts";

/** Names of what waits for a time. */
const PACES =
  /^(?:setTimeout|setInterval|setImmediate|.*(?:sleep|delay|wait|pause|timeout|timer|tick|interval|every).*)$/i;
/** What never ends by itself: files, keys and messages that may come. */
const ENDLESS = /^(?:watch\w*|subscribe|consume|messages)$/;

/**
 * Tells whether a loop of an evaluation goes on when the timers of its module have ended.
 *
 * @param loop the loop
 * @param unit the code that it stands in
 * @param resolved the module
 * @param units its code
 * @returns true if nothing that it awaits is a timer; of a `for await` only where what it walks is known never to end
 */
export function isUnpaced(
  loop: Node,
  unit: Unit,
  resolved: Resolved,
  units: Units,
): boolean {
  if (unit.awaits.includes(loop)) {
    return isEndlessSource(one(loop, "right")!, resolved, units);
  }
  const within = unit.awaits.filter((it) =>
    loop.start <= it.start && it.end <= loop.end
  );
  return !readsToTheEnd(loop) &&
    !within.some((it) => paces(it, resolved, units, new Set()));
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

function isEndlessSource(
  source: Node,
  resolved: Resolved,
  units: Units,
): boolean {
  const inner = unwrap(source);
  if (inner.type === "Identifier") {
    const value = resolved.bindings.get(inner)?.from?.value;
    return value !== undefined && value !== inner &&
      unwrap(value).type === "CallExpression" &&
      isEndlessSource(value, resolved, units);
  }
  if (inner.type !== "CallExpression") return false;
  if (calleeName(inner, resolved) === "Deno.watchFs") return true;
  const callee = unwrap(one(inner, "callee")!);
  if (callee.type === "MemberExpression") {
    return ENDLESS.test(keyName(callee, "property") ?? "");
  }
  const made = functionOf(callee, resolved, units);
  return made !== null &&
    made.loops.some((it) =>
      isTrueLoop(it) && isUnpaced(it, made, resolved, units)
    );
}

function isTrueLoop(loop: Node): boolean {
  const test = one(loop, "test");
  if (loop.type === "ForStatement") return test === null;
  return loop.type === "WhileStatement" && test !== null &&
    (unwrap(test) as { value?: unknown }).value === true;
}

/** Whether a piece of code waits for a time, itself or by functions of its module. */
function paces(
  node: Node,
  resolved: Resolved,
  units: Units,
  seen: Set<Unit>,
): boolean {
  let found = false;
  const visit = (at: Node): void => {
    if (found) return;
    if (at.type === "CallExpression" || at.type === "NewExpression") {
      const name = calleeName(at, resolved) ?? writtenName(at) ?? "";
      if (PACES.test(name.split(".").at(-1)!)) found = true;
      const callee = one(at, "callee");
      const called = callee && functionOf(unwrap(callee), resolved, units);
      if (called && !seen.has(called)) {
        seen.add(called);
        if (paces(called.node, resolved, units, seen)) found = true;
      }
    }
    // `for await (const _ of setInterval(1000))`, a promise that a timer resolves by name.
    if (
      at.type === "Identifier" &&
      /^set(?:Timeout|Interval)$/.test(word(at, "name"))
    ) {
      found = true;
    }
    eachChild(at, visit);
  };
  visit(node);
  return found;
}

function functionOf(
  callee: Node,
  resolved: Resolved,
  units: Units,
): Unit | null {
  if (callee.type !== "Identifier") return units.byFunction.get(callee) ?? null;
  const binding = resolved.bindings.get(callee);
  for (const node of [binding?.from?.value, binding?.node]) {
    const unit = node && units.byFunction.get(unwrap(node));
    if (unit) return unit;
  }
  return null;
}
