/** The functions of a module by their names, and where they are called.
 * @module
 */
import { CALLING_METHODS } from "../../values/known_calls.ts";
import type { Binding } from "../bindings.ts";
import { InstanceFields } from "./instance_fields.ts";
import {
  isFunction,
  isWrapper,
  keyName,
  type Node,
  one,
  unwrap,
} from "../nodes.ts";
import type { Resolved } from "../scope.ts";
import type { Unit, Units } from "../units.ts";

/** Finds the functions of a module, and their calls. */
export class NamedFunctions {
  readonly #resolved: Resolved;
  readonly #units: Units;
  /** What the fields of instances are made of. */
  protected readonly fields: InstanceFields;
  readonly #calls = new Map<Node, readonly Node[]>();

  constructor(resolved: Resolved, units: Units) {
    this.#resolved = resolved;
    this.#units = units;
    this.fields = new InstanceFields(resolved, units);
  }

  /** The calls of a function of this module by its name, and by writing it where it is called. */
  callsOf(of: Node): readonly Node[] {
    let known = this.#calls.get(of);
    if (!known) this.#calls.set(of, known = this.#findCalls(of));
    return known;
  }

  #findCalls(of: Node): readonly Node[] {
    const calls: Node[] = [];
    const isCall = (node: Node) => {
      const up = this.above(node);
      if (
        (up?.node.type === "CallExpression" ||
          up?.node.type === "NewExpression") && up.key === "callee"
      ) calls.push(up.node);
    };
    if (of.type !== "FunctionDeclaration") isCall(of);
    const binding = this.nameOfFunction(of);
    for (const reference of binding?.references ?? []) isCall(reference);
    const unit = this.#units.byFunction.get(of);
    return unit?.kind === "construct"
      ? [...calls, ...this.fields.callsAbove(unit.class!)]
      : calls;
  }

  /** The variable that holds a function or class by its declaration. */
  nameOfFunction(of: Node): Binding | null {
    const id = one(of, "id");
    if (id && of.type.endsWith("Declaration")) {
      return this.#resolved.bindings.get(id) ?? null;
    }
    const up = this.above(of);
    const declared = up?.node.type === "VariableDeclarator" &&
        up.key === "init"
      ? one(up.node, "id")
      : null;
    if (declared?.type === "Identifier") {
      return this.#resolved.bindings.get(declared) ?? null;
    }
    // The constructor of a class is called by the name of the class.
    const unit = this.#units.byFunction.get(of);
    return unit?.kind === "construct" ? unit.class?.binding ?? null : null;
  }

  /** The function that an expression is, if it is one of this module for certain. */
  functionOf(node: Node): Unit | null {
    const at = unwrap(node);
    if (isFunction(at)) return this.#units.byFunction.get(at) ?? null;
    if (at.type !== "Identifier") return null;
    const binding = this.#resolved.bindings.get(at);
    if (!binding || binding.assigned.length > 0 || !binding.from) return null;
    const { value, path } = binding.from;
    return path.length === 0 && isFunction(unwrap(value))
      ? this.#units.byFunction.get(unwrap(value)) ?? null
      : null;
  }

  /** The collection whose elements a function is given as one of its parameters, as by `forEach()`; null for none. */
  elementsGiven(of: Node, index: number): Node | null {
    const given = this.methodGiven(of);
    if (given === null || /^(?:then|catch|finally)$/.test(given.name)) {
      return null;
    }
    return index === (given.name.startsWith("reduce") ? 1 : 0)
      ? given.object
      : null;
  }

  /** The method that is given a function where it is written, and calls it. */
  protected methodGiven(
    of: Node,
  ): { readonly name: string; readonly object: Node } | null {
    const up = this.#resolved.parents.get(of);
    if (up?.node.type !== "CallExpression" || up.key !== "arguments") {
      return null;
    }
    const callee = unwrap(one(up.node, "callee")!);
    const name = callee.type === "MemberExpression"
      ? keyName(callee, "property")
      : null;
    return name !== null && CALLING_METHODS.has(name)
      ? { name, object: one(callee, "object")! }
      : null;
  }

  /** The parent past wrappers: `(x as T)()` calls x. */
  above(node: Node): { readonly node: Node; readonly key: string } | null {
    let up = this.#resolved.parents.get(node);
    while (up && isWrapper(up.node)) {
      up = this.#resolved.parents.get(up.node);
    }
    return up ?? null;
  }
}
