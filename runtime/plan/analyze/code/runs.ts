/** Which code runs when other code runs, inside of one module.
 * @module
 */
import { Callees } from "./functions/callees.ts";
import { callsItsArguments, useOf, writtenName } from "./uses.ts";
import { field, keyName, many, type Node, one, unwrap, word } from "./nodes.ts";
import { EMITS, eventOf, LISTENS } from "../values/event_names.ts";
import type { Roots } from "./roots.ts";
import type { Binding } from "./bindings.ts";
import { ELEMENT, type Resolved } from "./scope.ts";
import type { Unit, Units } from "./units.ts";

const NONE: ReadonlySet<Binding> = new Set();

/** The calls of a module, followed as far as its text tells; in doubt a function counts as called. */
export class Runs extends Callees {
  readonly #resolved: Resolved;
  readonly #units: Units;
  readonly #roots: Roots;
  readonly #next = new Map<Unit, readonly Unit[]>();
  #listeners: { readonly name: string | null; readonly heard: Node }[] | null =
    null;
  readonly #callsBack = new Map<Unit, boolean>();
  /** Code that reading or writing a member runs. */
  readonly #getters = new Map<string, Unit[]>();

  constructor(resolved: Resolved, units: Units, roots: Roots) {
    super(resolved, units, roots);
    this.#resolved = resolved;
    this.#units = units;
    this.#roots = roots;
    for (const { methods, statics } of units.classes.values()) {
      for (const [name, list] of [...methods, ...statics]) {
        const getters = list.filter(({ node }) =>
          isAccessor(resolved.parents.get(node)?.node ?? null)
        );
        for (const it of getters) this.#addGetter(name, it);
      }
    }
    for (const unit of units.byFunction.values()) {
      const up = resolved.parents.get(unit.node)?.node;
      if (up?.type !== "Property" || !isAccessor(up)) continue;
      this.#addGetter(keyName(up, "key") ?? ELEMENT, unit);
    }
  }

  #addGetter(name: string, unit: Unit): void {
    const known = this.#getters.get(name);
    if (known) known.push(unit);
    else this.#getters.set(name, [unit]);
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
        for (const it of [of, ...this.above(of)]) {
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
    for (const value of unit.disposed) {
      const made = unwrap(value);
      const of = made.type === "NewExpression" ? one(made, "callee") : null;
      for (const { methods } of of ? this.classesOf(of) : []) {
        for (const method of methods.get(ELEMENT) ?? []) found.add(method);
      }
    }
    if (unit.kind === "construct") {
      for (const above of this.above(unit.class!)) found.add(above.construct);
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
    const method = keyName(unwrap(callee), "property") ?? "";
    if (EMITS.test(method)) found.push(...this.#heardBy(call));
    const runsArguments = callsItsArguments(call, this.#resolved) ||
      found.some((unit) => unit.class !== null && this.callsBack(unit));
    return runsArguments
      ? [...found, ...args.flatMap((it) => this.functionsIn(it))]
      : found;
  }

  /** Those of this module that listen to an event. */
  #heardBy(emits: Node): Unit[] {
    this.#listeners ??= this.#units.all.flatMap((unit) =>
      unit.calls.flatMap((call) => {
        const callee = unwrap(one(call, "callee") ?? call);
        if (!LISTENS.test(keyName(callee, "property") ?? "")) return [];
        const heard = many(call, "arguments")[1];
        return heard ? [{ name: eventOf(call), heard }] : [];
      })
    );
    const name = eventOf(emits);
    return this.#listeners.flatMap((it) =>
      name === null || it.name === null || it.name === name
        ? this.functionsIn(it.heard)
        : []
    );
  }

  #constructed(call: Node, callee: Node): Unit[] {
    const found: Unit[] = [];
    for (const of of this.classesOf(callee)) {
      found.push(of.construct);
      // Whoever is given the instance may call any of its methods.
      if (this.#isGivenAway(call)) {
        for (const it of [of, ...this.above(of)]) {
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

  /** The functions that a function hands to what it was given, and calls. */
  handsBack(unit: Unit): Unit[] {
    return unit.calls.flatMap((call) => {
      const callee = one(call, "callee");
      return callee && this.#isParameter(callee, unit)
        ? many(call, "arguments").flatMap((it) => this.functionsIn(it))
        : [];
    });
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

  /** Whether a function may be called when the code around it is over. */
  goesOn(unit: Unit): boolean {
    return this.#escapes(unit, NONE);
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
      !/^(?:then|catch|finally|nextTick)$/.test(name) &&
      !/(?:^|\.)set\w+$/.test(writtenName(up.node) ?? "");
  }

  /** Whether a place in code that runs at evaluation is reached only later: behind an `await` nobody waits for, in an endless loop. */
  isLate(node: Node, unit: Unit): boolean {
    if (unit.awaits.length === 0) return false;
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

function isAccessor(member: Node | null): boolean {
  return /^[gs]et$/.test(word(member, "kind") ?? "");
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
