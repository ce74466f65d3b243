/** Whether a loop ends with the timers of its module, or goes on whatever becomes of them.
 * @module
 */
import {
  isFunction,
  keyName,
  many,
  type Node,
  one,
  unwrap,
  word,
} from "../code/nodes.ts";
import { eachChild } from "../code/tree.ts";
import type { Resolved } from "../code/scope.ts";
import { oncePerModule, type Unit, type Units } from "../code/units.ts";
import { isEndless } from "../code/runs.ts";
import { calleeName } from "../code/uses.ts";
import { functionOf, joined, PACED, type Pacing, UNPACED } from "./paces.ts";
import { eventLoopsIn } from "./event_loops.ts";
import { goesOnAfter, isInEachTurn, pacingOfTurn } from "./turns.ts";

/** What never ends by itself: files, keys and messages that may come. */
const ENDLESS = /^(?:watch\w*|subscribe|consume|messages)$/;

/** A loop, or a function that calls itself again and again. */
export interface Loop {
  readonly node: Node;
  /** For people. */
  readonly detail: string;
  /** What it waits for in each turn. */
  readonly pacing: Pacing;
}

/** Finds what goes on in a piece of code without an end of its own. */
export function loopsIn(
  unit: Unit,
  resolved: Resolved,
  units: Units,
): Loop[] {
  const found: Loop[] = [];
  for (const loop of unit.loops) {
    const waits = unit.awaits.some((it) =>
      loop.start <= it.start && it.end <= loop.end
    );
    const isForAwait = unit.awaits.includes(loop);
    if (!isForAwait && !(waits && mayBeEndless(loop))) continue;
    found.push({
      node: loop,
      detail: isForAwait ? "for await" : "an endless loop that awaits",
      pacing: loopPacing(loop, unit, resolved, units),
    });
  }
  const again = unit.kind === "function"
    ? callsItself(unit, resolved, units)
    : null;
  if (again) {
    found.push({
      node: unit.node,
      detail: "a function that calls itself without an end",
      pacing: pacingOfTurn(unit.node, resolved, units),
    });
  }
  for (const { node, pacing } of eventLoopsIn(unit, resolved, units)) {
    found.push({
      node,
      detail: "a listener that leads to its event again",
      pacing,
    });
  }
  return found;
}

/** By its text, or by a flag that nothing in the loop sets. */
export function mayBeEndless(loop: Node): boolean {
  if (isEndless(loop)) return true;
  if (loop.type === "ForInStatement" || loop.type === "ForOfStatement") {
    return false;
  }
  const test = one(loop, "test");
  if (!test) return false;
  const flags = flagsOf(unwrap(test));
  return flags !== null && !flags.some((name) => sets(loop, name));
}

/** The names of `running`, `!signal.aborted`, `this.#open && !done`; null for any other condition. */
function flagsOf(test: Node): string[] | null {
  switch (test.type) {
    case "Identifier":
      return [word(test, "name")];
    case "MemberExpression": {
      const name = keyName(test, "property");
      return name === null || /^(?:length|size|next|value)$/.test(name)
        ? null
        : [name];
    }
    case "UnaryExpression":
      return word(test, "operator") === "!"
        ? flagsOf(unwrap(one(test, "argument")!))
        : null;
    case "LogicalExpression": {
      const [left, right] = [
        flagsOf(unwrap(one(test, "left")!)),
        flagsOf(unwrap(one(test, "right")!)),
      ];
      return left && right && [...left, ...right];
    }
    default:
      return null;
  }
}

function sets(loop: Node, name: string): boolean {
  let found = false;
  const visit = (at: Node): void => {
    const target = at.type === "AssignmentExpression"
      ? one(at, "left")
      : at.type === "UpdateExpression"
      ? one(at, "argument")
      : null;
    if (target && names(target, name)) found = true;
    if (!found) eachChild(at, visit);
  };
  visit(loop);
  return found;
}

function names(node: Node, name: string): boolean {
  let found = node.type === "Identifier" && word(node, "name") === name ||
    node.type === "MemberExpression" && keyName(node, "property") === name;
  eachChild(node, (it) => {
    found ||= names(it, name);
  });
  return found;
}

/** Whether each turn of a function that waits leads to the next: `return next()`, `work().then(next)`. */
function callsItself(unit: Unit, resolved: Resolved, units: Units): boolean {
  if (unit.awaits.length === 0 && !hasChains(resolved, units)) return false;
  const within = (it: Node) =>
    unit.node.start <= it.start && it.end <= unit.node.end;
  if (!namesOf(resolved, units).get(unit)?.some(within)) return false;
  const calls = units.all.flatMap((it) =>
    within(it.node) || it === unit ? it.calls.filter(within) : []
  );
  const waits = unit.awaits.length > 0 ||
    calls.some((it) => goesOnAfter(it, resolved));
  return waits && calls.some((call) => {
    const callee = unwrap(one(call, "callee") ?? call);
    const given = goesOnAfter(call, resolved)
      ? many(call, "arguments").map(unwrap)
      : [];
    return [callee, ...given].some((it) =>
      it.type === "Identifier" && functionOf(it, resolved, units) === unit
    ) && isInEachTurn(call, unit.node, resolved) &&
      isInTheChain(call, unit.node, resolved);
  });
}

/** Most modules have none, and each of their functions would be asked about all calls of the others. */
const hasChains = oncePerModule((resolved, units): boolean =>
  units.all.some((it) => it.calls.some((call) => goesOnAfter(call, resolved)))
);

/** Where the functions of a module are named. */
const namesOf = oncePerModule((
  { declared },
  units,
): ReadonlyMap<Unit, readonly Node[]> => {
  const found = new Map<Unit, Node[]>();
  for (const { from, references } of declared) {
    const unit = from && units.byFunction.get(unwrap(from.value));
    if (unit) found.set(unit, [...found.get(unit) ?? [], ...references]);
  }
  return found;
});

/** Not in a function that somebody else calls when something happens. */
function isInTheChain(call: Node, end: Node, resolved: Resolved): boolean {
  for (let at = call; at !== end;) {
    const up = resolved.parents.get(at);
    if (!up) return true;
    if (isFunction(at) && !goesOnAfter(up.node, resolved)) return false;
    at = up.node;
  }
  return true;
}

/**
 * Tells whether a loop of an evaluation ends with the timers of its module. Returns whether it waits for a timer, and
 * for what else that may be one; a `for await` goes on only where what it walks is known never to end.
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
      .map((it) => pacingOfTurn(it, resolved, units)),
  );
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
