/** The functions that whoever calls a function gets from it.
 * @module
 */
import { isClass, isFunction, many, type Node, one, unwrap } from "../nodes.ts";
import type { Resolved } from "../scope.ts";
import type { Unit } from "../units.ts";
import type { Callees } from "./callees.ts";

const DEPTH_MAX = 6;

/** Finds the functions in what some code returns: itself, in fields and elements, methods of instances. */
export function givenBack(
  units: Iterable<Unit>,
  callees: Callees,
  resolved: Resolved,
): Set<Unit> {
  const found = new Set<Unit>();
  const add = (list: Iterable<Unit>) => {
    for (const it of list) found.add(it);
  };
  // Who gives itself back gives all its methods: `app.use(a).get(b)`.
  const beside = ({ class: of, isStatic, node }: Unit): Unit[] => {
    if (of) {
      return [of, ...callees.above(of)].flatMap((it) =>
        [
          ...(isStatic ? it.statics : it.methods).values(),
        ].flat()
      );
    }
    const method = resolved.parents.get(node)?.node;
    const literal = method?.type === "Property"
      ? resolved.parents.get(method)?.node
      : undefined;
    return literal ? callees.functionsIn(literal) : [];
  };
  const methodsOf = (node: Node) => {
    for (const of of callees.classesOf(node)) {
      for (const it of [of, ...callees.above(of)]) {
        add([it.construct, ...[...it.methods.values()].flat()]);
      }
    }
  };
  // Deeper down, the same finds nothing more: without, calls in arguments of calls took as long as they have branches.
  const visited = new Map<Node, number>();
  const visit = (node: Node | null, depth: number): void => {
    if (!node || depth > DEPTH_MAX) return;
    const at = unwrap(node);
    if ((visited.get(at) ?? Infinity) <= depth) return;
    visited.set(at, depth);
    const go = (next: Node | null) => visit(next, depth + 1);
    if (isFunction(at)) return add(callees.callees(at));
    if (isClass(at)) return methodsOf(at);
    switch (at.type) {
      case "Identifier": {
        add(callees.callees(at));
        methodsOf(at);
        const from = resolved.bindings.get(at)?.from;
        if (from?.path.length === 0) go(from.value);
        return;
      }
      case "ObjectExpression":
        for (const item of many(at, "properties")) {
          go(one(item, "value") ?? one(item, "argument"));
        }
        return;
      case "ArrayExpression":
        return many(at, "elements").forEach(go);
      case "SpreadElement":
      case "AwaitExpression":
        return go(one(at, "argument"));
      case "AssignmentExpression":
        return go(one(at, "right"));
      case "LogicalExpression":
        go(one(at, "left"));
        return go(one(at, "right"));
      case "ConditionalExpression":
        go(one(at, "consequent"));
        return go(one(at, "alternate"));
      case "SequenceExpression":
        return go(many(at, "expressions").at(-1) ?? null);
      case "NewExpression":
        return methodsOf(one(at, "callee")!);
      case "CallExpression":
        // Object.freeze() and its like give back what they get.
        many(at, "arguments").forEach(go);
        for (const { returns } of callees.callees(one(at, "callee")!)) {
          returns.forEach(go);
        }
    }
  };
  for (const unit of units) {
    for (const value of unit.returns) {
      if (unwrap(value).type === "ThisExpression") add(beside(unit));
      else visit(value, 0);
    }
  }
  return found;
}
