/** Loops of events: a listener that waits for something and then leads to its own event, itself or by way of others.
 * @module
 */
import {
  isFunction,
  keyName,
  many,
  type Node,
  one,
  unwrap,
} from "../code/nodes.ts";
import { eachChild } from "../code/tree.ts";
import type { Resolved } from "../code/scope.ts";
import {
  oncePerModule,
  type Unit,
  unitAround,
  type Units,
} from "../code/units.ts";
import {
  calledName,
  eventOf,
  isSame,
  receiverOf,
  targetOf,
  type Told,
  toldByCall,
} from "./event_targets.ts";
import { functionOf, joined, methodsOf, type Pacing } from "./paces.ts";
import { goesOnAfter, isInEachTurn, pacingOfTurn } from "./turns.ts";

const ADDERS =
  /^(?:addEventListener|on|once|addListener|prependListener|prependOnceListener)$/;
const TELLERS = /^(?:dispatchEvent|emit|postMessage)$/;
interface Listening extends Told {
  /** What adds it. */
  readonly node: Node;
  readonly by: Unit;
  readonly listener: Node;
}

/** A loop of events. */
export interface EventLoop {
  /** What adds the listener. */
  readonly node: Node;
  /** What it waits for in each turn. */
  readonly pacing: Pacing;
}

/** Finds the loops of events that a piece of code begins. */
export function eventLoopsIn(
  unit: Unit,
  resolved: Resolved,
  units: Units,
): EventLoop[] {
  return findLoops(resolved, units).get(unit) ?? [];
}

const NONE: ReadonlyMap<Unit, EventLoop[]> = new Map();

const findLoops = oncePerModule((
  resolved,
  units,
): ReadonlyMap<Unit, EventLoop[]> => {
  const tellers = units.all.flatMap((it) => it.calls).filter((it) =>
    TELLERS.test(calledName(it) ?? "")
  );
  if (tellers.length === 0) return NONE;
  const all = listenings(resolved, units);
  const next = new Map(all.map((it) => {
    const told = toldBy(it, tellers, resolved, units);
    return [
      it,
      all.filter((other) => told.some((each) => isSame(each, other))),
    ];
  }));
  const found = new Map<Unit, EventLoop[]>();
  for (const each of all) {
    const round = roundOf(each, next);
    if (!round.some(({ listener }) => waits(listener, resolved, units))) {
      continue;
    }
    const pacing = joined(
      round.map((it) => pacingOfTurn(it.listener, resolved, units)),
    );
    const { by, node } = each;
    found.set(by, [...found.get(by) ?? [], { node, pacing }]);
  }
  return found;
});

/** The listeners on the way from one back to itself; empty where no way leads back. */
function roundOf(
  first: Listening,
  next: ReadonlyMap<Listening, readonly Listening[]>,
): Listening[] {
  const reach = (from: Listening): Set<Listening> => {
    const found = new Set(next.get(from));
    for (const it of found) for (const more of next.get(it)!) found.add(more);
    return found;
  };
  const after = reach(first);
  return after.has(first)
    ? [...after].filter((it) => reach(it).has(first))
    : [];
}

/** What calls itself at once is not a loop: it would end with its stack, so the event is heard by somebody else. */
function waits(listener: Node, resolved: Resolved, units: Units): boolean {
  const own = units.byFunction.get(listener);
  if (!own) return false;
  const inside = (it: Node) =>
    listener.start <= it.start && it.end <= listener.end;
  return units.all.some((it) =>
    it.awaits.some(inside) ||
    it.calls.some((call) =>
      inside(call) &&
      (goesOnAfter(call, resolved) ||
        many(call, "arguments").some((given) => isFunction(unwrap(given))) ||
        calledName(call) === "postMessage")
    )
  );
}

function listenings(resolved: Resolved, units: Units): Listening[] {
  const found: Listening[] = [];
  const add = (
    node: Node,
    owner: Node | null,
    event: string | null,
    given: Node | undefined,
  ) => {
    const target = targetOf(owner, resolved, null);
    const by = unitAround(node, resolved, units);
    if (target === null || !given) return;
    for (const listener of listenersOf(given, resolved, units)) {
      found.push({ node, by, target, event, listener });
    }
  };
  for (const call of units.all.flatMap((it) => it.calls)) {
    if (!ADDERS.test(calledName(call) ?? "")) continue;
    const [event, listener] = many(call, "arguments");
    add(call, receiverOf(call), eventOf(event, resolved), listener);
  }
  const visit = (at: Node): void => {
    if (at.type === "AssignmentExpression") {
      const left = unwrap(one(at, "left")!);
      const name = left.type === "MemberExpression"
        ? keyName(left, "property")
        : null;
      if (name !== null && /^on[a-z]+$/.test(name)) {
        add(at, one(left, "object"), name.slice(2), one(at, "right")!);
      }
    }
    eachChild(at, visit);
  };
  visit(resolved.program);
  return found;
}

/** The functions that a listener may be: a name, a method, bound or not, `handleEvent`. */
function listenersOf(given: Node, resolved: Resolved, units: Units): Node[] {
  const inner = unwrap(given);
  const own = functionOf(inner, resolved, units);
  if (own) return [own.node];
  const methods = (name: string | null) =>
    (name === null ? [] : methodsOf(resolved, units).get(name) ?? [])
      .map(({ node }) => node);
  switch (inner.type) {
    case "CallExpression": {
      const callee = unwrap(one(inner, "callee")!);
      return callee.type === "MemberExpression" &&
          keyName(callee, "property") === "bind"
        ? listenersOf(one(callee, "object")!, resolved, units)
        : [];
    }
    case "MemberExpression":
      return methods(keyName(inner, "property"));
    case "ThisExpression":
    case "Identifier":
    case "ObjectExpression":
      return methods("handleEvent");
    default:
      return [];
  }
}

/** What a listener tells in each turn, itself or by functions of its module. */
function toldBy(
  { listener, target }: Listening,
  tellers: readonly Node[],
  resolved: Resolved,
  units: Units,
): Told[] {
  const found: Told[] = [];
  const seen = new Set<Node>([listener]);
  for (const node of seen) {
    const within = (it: Node) =>
      node.start <= it.start && it.end <= node.end &&
      isInEachTurn(it, node, resolved);
    for (const call of tellers) {
      if (!within(call)) continue;
      const told = toldByCall(call, resolved, { node: listener, target });
      if (told) found.push(told);
    }
    for (const call of units.all.flatMap((it) => it.calls)) {
      if (!within(call)) continue;
      const callee = one(call, "callee");
      const given = goesOnAfter(call, resolved) ? many(call, "arguments") : [];
      for (const it of callee ? [callee, ...given] : given) {
        const made = functionOf(unwrap(it), resolved, units);
        if (made) seen.add(made.node);
      }
    }
  }
  return found;
}
