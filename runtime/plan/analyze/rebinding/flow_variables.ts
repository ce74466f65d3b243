/** One value on its way through variables and members; where it goes from an expression, whoever extends this says.
 * @module
 */
import type { PassedTo } from "../../../protocol/manifest/passing_facts.ts";
import type { Code } from "../effects.ts";
import type { Binding } from "../code/bindings.ts";
import {
  isFunction,
  many,
  type Node,
  one,
  parameterOf,
  unwrap,
} from "../code/nodes.ts";
import { type Unit, unitAround, type Units } from "../code/units.ts";
import { isBrief, isInLoop } from "./late.ts";
import { GONE, HELD, PASSED } from "./flow_ends.ts";
import { isOfModule } from "./flow_places.ts";
import type { Owners } from "./owners.ts";

/** Takes a value to what has it, until the worst is known. */
export abstract class VariableFlow {
  protected readonly code: Code;
  protected readonly units: Units;
  protected readonly members: ReadonlyMap<string, readonly Node[]>;
  readonly #seen = new Set<Node | Binding>();
  /** What was seen of what was made of it. */
  readonly #seenData = new Set<Node | Binding>();
  readonly #waiting: { readonly node: Node; readonly isData: boolean }[] = [];
  /** Whether what is followed is a number, a text or the like that was made of it. */
  protected isData = false;
  readonly #to = new Map<string, PassedTo>();
  #fate: number = GONE;
  protected start: Node | null = null;
  /** The members that are read of it, but for those that are called; empty text for a computed one. */
  readonly taken: Set<string> = new Set();
  readonly #owners: Owners | null;

  /**
   * @param code the module
   * @param units its code
   * @param members its member expressions, by the name of the member
   * @param owners the classes whose instances have what is put into them, instead of the module; null for none
   */
  constructor(
    code: Code,
    units: Units,
    members: ReadonlyMap<string, readonly Node[]>,
    owners: Owners | null = null,
  ) {
    this.code = code;
    this.units = units;
    this.members = members;
    this.#owners = owners;
  }

  /** Takes it on from an expression. */
  protected abstract step(node: Node): void;

  /** The imported functions that get it. */
  get to(): PassedTo[] {
    return [...this.#to.values()];
  }

  protected toTheEnd(all = false): number {
    for (
      let next = this.#waiting.pop();
      next && (all || this.#fate !== HELD);
      next = this.#waiting.pop()
    ) {
      this.isData = next.isData;
      this.step(next.node);
    }
    this.isData = false;
    return this.#fate;
  }

  /** Whether something was seen before, as what it is now. */
  #isSeen(it: Node | Binding, isData = this.isData): boolean {
    if (this.#seen.has(it) || isData && this.#seenData.has(it)) return true;
    (isData ? this.#seenData : this.#seen).add(it);
    return false;
  }

  protected push(node: Node, isData = this.isData): void {
    if (!this.#isSeen(node, isData)) this.#waiting.push({ node, isData });
  }

  protected worst(fate: number): void {
    // Who is passed a number or a text has nothing of the code that gave it.
    if (fate === PASSED && this.isData) return;
    this.#fate = Math.max(this.#fate, fate);
  }

  /** A function of another module gets it. */
  protected passTo({ specifier, name, index }: PassedTo): void {
    const key = `${specifier}\n${name}\n${index}`;
    // As such it is more than what was made of it.
    if (this.#to.has(key) && this.isData) return;
    this.#to.set(key, {
      specifier,
      name,
      index,
      ...this.isData ? { data: true } : {},
    });
  }

  protected unitAround(node: Node): Unit {
    return unitAround(node, this.code.resolved, this.units);
  }

  protected assign(target: Node): void {
    const left = unwrap(target);
    if (left.type === "Identifier") {
      const binding = this.code.resolved.bindings.get(left);
      return binding && !binding.top ? this.hold(binding) : this.worst(HELD);
    }
    if (this.enters(left, false)) return;
    if (left.type !== "MemberExpression" || isOfModule(left, this.code)) {
      return this.worst(HELD);
    }
    let root = left;
    while (root.type === "MemberExpression") {
      root = unwrap(one(root, "object")!);
    }
    const binding = this.code.resolved.bindings.get(root);
    if (!binding) return this.worst(HELD);
    this.worst(PASSED);
    if (binding.kind !== "parameter" && !binding.imported) this.hold(binding);
  }

  /** Puts it into an instance of an owner, if that is what it goes to: whatever reads a field of that name has it. */
  protected enters(target: Node, isAdded: boolean): boolean {
    const name = this.#owners?.fieldOf(target, isAdded) ?? null;
    if (name === null) return false;
    for (const member of this.members.get(name) ?? []) {
      if (!this.code.resolved.targets.has(member)) this.push(member);
    }
    return true;
  }

  protected bindLoop(left: Node): void {
    if (left.type !== "VariableDeclaration") return this.assign(left);
    for (const it of many(left, "declarations")) this.bind(one(it, "id")!);
  }

  protected bind(pattern: Node): void {
    const at = parameterOf(pattern);
    switch (at.type) {
      case "Identifier": {
        const binding = this.code.resolved.bindings.get(at) ??
          this.#declared(at);
        return binding ? this.hold(binding) : this.worst(HELD);
      }
      case "RestElement":
        return this.bind(one(at, "argument")!);
      case "ArrayPattern":
        return many(at, "elements").forEach((it) => this.bind(it));
      case "ObjectPattern":
        this.taken.add("");
        return many(at, "properties").forEach((it) =>
          this.bind(it.type === "RestElement" ? it : one(it, "value")!)
        );
    }
    this.worst(HELD);
  }

  #declared(node: Node): Binding | undefined {
    return this.code.resolved.declared.find((it) => it.node === node);
  }

  /** A variable has it: so has all that uses the variable. */
  protected hold(binding: Binding): void {
    if (this.#isSeen(binding)) return;
    if (binding.top) return this.worst(HELD);
    const home = this.unitAround(binding.node);
    for (const reference of binding.references) {
      if (
        !this.#isWithin(reference, home) ||
        isInLoop(reference, binding.node, this.code.resolved)
      ) return this.worst(HELD);
      if (!this.code.resolved.targets.has(reference)) this.push(reference);
    }
  }

  /** Whether a place is in some code, or in functions that do not outlive it. */
  #isWithin(node: Node, home: Unit): boolean {
    let unit: Unit | null = this.unitAround(node);
    while (unit && unit !== home) {
      if (!isFunction(unit.node) || !isBrief(unit.node, this.code.resolved)) {
        return false;
      }
      unit = unit.parent;
    }
    return unit === home;
  }
}
