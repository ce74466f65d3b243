/** Which variables hold what an expression makes.
 * @module
 */
import type { Binding } from "../bindings.ts";
import { NamedFunctions } from "./named_functions.ts";
import { isFunction, keyName, many, type Node, one, unwrap } from "../nodes.ts";
import { writtenName } from "../uses.ts";
import { ELEMENT, type Resolved } from "../scope.ts";
import type { Units } from "../units.ts";

/** A variable that holds something, and under which members. */
export interface Holder {
  readonly binding: Binding;
  readonly members: readonly string[];
}

const HOLDERS_MAX = 4;

/** Finds what holds what the functions and literals of a module make. */
export class Holders extends NamedFunctions {
  readonly #resolved: Resolved;
  readonly #units: Units;

  constructor(resolved: Resolved, units: Units) {
    super(resolved, units);
    this.#resolved = resolved;
    this.#units = units;
  }

  /** The variables that hold what an expression makes, and under which members; where a function returns it, those of its calls. */
  protected holdersOf(made: Node, depth = 0): readonly Holder[] {
    if (depth > HOLDERS_MAX) return [];
    const members: string[] = [];
    let up = this.above(made);
    while (up?.node.type === "Property" && up.key === "value") {
      members.unshift(keyName(up.node, "key") ?? ELEMENT);
      const outer = this.#resolved.parents.get(up.node)!.node;
      if (outer.type !== "ObjectExpression") return [];
      up = this.above(outer);
    }
    if (!up) return [];
    const within = (it: Holder) => ({
      ...it,
      members: [...it.members, ...members],
    });
    const { node, key } = up;
    if (node.type === "AwaitExpression") {
      return this.holdersOf(node, depth + 1).map(within);
    }
    const isReturned = node.type === "ReturnStatement" ||
      node.type === "ArrowFunctionExpression" && key === "body";
    if (isReturned) {
      const unit = this.#units.byFunction.get(this.#functionAround(node)!);
      return (unit ? this.callsOf(unit.node) : []).flatMap((call) =>
        this.holdersOf(call, depth + 1).map(within)
      );
    }
    const id = node.type === "VariableDeclarator" && key === "init"
      ? one(node, "id")
      : node.type === "AssignmentExpression" && key === "right"
      ? one(node, "left")
      : node.type === "ExportDefaultDeclaration"
      ? node
      : null;
    const binding = id && this.#resolved.bindings.get(id);
    if (!binding) return [];
    const handed = binding.top
      ? []
      : binding.references.flatMap((it) => this.holdersOf(it, depth + 1));
    return [{ binding, members: [] }, ...handed].map(within);
  }

  /** The variables that hold an object literal, and what is made of it: `{ ...base }`, `Object.create(base)`. */
  protected holdersOfLiteral(literal: Node): readonly Holder[] {
    const held = this.holdersOf(literal);
    return held.flatMap((it) => [
      it,
      ...it.members.length > 0 ? [] : it.binding.references.flatMap((node) => {
        const made = this.#madeOf(node);
        return made ? this.holdersOf(made) : [];
      }),
    ]);
  }

  /** The object that has the methods of another one: `Object.create(base)`, `{ __proto__: base }`. */
  #madeOf(node: Node): Node | null {
    const up = this.above(node);
    if (up?.node.type === "SpreadElement") {
      const outer = this.#resolved.parents.get(up.node)!.node;
      return outer.type === "ObjectExpression" ? outer : null;
    }
    if (up?.node.type === "Property") {
      return keyName(up.node, "key") === "__proto__"
        ? this.#resolved.parents.get(up.node)!.node
        : null;
    }
    if (up?.key !== "arguments") return null;
    const name = writtenName(up.node);
    if (name === "Object.assign") return up.node;
    if (name !== "Object.create") return null;
    const outer = this.above(up.node);
    return outer?.key === "arguments" &&
        writtenName(outer.node) === "Object.assign"
      ? outer.node
      : up.node;
  }

  /** What a function has as its `this` where it is bound, or called by way of `call` and `apply`. */
  protected givenAsThis(
    of: Node,
  ): { readonly value: Node; readonly holders: readonly Holder[] }[] {
    const names = this.nameOfFunction(of)?.references ?? [];
    return [of, ...names].flatMap((node) => {
      const up = this.above(node);
      if (up?.key === "arguments" && writtenName(up.node) === "Reflect.apply") {
        const value = many(up.node, "arguments")[1];
        return value ? [{ value, holders: [] }] : [];
      }
      const way = up?.node.type === "MemberExpression" && up.key === "object"
        ? keyName(up.node, "property") ?? ""
        : "";
      const call = /^(?:bind|call|apply)$/.test(way)
        ? this.above(up!.node)
        : null;
      const value = call?.key === "callee" && many(call.node, "arguments")[0];
      if (!value) return [];
      const isMade = way === "bind" &&
        unwrap(value).type === "ObjectExpression";
      return [{ value, holders: isMade ? this.holdersOf(call.node) : [] }];
    });
  }

  #functionAround(node: Node): Node | null {
    let at: Node | undefined = node;
    while (at && !isFunction(at)) at = this.#resolved.parents.get(at)?.node;
    return at ?? null;
  }
}
