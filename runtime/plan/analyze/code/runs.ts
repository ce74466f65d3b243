/** Which code runs when other code runs, inside of one module.
 * @module
 */
import { callsItsArguments, useOf } from "./uses.ts";
import {
  field,
  isClass,
  isFunction,
  keyName,
  many,
  type Node,
  one,
  unwrap,
  word,
} from "./nodes.ts";
import type { Roots } from "./roots.ts";
import type { Binding, Resolved } from "./scope.ts";
import type { ClassUnits, Unit, Units } from "./units.ts";

const DEPTH_MAX = 8;
/** Where functions are handed on and on, looking further would take longer than it is worth. */
const STEPS_MAX = 2_000;

/** The calls of a module, followed as far as its text tells; in doubt a function counts as called. */
export class Runs {
  readonly #resolved: Resolved;
  readonly #units: Units;
  readonly #roots: Roots;
  readonly #next = new Map<Unit, readonly Unit[]>();
  readonly #callsBack = new Map<Unit, boolean>();
  readonly #methodsByName = new Map<string, Unit[]>();
  /** Code that reading a member runs. */
  readonly #getters = new Map<string, Unit[]>();
  #steps = 0;

  constructor(resolved: Resolved, units: Units, roots: Roots) {
    this.#resolved = resolved;
    this.#units = units;
    this.#roots = roots;
    for (const { methods, statics } of units.classes.values()) {
      for (const [name, list] of [...methods, ...statics]) {
        const getters = list.filter(({ node }) =>
          word(resolved.parents.get(node)?.node ?? null, "kind") === "get"
        );
        if (getters.length === 0) continue;
        this.#getters.set(name, [...this.#getters.get(name) ?? [], ...getters]);
      }
      for (const [name, list] of methods) {
        const known = this.#methodsByName.get(name);
        if (known) known.push(...list);
        else this.#methodsByName.set(name, [...list]);
      }
    }
  }

  /** All that runs when these run. */
  closure(start: Iterable<Unit>, isCalled = false): Set<Unit> {
    const seen = new Set<Unit>();
    const waiting = [...start];
    for (let unit = waiting.pop(); unit; unit = waiting.pop()) {
      if (seen.has(unit)) continue;
      seen.add(unit);
      const given = isCalled ? this.#givenAway(unit) : null;
      const next = this.next(unit);
      waiting.push(...given ? next.filter((it) => !given.has(it)) : next);
    }
    return seen;
  }

