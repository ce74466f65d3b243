/** Calls of functions that somebody has put into what a module or an instance holds: `for (const hook of hooks) hook()`.
 * @module
 */
import { keyName, many, nameOf, type Node, one, unwrap } from "../nodes.ts";
import {
  COLLECTION_READS,
  HARMLESS_METHODS,
  MUTATORS,
} from "../../values/known_calls.ts";
import type { Roots } from "../roots.ts";
import { ELEMENT, type Resolved } from "../scope.ts";
import type { Unit } from "../units.ts";

const DEPTH_MAX = 8;
const TAKES = /^(?:at|find|findLast|get|pop|shift)$/;
const GIVES =
  /^(?:entries|filter|get|reverse|slice|sort|toReversed|toSorted|values)$/;
const GIVES_ALL = /^(?:Array\.from|Object\.(?:entries|values))$/;

/** Finds calls of held functions. */
export class HeldCalls {
  readonly #resolved: Resolved;
  readonly #roots: Roots;
  readonly #known = new Map<Unit, boolean>();

  constructor(resolved: Resolved, roots: Roots) {
    this.#resolved = resolved;
    this.#roots = roots;
  }

  /** Whether a piece of code calls such functions, or methods of objects that were put there. */
  isIn(unit: Unit): boolean {
    let found = this.#known.get(unit);
    if (found === undefined) {
      found = unit.calls.some((call) => {
        const callee = call.type === "CallExpression" && one(call, "callee");
        return callee && !isPlain(callee) && this.#isTaken(callee, 0);
      });
      this.#known.set(unit, found);
    }
    return found;
  }

  /** Whether a value, or what it is a member of, was taken out of what is held. */
  #isTaken(node: Node, depth: number): boolean {
    if (depth > DEPTH_MAX) return false;
    const at = unwrap(node);
    const next = (it: Node | null) =>
      it !== null && this.#isTaken(it, depth + 1);
    switch (at.type) {
      case "Identifier": {
        const binding = this.#resolved.bindings.get(at);
        if (!binding || binding.top || binding.imported) return false;
        const { parameter, from } = binding;
        const of = parameter &&
          this.#roots.elementsGiven(parameter.of, parameter.index);
        if (of) return this.#isHolding(of, depth + 1);
        if (!from) return false;
        return from.path.includes(ELEMENT)
          ? this.#isHolding(from.value, depth + 1)
          : next(from.value);
      }
      case "MemberExpression": {
        const object = one(at, "object")!;
        const key = keyName(at, "property");
        // What is called on all of them, or on one that `forEach()` and its like have, is looked at there.
        if (key === null) return this.#isHolding(object, depth + 1);
        return unwrap(object).type !== "ThisExpression" && next(object);
      }
      case "CallExpression": {
        const callee = unwrap(one(at, "callee")!);
        return callee.type === "MemberExpression" &&
          TAKES.test(keyName(callee, "property") ?? "") &&
          this.#isHolding(one(callee, "object")!, depth + 1);
      }
      case "LogicalExpression":
        return next(one(at, "left"));
      case "AwaitExpression":
        return next(one(at, "argument"));
    }
    return false;
  }

  /** Whether an expression is a collection of the module or of an instance, or made of one. */
  #isHolding(node: Node, depth: number): boolean {
    if (depth > DEPTH_MAX) return false;
    const at = unwrap(node);
    const next = (it: Node | null | undefined) =>
      it !== null && it !== undefined && this.#isHolding(it, depth + 1);
    switch (at.type) {
      case "Identifier": {
        const binding = this.#resolved.bindings.get(at);
        if (!binding || binding.imported) return false;
        const isVariable = /^(?:const|let|var)$/.test(binding.kind);
        return isVariable && (binding.top || next(binding.from?.value));
      }
      case "MemberExpression": {
        const object = unwrap(one(at, "object")!);
        return object.type === "ThisExpression" || next(object);
      }
      case "CallExpression": {
        const callee = unwrap(one(at, "callee")!);
        if (callee.type !== "MemberExpression") return false;
        const object = one(callee, "object")!;
        const key = keyName(callee, "property") ?? "";
        const inner = unwrap(object);
        const name = inner.type === "Identifier"
          ? `${nameOf(inner)}.${key}`
          : "";
        return GIVES_ALL.test(name)
          ? next(many(at, "arguments")[0])
          : GIVES.test(key) && next(object);
      }
      case "LogicalExpression":
        return next(one(at, "left")) || next(one(at, "right"));
      case "ArrayExpression":
        return many(at, "elements").some((it) =>
          it.type === "SpreadElement" && next(one(it, "argument"))
        );
    }
    return false;
  }
}

const OF_TEXTS =
  /^(?:char|codePoint|locale|match|search|test$|exec$|then$|catch$)/;

/** Whether a call is of a method of texts, collections and the like. */
function isPlain(callee: Node): boolean {
  const at = unwrap(callee);
  const name = at.type === "MemberExpression" ? keyName(at, "property") : null;
  return name !== null &&
    (HARMLESS_METHODS.has(name) || COLLECTION_READS.has(name) ||
      MUTATORS.has(name) || OF_TEXTS.test(name));
}
