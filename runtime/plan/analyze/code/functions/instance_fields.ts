/** What the fields of instances are made of: initializers, and what constructors assign.
 * @module
 */
import {
  flag,
  keyName,
  many,
  type Node,
  one,
  parameterOf,
  unwrap,
} from "../nodes.ts";
import type { Resolved } from "../scope.ts";
import type { ClassUnits, Units } from "../units.ts";

const ABOVE_MAX = 8;

type Values = ReadonlyMap<string, readonly Node[]>;

/** The fields of the classes of one module. */
export class InstanceFields {
  readonly #resolved: Resolved;
  readonly #units: Units;
  readonly #known = new Map<ClassUnits, { own: Values; static: Values }>();

  /**
   * @param resolved the module
   * @param units its code
   */
  constructor(resolved: Resolved, units: Units) {
    this.#resolved = resolved;
    this.#units = units;
  }

  /** What a field is made of. */
  valuesOf(of: ClassUnits, name: string, isStatic = false): readonly Node[] {
    const found: Node[] = [];
    let at: ClassUnits | null = of;
    for (let above = 0; at && above < ABOVE_MAX; above++) {
      const { own, static: statics } = this.#fieldsOf(at);
      found.push(...(isStatic ? statics : own).get(name) ?? []);
      at = at.superClass ? this.classOf(at.superClass) : null;
    }
    return found;
  }

  /** The class of this module that an expression is for certain. */
  classOf(node: Node): ClassUnits | null {
    const at = unwrap(node);
    const declared = at.type === "Identifier"
      ? this.#resolved.bindings.get(at)?.from
      : null;
    const value = declared
      ? declared.path.length === 0 ? unwrap(declared.value) : null
      : at;
    return value ? this.#units.classes.get(value) ?? null : null;
  }

  /** The calls that construct instances of a class by way of its subclasses: `super()`, or `new` where they have no constructor. */
  callsAbove(of: ClassUnits): readonly Node[] {
    const calls: Node[] = [];
    for (const below of this.#units.classes.values()) {
      if (!below.superClass || this.classOf(below.superClass) !== of) continue;
      if (constructorOf(below)) {
        calls.push(
          ...below.construct.calls.filter((it) =>
            one(it, "callee")?.type === "Super"
          ),
        );
      } else {
        for (const reference of below.binding?.references ?? []) {
          const up = this.#resolved.parents.get(reference);
          if (up?.node.type === "NewExpression" && up.key === "callee") {
            calls.push(up.node);
          }
        }
      }
    }
    return calls;
  }

  #fieldsOf(of: ClassUnits): { own: Values; static: Values } {
    const known = this.#known.get(of);
    if (known) return known;
    const own = new Map<string, Node[]>(), statics = new Map<string, Node[]>();
    const add = (to: Map<string, Node[]>, name: string | null, value: Node) => {
      if (name === null) return;
      const there = to.get(name);
      if (there) there.push(value);
      else to.set(name, [value]);
    };
    for (const member of many(one(of.node, "body"), "body")) {
      const value = one(member, "value");
      if (!/^(?:PropertyDefinition|AccessorProperty)$/.test(member.type)) {
        continue;
      }
      if (!value) continue;
      add(
        flag(member, "static") ? statics : own,
        keyName(member, "key"),
        value,
      );
    }
    for (const parameter of many(constructorOf(of), "params")) {
      if (parameter.type !== "TSParameterProperty") continue;
      const name = parameterOf(parameter);
      add(own, keyNameOf(name), name);
    }
    for (const self of of.construct.selves) {
      const member = this.#resolved.parents.get(self);
      if (member?.node.type !== "MemberExpression") continue;
      const up = this.#resolved.parents.get(member.node);
      if (up?.node.type !== "AssignmentExpression" || up.key !== "left") {
        continue;
      }
      add(own, keyName(member.node, "property"), one(up.node, "right")!);
    }
    const fields = { own, static: statics };
    this.#known.set(of, fields);
    return fields;
  }
}

function constructorOf(of: ClassUnits): Node | null {
  const found = many(one(of.node, "body"), "body").find((it) =>
    it.type === "MethodDefinition" &&
    (it as { readonly kind?: unknown }).kind === "constructor"
  );
  return found ? one(found, "value") : null;
}

function keyNameOf(name: Node): string | null {
  const { name: text } = name as { readonly name?: unknown };
  return typeof text === "string" ? text : null;
}
