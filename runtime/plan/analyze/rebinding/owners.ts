/** Modules without state of their own that give others nothing but classes: what they make and keep is in fields of instances of these, and whoever has such an instance holds it, not the module.
 * @module
 */
import type { Binding } from "../code/bindings.ts";
import {
  flag,
  isClass,
  isFunction,
  isTypeOnly,
  keyName,
  many,
  type Node,
  one,
  unwrap,
} from "../code/nodes.ts";
import { eachWithin } from "../code/tree.ts";
import type { ClassUnits, Unit, Units } from "../code/units.ts";
import type { Code } from "../effects.ts";
import { localExports } from "../exports.ts";
import { isOfModule } from "./flow_places.ts";
import { isBrief } from "./late.ts";
import { isPlain } from "./start_facts.ts";

/** The classes of such a module that others can import. */
export class Owners {
  readonly #code: Code;
  readonly #units: Units;
  readonly #members: ReadonlyMap<string, readonly Node[]>;
  readonly #owners: ReadonlySet<ClassUnits>;

  /**
   * @param code the module
   * @param units its code
   * @param members all of its member expressions, by the name of the member; empty text for computed ones
   */
  constructor(
    code: Code,
    units: Units,
    members: ReadonlyMap<string, readonly Node[]>,
  ) {
    this.#code = code;
    this.#units = units;
    this.#members = members;
    this.#owners = this.#isStateless() ? this.#exported() : new Set();
  }

  /** Whether the module is not such a one. */
  get isEmpty(): boolean {
    return this.#owners.size === 0;
  }

  /** The name of an instance's own field that is set by an assignment, or to whose value something is added; null for anything else. */
  fieldOf(target: Node, isAdded: boolean): string | null {
    let at = unwrap(target);
    let name: string | null = null;
    let depth = isAdded ? 1 : 0;
    for (; at.type === "MemberExpression"; depth++) {
      name = keyName(at, "property");
      at = unwrap(one(at, "object")!);
    }
    const unit = at.type === "ThisExpression"
      ? this.#units.around.get(at)
      : undefined;
    const of = unit?.isStatic === false ? unit.class : null;
    if (name === null || !of || !this.#owners.has(of)) return null;
    // What a setter gets it puts where it likes.
    if (name === "__proto__" || of.methods.has(name)) return null;
    return depth === 1 || this.#isMadeFor(of, name) ? name : null;
  }

  /** Whether nothing at the top level of the module could hold anything. */
  #isStateless(): boolean {
    const { declared } = this.#code.resolved;
    return declared.every((it) =>
      !it.top || it.imported !== undefined ||
      it.assigned.length === 0 && this.#holdsNothing(it)
    ) &&
      [...this.#units.classes.keys()].every((it) =>
        many(one(it, "body"), "body").every((member) =>
          member.type === "MethodDefinition" ||
          member.type === "PropertyDefinition" && !flag(member, "static")
        )
      ) && !this.#setsOwn();
  }

