/** Which code of a module may run when other code of it runs; whatever is handed to somebody counts as called, but what is certain to be called later.
 * @module
 */
import type { Code } from "../effects.ts";
import type { Binding } from "../code/bindings.ts";
import { isClass, isFunction, type Node, one } from "../code/nodes.ts";
import { eachWithin } from "../code/tree.ts";
import type { ClassUnits, Unit, Units } from "../code/units.ts";
import { isBrief, isLate } from "./late.ts";

/** Follows the code of one module. */
export class Reachable {
  readonly #code: Code;
  readonly #units: Units;
  readonly #inside = new Map<Unit, Unit[]>();
  readonly #next = new Map<Unit, readonly Unit[]>();

  /**
   * @param code the module
   * @param units its code
   */
  constructor(code: Code, units: Units) {
    this.#code = code;
    this.#units = units;
    for (const unit of units.all) {
      if (!unit.parent) continue;
      const list = this.#inside.get(unit.parent);
      if (list) list.push(unit);
      else this.#inside.set(unit.parent, [unit]);
    }
  }

  /** All that may run when these run, these among them. */
  from(start: Iterable<Unit>): Set<Unit> {
    const seen = new Set<Unit>();
    const waiting = [...start];
    for (let unit = waiting.pop(); unit; unit = waiting.pop()) {
      if (seen.has(unit)) continue;
      seen.add(unit);
      waiting.push(...this.#after(unit));
    }
    return seen;
  }

  /** All code of a class, and of the classes of the module that it extends. */
  ofClass(of: ClassUnits): Unit[] {
    return [of, ...this.#code.runs.above(of)].flatMap((it) => [
      it.construct,
      ...[...it.methods.values()].flat(),
      ...[...it.statics.values()].flat(),
    ]);
  }

  /** What some code gives away that may be called when it has ended, though not by an event. */
  handedBy(unit: Unit): Unit[] {
    const { resolved, roots } = this.#code;
    const isGiven = (node: Node) =>
      !isBrief(node, resolved) && !isLate(node, this.#code, true);
    const found = (this.#inside.get(unit) ?? []).filter((inner) =>
      this.#isHanded(inner) && isGiven(inner.node)
    );
    for (const reference of unit.references) {
      const up = roots.above(reference);
      const isCalled = up?.key === "callee" ||
        up?.node.type === "MemberExpression" &&
          roots.above(up.node)?.key === "callee";
      if (isCalled || !isGiven(reference)) continue;
      found.push(...this.#named(reference));
    }
    return found;
  }

  /** The functions and classes that a variable brings, by its declaration. */
  carriedBy(binding: Binding): Unit[] {
    const value = binding.from?.value;
    return value ? this.within(value) : [];
  }

  /** The functions and classes that are written in an expression, those inside of them left out. */
  within(value: Node): Unit[] {
    const found: Unit[] = [];
    eachWithin(value, ({ self }) => {
      if (isFunction(self)) {
        const unit = this.#units.byFunction.get(self);
        if (unit) found.push(unit);
        return false;
      }
      if (isClass(self)) {
        const of = this.#units.classes.get(self);
        if (of) found.push(...this.ofClass(of));
        return false;
      }
    });
    return found;
  }

  #after(unit: Unit): readonly Unit[] {
    const known = this.#next.get(unit);
    if (known) return known;
    const found = new Set(this.#code.runs.next(unit));
    for (const inner of this.#inside.get(unit) ?? []) {
      if (this.#isHanded(inner)) found.add(inner);
    }
    for (const reference of unit.references) {
      for (const it of this.#named(reference)) found.add(it);
    }
    const next = [...found];
    this.#next.set(unit, next);
    return next;
  }

  /** Whether a function that is written in some code is given to somebody there who may call it. */
  #isHanded({ kind, node }: Unit): boolean {
    if (kind !== "function" || node.type === "FunctionDeclaration") {
      return false;
    }
    const { roots } = this.#code;
    if (isLate(node, this.#code)) return false;
    let up = roots.above(node);
    while (
      up && /^(?:Property|(?:Object|Array)Expression)$/.test(up.node.type)
    ) up = roots.above(up.node);
    // Behind a name it runs where that is used; what a class has, with the class; what a module exports, by who imports it.
    return !/^(?:VariableDeclarator|ExportDefaultDeclaration|MethodDefinition|PropertyDefinition|AccessorProperty|ClassBody)$/
      .test(up?.node.type ?? "");
  }

  /** What a name brings where it stands. */
  #named(reference: Node): readonly Unit[] {
    const { resolved, roots } = this.#code;
    const binding = resolved.bindings.get(reference);
    if (!binding || binding.node === reference) return [];
    if (binding.imported || !binding.from) return [];
    const up = roots.above(reference);
    switch (up?.node.type) {
      case "ExportSpecifier":
      case "ExportDefaultDeclaration":
        return [];
      case "BinaryExpression":
        if (one(up.node, "left")!.type !== "PrivateIdentifier") return [];
        break;
      case "AssignmentExpression":
        if (up.key === "left") return [];
    }
    if (up?.key === "superClass" || isLate(reference, this.#code)) return [];
    return this.carriedBy(binding);
  }
}
