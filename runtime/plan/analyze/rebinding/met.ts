/** What is asked of an instance by code that is not certain to be called later: whoever asks for no method of it runs none.
 * @module
 */
import type {
  Met,
  PassedTo,
} from "../../../protocol/manifest/passing_facts.ts";
import type { Code } from "../effects.ts";
import { exportedBindings } from "../exports.ts";
import type { Binding } from "../code/bindings.ts";
import {
  isFunction,
  keyName,
  many,
  type Node,
  one,
  parameterOf,
  unwrap,
  word,
} from "../code/nodes.ts";
import { declaredAt, importedBy, readsAll } from "./flow_places.ts";
import { isLate } from "./late.ts";

/** What is asked of the instance that an expression makes; null where anything may be. */
export function metBy(made: Node, code: Code): Met | null {
  const meeting = new Meeting(code);
  meeting.value(made);
  return meeting.met;
}

/** The same of one that a function is given. */
export function metAs(parameter: Node, code: Code): Met | null {
  const at = parameterOf(parameter);
  const binding = declaredAt(at, code.resolved);
  if (!binding) return null;
  const meeting = new Meeting(code);
  meeting.binding(binding);
  return meeting.met;
}

class Meeting {
  readonly #code: Code;
  readonly #names = new Set<string>();
  readonly #to = new Map<string, PassedTo>();
  readonly #seen = new Set<Binding>();
  #isAny = false;

  constructor(code: Code) {
    this.#code = code;
  }

  get met(): Met | null {
    if (this.#isAny) return null;
    const names = [...this.#names].sort();
    const to = [...this.#to.values()];
    return {
      ...names.length > 0 ? { names } : {},
      ...to.length > 0 ? { to } : {},
    };
  }

  value(node: Node): void {
    const { roots, resolved } = this.#code;
    const up = roots.above(node);
    if (!up) return;
    const { node: parent, key } = up;
    switch (parent.type) {
      case "ExpressionStatement":
        return;
      case "UnaryExpression":
        if (/^(?:!|typeof|void)$/.test(word(parent, "operator"))) return;
        break;
      case "BinaryExpression":
        if (/^(?:[!=]==)$/.test(word(parent, "operator"))) return;
        break;
      case "VariableDeclarator": {
        const id = one(parent, "id")!;
        const binding = declaredAt(id, resolved);
        const { node } = resolved.parents.get(parent)!;
        // Whoever uses it disposes of it.
        const isUsed = /using/.test(word(node, "kind"));
        if (key === "init" && binding && !isUsed) return this.binding(binding);
        break;
      }
      case "MemberExpression": {
        const name = key === "object" ? keyName(parent, "property") : null;
        if (name === null) break;
        this.#names.add(name);
        return;
      }
      case "CallExpression":
        if (key === "arguments") return this.#given(parent, node);
    }
    this.#isAny = true;
  }

  binding(binding: Binding): void {
    if (this.#seen.has(binding)) return;
    this.#seen.add(binding);
    const { resolved } = this.#code;
    if (exportedBindings(resolved).has(binding)) {
      this.#isAny = true;
      return;
    }
    for (const reference of binding.references) {
      if (reference === binding.node || resolved.targets.has(reference)) {
        continue;
      }
      if (!this.#isForLater(reference, binding.node)) this.value(reference);
    }
  }

  #given(call: Node, argument: Node): void {
    const { resolved, runs } = this.#code;
    const list = many(call, "arguments");
    const index = list.indexOf(argument);
    const isAt = index >= 0 &&
      list.every(({ type }) => type !== "SpreadElement");
    const callee = unwrap(one(call, "callee")!);
    const imported = importedBy(callee, resolved);
    if (isAt && imported) {
      const { specifier, name } = imported;
      this.#to.set(`${specifier}\n${name}\n${index}`, {
        specifier,
        name,
        index,
      });
      return;
    }
    // By a name that is one function of the module, and is never another one.
    const binding = resolved.bindings.get(callee);
    const own = runs.callees(callee);
    if (
      !isAt || !binding || binding.imported || binding.assigned.length > 0 ||
      binding.kind === "parameter" || own.length !== 1
    ) {
      this.#isAny = true;
      return;
    }
    const { node } = own[0]!;
    const parameter = many(node, "params")[index];
    const at = parameter && parameterOf(parameter);
    const given = at && declaredAt(at, resolved);
    if (given && !readsAll(node)) this.binding(given);
    else this.#isAny = true;
  }

  /** Whether a function is around a place, inside of what declares a name, that is certain to be called later. */
  #isForLater(node: Node, declared: Node): boolean {
    const { parents } = this.#code.resolved;
    for (let at: Node | undefined = node; at;) {
      if (isFunction(at)) {
        if (at.start <= declared.start && declared.end <= at.end) return false;
        if (isLate(at, this.#code)) return true;
      }
      at = parents.get(at)?.node;
    }
    return false;
  }
}