  /** Whether a name stands for a number, a text or the like, or for what is written there as a function or class: one that was made by a call may have what that has. */
  #holdsNothing(binding: Binding): boolean {
    const { from } = binding;
    const value = from && from.path.length === 0 ? unwrap(from.value) : null;
    return value !== null && (isFunction(value) || isClass(value)) ||
      this.#code.values.ofBinding(binding).kind === "primitive";
  }

  /** Whether anything is put onto a function or class of the module, or onto what is of no module. */
  #setsOwn(): boolean {
    const { targets } = this.#code.resolved;
    return [...this.#members.values()].flat().some((member) => {
      if (!targets.has(member)) return false;
      let at = member;
      while (at.type === "MemberExpression") at = unwrap(one(at, "object")!);
      return at.type !== "ThisExpression" && isOfModule(at, this.#code);
    });
  }

  /** The exported classes; none where anything else is exported that could give more than a number or a text. */
  #exported(): Set<ClassUnits> {
    const { resolved: { program, bindings }, values } = this.#code;
    const none = new Set<ClassUnits>();
    const isPassing = many(program, "body").some((it) =>
      /^Export/.test(it.type) && one(it, "source") !== null && !isTypeOnly(it)
    );
    if (isPassing) return none;
    const classes = new Map(
      [...this.#units.classes.values()].map((it) => [it.binding, it]),
    );
    const found = new Set<ClassUnits>();
    for (const [, node] of localExports(program)) {
      const binding = bindings.get(unwrap(node));
      if (!binding || binding.imported) return none;
      const of = classes.get(binding);
      if (of) found.add(of);
      else if (values.ofBinding(binding).kind !== "primitive") return none;
    }
    return [...found].every((it) => this.#isOwner(it, it.binding!))
      ? found
      : none;
  }

  /** Whether the module itself neither makes instances of a class nor hands any on. */
  #isOwner(of: ClassUnits, binding: Binding): boolean {
    const { roots } = this.#code;
    const { node, superClass, statics } = of;
    return binding.top && !superClass && statics.size === 0 &&
      many(node, "decorators").length === 0 &&
      many(one(node, "body"), "body").every((member) =>
        many(member, "decorators").length === 0 &&
        many(one(member, "value"), "params").every(({ type }) =>
          type !== "TSParameterProperty"
        )
      ) &&
      binding.references.every((it) =>
        it === binding.node ||
        /^Export/.test(roots.above(it)?.node.type ?? "")
      ) &&
      this.#units.all.every((unit) =>
        unit.class !== of ||
        unit.selves.every((it) => this.#isOnlyAsked(it, unit))
      );
  }

  /** Whether `this` is there for a member of it, in code that does not outlive the call of a method. */
  #isOnlyAsked(self: Node, within: Unit): boolean {
    const { roots, resolved } = this.#code;
    const up = roots.above(self);
    if (
      up?.node.type !== "MemberExpression" || up.key !== "object" ||
      keyName(up.node, "property") === null
    ) return false;
    let unit: Unit | null = within;
    for (; unit?.node.type === "ArrowFunctionExpression"; unit = unit.parent) {
      if (!isBrief(unit.node, resolved)) return false;
    }
    return true;
  }

  /** Whether whatever a field holds was made for the instance alone, and has what is added to it. */
  #isMadeFor({ node }: ClassUnits, name: string): boolean {
    const { resolved, roots } = this.#code;
    const values = many(one(node, "body"), "body").filter((member) =>
      member.type === "PropertyDefinition" && keyName(member, "key") === name
    ).map((member) => one(member, "value")).filter((it) => it !== null);
    for (const member of this.#members.get(name) ?? []) {
      if (!resolved.targets.has(member)) continue;
      const up = roots.above(member);
      if (up?.node.type !== "AssignmentExpression" || up.key !== "left") {
        return false;
      }
      values.push(one(up.node, "right")!);
    }
    return values.length > 0 && values.every((it) => isPlain(it, resolved)) &&
      !this.#isSetByKey();
  }

  /** Whether any member may be set by a name that is computed to what somebody else has. */
  #isSetByKey(): boolean {
    const { resolved, roots } = this.#code;
    return (this.#members.get("") ?? []).some((member) => {
      if (!resolved.targets.has(member)) return false;
      const up = roots.above(member);
      const right = up?.node.type === "AssignmentExpression"
        ? one(up.node, "right")
        : null;
      return right === null || isOfModule(right, this.#code);
    });
  }
}

/** The member expressions of a module, by the name of the member; empty text for computed ones. */
export function membersIn(program: Node): Map<string, Node[]> {
  const found = new Map<string, Node[]>();
  eachWithin(program, ({ self, type }) => {
    if (type !== "MemberExpression") return;
    const name = keyName(self, "property") ?? "";
    const known = found.get(name);
    if (known) known.push(self);
    else found.set(name, [self]);
  });
  return found;
}
