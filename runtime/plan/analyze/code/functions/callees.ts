/** Which functions and classes of a module an expression may be.
 * @module
 */
import {
  isClass,
  isFunction,
  keyName,
  many,
  type Node,
  one,
  unwrap,
} from "../nodes.ts";
import type { Roots } from "../roots.ts";
import { ELEMENT, type Resolved } from "../scope.ts";
import { writtenName } from "../uses.ts";
import { storedIn } from "./stored.ts";
import type { ClassUnits, Unit, Units } from "../units.ts";

const DEPTH_MAX = 8;
/** Where functions are handed on and on, looking further would take longer than it is worth. */
const STEPS_MAX = 2_000;

/** Methods that give one of those that a collection holds. */
const TAKES_ELEMENT = /^(?:at|find|findLast|get|pop|shift)$/;
/** Methods that give all of them. */
const GIVES_ALL =
  /^(?:entries|filter|reverse|slice|sort|toReversed|toSorted|values)$/;
const COLLECTIONS = /^new (?:(?:Weak)?(?:Map|Set)|Array)$/;

/** Finds the functions and classes that expressions may be; in doubt one too many. */
export class Callees {
  readonly #resolved: Resolved;
  readonly #units: Units;
  readonly #roots: Roots;
  readonly #methodsByName = new Map<string, Unit[]>();
  /** What was found, by the expressions that were asked for. */
  readonly #known = new Map<Node, Unit[]>();
  #steps = 0;

  constructor(resolved: Resolved, units: Units, roots: Roots) {
    this.#resolved = resolved;
    this.#units = units;
    this.#roots = roots;
    for (const { methods } of units.classes.values()) {
      for (const [name, list] of methods) {
        const known = this.#methodsByName.get(name);
        if (known) known.push(...list);
        else this.#methodsByName.set(name, [...list]);
      }
    }
  }

  /** The functions of this module that an expression may be. */
  callees(node: Node, depth = 0): Unit[] {
    if (depth > 0) return this.#look(node, depth);
    // Each way to an expression ends in the same question.
    const known = this.#known.get(node);
    if (known) return known;
    const before = this.#steps;
    this.#steps = 0;
    const found = this.#look(node, 0);
    this.#steps = before;
    this.#known.set(node, found);
    return found;
  }

  #look(node: Node, depth: number): Unit[] {
    if (depth > DEPTH_MAX || ++this.#steps > STEPS_MAX) return [];
    const at = unwrap(node);
    const go = (next: Node | null) => next ? this.callees(next, depth + 1) : [];
    if (isFunction(at)) {
      const unit = this.#units.byFunction.get(at);
      return unit ? [unit] : [];
    }
    switch (at.type) {
      case "Identifier":
        return this.#named(at, depth);
      case "MemberExpression":
        return this.#member(at, depth);
      case "CallExpression": {
        const callee = unwrap(one(at, "callee")!);
        if (
          callee.type === "MemberExpression" &&
          keyName(callee, "property") === "bind"
        ) return go(one(callee, "object"));
        const held = callee.type === "MemberExpression" &&
            TAKES_ELEMENT.test(keyName(callee, "property") ?? "")
          ? this.#within(one(callee, "object")!, [ELEMENT], depth)
          : [];
        if (held.length > 0) return held;
        return this.callees(callee, depth + 1).flatMap((unit) =>
          unit.returns.flatMap((value) => this.callees(value, depth + 1))
        );
      }
      case "Super": {
        const unit = this.#units.around.get(at);
        return unit?.class
          ? this.above(unit.class).slice(0, 1).map((it) => it.construct)
          : [];
      }
      case "AwaitExpression":
        return go(one(at, "argument"));
      case "AssignmentExpression":
        return go(one(at, "right"));
      case "LogicalExpression":
        return [...go(one(at, "left")), ...go(one(at, "right"))];
      case "ConditionalExpression":
        return [...go(one(at, "consequent")), ...go(one(at, "alternate"))];
      case "SequenceExpression":
        return go(many(at, "expressions").at(-1) ?? null);
    }
    return [];
  }

  #named(node: Node, depth: number): Unit[] {
    const binding = this.#resolved.bindings.get(node);
    if (!binding) return [];
    const found: Unit[] = [];
    if (binding.kind === "parameter") {
      const { of, index, path } = binding.parameter!;
      for (const call of this.#roots.callsOf(of)) {
        const given = many(call, "arguments")[index];
        if (!given) continue;
        found.push(
          ...path.length === 0
            ? this.callees(given, depth + 1)
            : this.#within(given, path, depth),
        );
      }
      const within = this.#roots.elementsGiven(of, index);
      if (within) {
        found.push(...this.#within(within, [ELEMENT, ...path], depth));
      }
    }
    if (binding.from) {
      const { value, path } = binding.from;
      found.push(
        ...path.length === 0
          ? this.callees(value, depth + 1)
          : this.#within(value, path, depth),
      );
    }
    for (const other of binding.assigned) {
      if (other) found.push(...this.callees(other, depth + 1));
    }
    return found;
  }

