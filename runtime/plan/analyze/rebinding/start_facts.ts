/** What of a module may go on when its evaluation has ended, and by whom its functions are called then: with it, what ran at the start of a process tells what the start has done.
 * @module
 */
import type { Code } from "../effects.ts";
import { exportedBindings } from "../exports.ts";
import {
  flag,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
  word,
} from "../code/nodes.ts";
import { isLate } from "./late.ts";
import type { Resolved } from "../code/scope.ts";
import type { ClassUnits, Unit, Units } from "../code/units.ts";
import { calleeName } from "../code/uses.ts";

const REACTING = /^(?:then|finally)$/;
const SOON = /^(?:queueMicrotask|setImmediate|process\.nextTick)$/;

/** The code that may still have something to do once it has returned, and nobody in the module waits for it. */
export function goingOn(code: Code, units: Units): Set<Unit> {
  const exported = exportedBindings(code.resolved);
  const isWaitedFor = ({ node }: Unit) => {
    const { roots } = code;
    const binding = roots.nameOfFunction(node);
    if (binding && exported.has(binding)) return false;
    const places = binding
      ? binding.references.filter((it) => it !== binding.node)
      : [node];
    return places.every((it) => {
      const up = roots.above(it);
      return up?.key === "callee" && up.node.type === "CallExpression" &&
        roots.above(up.node)?.node.type === "AwaitExpression";
    });
  };
  // What answers requests and events has begun nothing at the start, even if it has run by now.
  const isForLater = ({ kind, node }: Unit) => {
    if (kind !== "function") return false;
    if (isHandedLate(node, code)) return true;
    const binding = code.roots.nameOfFunction(node);
    if (!binding || exported.has(binding)) return false;
    const places = binding.references.filter((it) => it !== binding.node);
    return places.length > 0 && places.every((it) => isHandedLate(it, code));
  };
  return new Set(
    units.all.filter((unit) =>
      !isForLater(unit) &&
      (unit.calls.some((call) => reactsLater(call, code)) ||
        unit.kind === "function" && unit.awaits.length > 0 &&
          !isWaitedFor(unit))
    ),
  );
}

/** Whether what stands at a place is handed to somebody who calls it later; what is exported anybody may call. */
function isHandedLate(node: Node, code: Code): boolean {
  if (!isLate(node, code)) return false;
  let up = code.roots.above(node);
  while (up && /^(?:Property|ObjectExpression)$/.test(up.node.type)) {
    up = code.roots.above(up.node);
  }
  return up?.node.type !== "ExportDefaultDeclaration";
}

/** Whether a call has something done when the code around it has ended. */
function reactsLater(call: Node, { resolved }: Code): boolean {
  if (call.type !== "CallExpression") return false;
  if (SOON.test(calleeName(call, resolved) ?? "")) return true;
  const callee = unwrap(one(call, "callee")!);
  return callee.type === "MemberExpression" &&
    REACTING.test(keyName(callee, "property") ?? "");
}

/** Whether constructing a class does nothing but give the instance its own plain fields, as any other time. */
export function isPlainlyMade(
  { node, superClass }: ClassUnits,
  { resolved }: Code,
): boolean {
  const plain = new Plain(resolved);
  return !superClass && many(node, "decorators").length === 0 &&
    many(one(node, "body"), "body").every((member) => {
      if (member.type === "StaticBlock") return true;
      if (many(member, "decorators").length > 0) return false;
      const value = one(member, "value");
      if (member.type === "MethodDefinition") {
        return word(member, "kind") !== "constructor" ||
          value === null || plain.constructs(value);
      }
      return member.type === "PropertyDefinition" &&
        (flag(member, "static") ||
          !flag(member, "computed") && (value === null || plain.is(value)));
    });
}

/** Whether an expression makes the same whenever and wherever it is evaluated, and something new each time. */
export function isPlain(node: Node, resolved: Resolved): boolean {
  return new Plain(resolved).is(node);
}

const NONE: ReadonlySet<string> = new Set();

/** Looks for what is the same whenever and wherever it is evaluated. */
class Plain {
  readonly #resolved: Resolved;

  constructor(resolved: Resolved) {
    this.#resolved = resolved;
  }

  /** Whether a constructor only puts away what it is given, and such values. */
  constructs(constructor: Node): boolean {
    const names = new Set<string>();
    for (const parameter of many(constructor, "params")) {
      const at = one(parameter, "parameter") ?? parameter;
      const isDefault = at.type === "AssignmentPattern";
      const name = isDefault ? one(at, "left")! : at;
      if (name.type !== "Identifier") return false;
      if (isDefault && !this.is(one(at, "right")!)) return false;
      names.add(nameOf(name));
    }
    return many(one(constructor, "body"), "body").every((statement) => {
      const assignment = statement.type === "ExpressionStatement"
        ? unwrap(one(statement, "expression")!)
        : null;
      if (
        assignment?.type !== "AssignmentExpression" ||
        word(assignment, "operator") !== "="
      ) return false;
      const left = unwrap(one(assignment, "left")!);
      return left.type === "MemberExpression" && !flag(left, "computed") &&
        one(left, "object")?.type === "ThisExpression" &&
        this.is(one(assignment, "right")!, names);
    });
  }

  /** Whether an expression is such a value, or one of those that are given by name. */
  is(node: Node, given = NONE): boolean {
    const at = unwrap(node);
    switch (at.type) {
      case "Literal":
        return true;
      case "Identifier":
        return given.has(nameOf(at)) ||
          nameOf(at) === "undefined" && !this.#resolved.bindings.has(at);
      case "UnaryExpression":
        return /^[-+!]$/.test(word(at, "operator")) &&
          one(at, "argument")?.type === "Literal";
      case "TemplateLiteral":
        return many(at, "expressions").length === 0;
      case "ArrayExpression":
        return many(at, "elements").every((it) => this.is(it, given));
      case "ObjectExpression":
        return many(at, "properties").every((it) =>
          it.type === "Property" && !flag(it, "computed") &&
          word(it, "kind") === "init" && this.is(one(it, "value")!, given)
        );
      case "NewExpression": {
        const callee = one(at, "callee")!;
        return callee.type === "Identifier" &&
          !this.#resolved.bindings.has(callee) &&
          /^(?:Map|Set|WeakMap|WeakSet)$/.test(nameOf(callee)) &&
          many(at, "arguments").length === 0;
      }
    }
    return false;
  }
}