  /** Methods that a unit does not call itself, but somebody it gives an instance to may. */
  #givenAway(unit: Unit): ReadonlySet<Unit> {
    const given = new Set<Unit>();
    for (const call of unit.calls) {
      if (call.type !== "NewExpression" || !this.#isGivenAway(call)) continue;
      for (const of of this.classesOf(one(call, "callee")!)) {
        for (const it of [of, ...this.#above(of)]) {
          for (const method of [...it.methods.values()].flat()) {
            given.add(method);
          }
        }
      }
    }
    if (given.size === 0) return given;
    for (const call of unit.calls) {
      if (call.type === "NewExpression") continue;
      for (const callee of this.calledBy(call)) given.delete(callee);
    }
    return given;
  }

  /** What a unit calls. */
  next(unit: Unit): readonly Unit[] {
    const known = this.#next.get(unit);
    if (known) return known;
    const found = new Set<Unit>();
    // Against calls in circles, while this is being found out.
    this.#next.set(unit, []);
    for (const call of unit.calls) {
      for (const callee of this.calledBy(call)) found.add(callee);
    }
    if (this.#getters.size > 0) {
      for (const node of [...unit.references, ...unit.selves]) {
        for (const step of useOf(node, this.#resolved).path) {
          for (const getter of this.#getters.get(step) ?? []) found.add(getter);
        }
      }
    }
    if (unit.kind === "construct") {
      for (const above of this.#above(unit.class!)) found.add(above.construct);
    }
    const next = [...found];
    this.#next.set(unit, next);
    return next;
  }

  /** What one call runs. */
  calledBy(call: Node): Unit[] {
    if (call.type === "Decorator") {
      return this.callees(one(call, "expression")!);
    }
    const callee = one(call, "callee") ?? one(call, "tag")!;
    if (call.type === "NewExpression") return this.#constructed(call, callee);
    const found = this.callees(callee);
    const args = many(call, "arguments");
    const runsArguments = callsItsArguments(call, this.#resolved) ||
      found.some((unit) => unit.class !== null && this.callsBack(unit));
    return runsArguments
      ? [...found, ...args.flatMap((it) => this.functionsIn(it))]
      : found;
  }

  #constructed(call: Node, callee: Node): Unit[] {
    const found: Unit[] = [];
    for (const of of this.classesOf(callee)) {
      found.push(of.construct);
      // Whoever is given the instance may call any of its methods.
      if (this.#isGivenAway(call)) {
        for (const it of [of, ...this.#above(of)]) {
          found.push(...[...it.methods.values()].flat());
        }
      }
    }
    const runsArguments = callsItsArguments(call, this.#resolved) ||
      found.some((unit) => this.callsBack(unit));
    if (runsArguments) {
      for (const it of many(call, "arguments")) {
        found.push(...this.functionsIn(it));
      }
    }
    return found;
  }

  #isGivenAway(call: Node): boolean {
    if (useOf(call, this.#resolved).how === "pass") return true;
    const up = this.#roots.above(call);
    const id = up?.node.type === "VariableDeclarator"
      ? one(up.node, "id")
      : null;
    const binding = id ? this.#resolved.bindings.get(id) : undefined;
    return binding?.references.some((it) =>
      this.#units.around.get(it) === this.#units.module &&
      useOf(it, this.#resolved).how === "pass"
    ) ?? false;
  }

  /** The functions of this module that an expression may be. */
  callees(node: Node, depth = 0): Unit[] {
    if (depth === 0) this.#steps = 0;
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
        return this.callees(callee, depth + 1).flatMap((unit) =>
          unit.returns.flatMap((value) => this.callees(value, depth + 1))
        );
      }
      case "Super": {
        const unit = this.#units.around.get(
          this.#resolved.parents.get(at)?.node ?? at,
        );
        return unit?.class
          ? this.#above(unit.class).slice(0, 1).map((it) => it.construct)
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
    if (at.type === "CallExpression") {
      const made = this.#roots.functionOf(one(at, "callee")!);
      return made?.returns.flatMap((value) =>
        this.#within(value, path, depth + 1)
      ) ?? [];
    }
    if (at.type === "Identifier") {
      const from = this.#resolved.bindings.get(at)?.from;
      if (from && !isFunction(from.value) && !isClass(from.value)) {
        return this.#within(from.value, [...from.path, ...path], depth + 1);
      }
    }
    return [];
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
      const unit = this.#units.around.get(
        object.type === "Super"
          ? this.#resolved.parents.get(node)?.node ?? node
          : object,
      );
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
        [it, ...this.#above(it)].flatMap((of) => of.statics.get(name) ?? [])
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
    if (at.type !== "Identifier") return [];
    const binding = this.#resolved.bindings.get(at);
    return binding?.from && binding.from.path.length === 0
      ? this.classesOf(binding.from.value, depth + 1)
      : [];
  }

  #above(of: ClassUnits): ClassUnits[] {
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
      it !== of && this.#above(it).includes(of)
    );
    return [of, ...this.#above(of), ...below];
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

  /** Whether a function calls what it is given. */
  callsBack(unit: Unit): boolean {
    const known = this.#callsBack.get(unit);
    if (known !== undefined) return known;
    this.#callsBack.set(unit, false);
    let found = false;
    for (const inner of this.closure([unit])) {
      for (const call of inner.calls) {
        const callee = one(call, "callee") ?? one(call, "tag");
        if (callee && this.#isParameter(callee, unit)) found = true;
        const args = many(call, "arguments");
        if (
          args.some((it) => this.#isParameter(it, unit)) &&
          (callsItsArguments(call, this.#resolved) ||
            this.#isImported(callee))
        ) found = true;
      }
    }
    this.#callsBack.set(unit, found);
    return found;
  }

  #isParameter(node: Node, unit: Unit): boolean {
    let at = unwrap(node);
    while (at.type === "MemberExpression" || at.type === "CallExpression") {
      const inner = one(at, "object") ?? one(at, "callee");
      if (!inner) return false;
      at = unwrap(inner);
    }
    const binding = at.type === "Identifier"
      ? this.#resolved.bindings.get(at)
      : undefined;
    return binding?.parameter !== undefined &&
      this.#units.byFunction.get(binding.parameter.of) === unit;
  }

  #isImported(node: Node | null): boolean {
    return node !== null &&
      this.#roots.of(node).some((it) => it.specifier !== null);
  }

  /** What may run when the evaluation is over: all that somebody else can call, and what that calls. */
  after(exported: ReadonlySet<Binding>): Set<Unit> {
    const start = this.#units.all.filter((unit) =>
      unit.kind === "function" && this.#escapes(unit, exported)
    );
    for (const of of this.#units.classes.values()) {
      if (!of.binding || exported.has(of.binding)) start.push(of.construct);
      else if (
        of.binding.references.some((it) => {
          const up = this.#resolved.parents.get(it);
          return !(up?.node.type === "NewExpression" && up.key === "callee") &&
            up?.key !== "superClass" && up?.node.type !== "BinaryExpression" &&
            up?.node.type !== "MemberExpression";
        })
      ) start.push(of.construct);
    }
    for (const unit of this.#units.all) {
      for (const call of unit.calls) {
        if (this.isLate(call, unit)) start.push(...this.calledBy(call));
      }
    }
    return this.closure(start);
  }

  #escapes(unit: Unit, exported: ReadonlySet<Binding>): boolean {
    const { parents } = this.#resolved;
    const up = parents.get(unit.node);
    if (
      up?.node.type === "MethodDefinition" ||
      up?.node.type === "PropertyDefinition" ||
      up?.node.type === "AccessorProperty"
    ) return true;
    const binding = this.#roots.nameOfFunction(unit.node);
    if (binding) {
      return exported.has(binding) ||
        binding.references.some((it) => !this.#isOnlyCalled(it));
    }
    return !this.#isOnlyCalled(unit.node);
  }

  #isOnlyCalled(node: Node): boolean {
    const up = this.#roots.above(node);
    if (!up) return false;
    if (up.key === "callee" || up.key === "tag") return true;
    if (up.node.type === "Decorator") return true;
    if (up.key !== "arguments") return false;
    const callee = unwrap(one(up.node, "callee")!);
    const name = callee.type === "MemberExpression"
      ? keyName(callee, "property") ?? ""
      : "";
    // A reaction runs when the evaluation may be over.
    return callsItsArguments(up.node, this.#resolved) &&
      !/^(?:then|catch|finally|queueMicrotask)$/.test(name);
  }

  /** Whether a place in code that runs at evaluation is reached only later: behind an `await` nobody waits for, in an endless loop. */
  isLate(node: Node, unit: Unit): boolean {
    const before = unit.awaits.filter((it) => it.start < node.start);
    const loops = unit.loops.filter((it) =>
      it.start <= node.start && node.end <= it.end &&
      (field(it, "await") === true || isEndless(it)) &&
      unit.awaits.some((wait) => it.start <= wait.start && wait.end <= it.end)
    );
    if (loops.length > 0) return true;
    if (unit.kind === "module" || before.length === 0) return false;
    const calls = this.#roots.callsOf(unit.node);
    return calls.length === 0 ||
      calls.some((call) =>
        this.#resolved.parents.get(call)?.node.type !== "AwaitExpression"
      );
  }
}

/** `for (;;)`, `while (true)`. */
export function isEndless(loop: Node): boolean {
  if (loop.type === "ForStatement") return one(loop, "test") === null;
  if (loop.type !== "WhileStatement" && loop.type !== "DoWhileStatement") {
    return false;
  }
  const test = unwrap(one(loop, "test")!);
  return test.type === "Literal" && Boolean(field(test, "value"));
}