  /** Functions at a place inside of object and array literals, also behind a variable. */
  #within(node: Node, path: readonly string[], depth: number): Unit[] {
    if (depth > DEPTH_MAX) return [];
    const [first, ...rest] = path;
    if (first === undefined) return this.callees(node, depth + 1);
    const at = unwrap(node);
    if (at.type === "ObjectExpression") {
      return many(at, "properties").flatMap((item) => {
        const value = one(item, "value");
        const key = item.type === "Property" ? keyName(item, "key") : null;
        return value && (key === first || key === null || first === "[]")
          ? this.#within(value, rest, depth + 1)
          : [];
      });
    }
    if (at.type === "ArrayExpression") {
      return many(at, "elements").flatMap((item) =>
        this.#within(item, rest, depth + 1)
      );
    }
    if (at.type === "NewExpression") {
      const [given] = many(at, "arguments");
      const kind = writtenName(at) ?? "";
      if (!given || !COLLECTIONS.test(kind)) return [];
      const isOfPairs = kind.endsWith("Map") && path.length === 1;
      return this.#within(given, isOfPairs ? [ELEMENT, "1"] : path, depth + 1);
    }
    if (at.type === "CallExpression") {
      const callee = unwrap(one(at, "callee")!);
      if (
        callee.type === "MemberExpression" &&
        GIVES_ALL.test(keyName(callee, "property") ?? "")
      ) return this.#within(one(callee, "object")!, path, depth + 1);
      const made = this.#roots.functionOf(callee);
      return made?.returns.flatMap((value) =>
        this.#within(value, path, depth + 1)
      ) ?? [];
    }
    if (at.type === "Identifier") {
      const binding = this.#resolved.bindings.get(at);
      if (!binding) return [];
      const stored = storedIn(binding, this.#resolved).flatMap((
        { key, value },
      ) =>
        key === first || key === ELEMENT || first === ELEMENT
          ? this.#within(value, rest, depth + 1)
          : []
      );
      const { from } = binding;
      if (!from || isFunction(from.value) || isClass(from.value)) return stored;
      return [
        ...stored,
        ...this.#within(from.value, [...from.path, ...path], depth + 1),
      ];
    }
    // One of a pair, or the value itself.
    return isFunction(at) && path.every((it) => /^(?:\[\]|1)$/.test(it))
      ? this.callees(at, depth + 1)
      : [];
  }

  #member(node: Node, depth: number): Unit[] {
    const object = unwrap(one(node, "object")!);
    const name = keyName(node, "property");
    if (name === "call" || name === "apply") {
      const found = this.callees(object, depth + 1);
      if (found.length > 0) return found;
    }
    if (name === null) return this.#within(object, ["[]"], depth);
    if (object.type === "ThisExpression" || object.type === "Super") {
      const unit = this.#units.around.get(object);
      if (unit?.class) {
        return this.#family(unit.class).flatMap((it) =>
          (unit.isStatic ? it.statics : it.methods).get(name) ?? []
        );
      }
    }
    const literal = this.#within(object, [name], depth);
    const classes = this.classesOf(object);
    if (classes.length > 0) {
      return classes.flatMap((it) =>
        [it, ...this.above(it)].flatMap((of) => of.statics.get(name) ?? [])
      );
    }
    if (literal.length > 0) return literal;
    // Any method of that name, unless the object comes from elsewhere for certain.
    if (object.type === "Identifier" && !this.#resolved.bindings.has(object)) {
      return [];
    }
    const methods = this.#methodsByName.get(name);
    if (!methods) return [];
    const roots = this.#roots.of(object);
    return roots.length > 0 && roots.every((it) => it.specifier !== null)
      ? []
      : methods;
  }

  /** The classes of this module that an expression may be. */
  classesOf(node: Node, depth = 0): ClassUnits[] {
    if (depth > DEPTH_MAX) return [];
    const at = unwrap(node);
    if (isClass(at)) {
      const found = this.#units.classes.get(at);
      return found ? [found] : [];
    }
    if (at.type === "ThisExpression") {
      const unit = this.#units.around.get(at);
      return unit?.isStatic && unit.class ? [unit.class] : [];
    }
    if (at.type === "MemberExpression") {
      const object = unwrap(one(at, "object")!);
      const of = keyName(at, "property") === "constructor" &&
          object.type === "ThisExpression"
        ? this.#units.around.get(object)?.class
        : null;
      return of ? this.#family(of) : [];
    }
    if (at.type !== "Identifier") return [];
    const binding = this.#resolved.bindings.get(at);
    return binding?.from && binding.from.path.length === 0
      ? this.classesOf(binding.from.value, depth + 1)
      : [];
  }

  /** The classes that one extends, as far as they are of this module. */
  above(of: ClassUnits): ClassUnits[] {
    const found: ClassUnits[] = [];
    for (
      let at = of.superClass;
      at && found.length < DEPTH_MAX;
    ) {
      const [next] = this.classesOf(at);
      if (!next || found.includes(next)) break;
      found.push(next);
      at = next.superClass;
    }
    return found;
  }

  #family(of: ClassUnits): ClassUnits[] {
    const below = [...this.#units.classes.values()].filter((it) =>
      it !== of && this.above(it).includes(of)
    );
    return [of, ...this.above(of), ...below];
  }

  /** The functions that a value brings: itself, its fields, its elements. */
  functionsIn(node: Node): Unit[] {
    const at = unwrap(node);
    switch (at.type) {
      case "ObjectExpression":
        return many(at, "properties").flatMap((item) => {
          const value = one(item, "value");
          return value ? this.functionsIn(value) : [];
        });
      case "ArrayExpression":
        return many(at, "elements").flatMap((item) => this.functionsIn(item));
      case "SpreadElement":
        return this.functionsIn(one(at, "argument")!);
    }
    return this.callees(at);
  }
}
