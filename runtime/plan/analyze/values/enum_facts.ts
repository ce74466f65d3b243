/** The enums of a module, with types and without: the values of their members.
 * @module
 */
import type { EnumFact } from "../../../protocol/manifest/module_analysis.ts";
import {
  field,
  isFunction,
  isTypeOnly,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
  word,
} from "../code/nodes.ts";
import { eachChild } from "../code/tree.ts";

import { placeOf } from "../code/places.ts";

type Members = Record<string, string | number | null>;

/** Describes the enums at the top level of a module. */
export function enumFactsOf(program: Node): EnumFact[] {
  const facts: EnumFact[] = [];
  const add = (node: Node, members: Members | null) => {
    if (!members) return;
    const name = nameOf(one(node, "id"));
    facts.push({ name, line: placeOf(node).line, members });
  };
  const visit = (node: Node): void => {
    if (isTypeOnly(node)) return;
    if (node.type === "TSEnumDeclaration") add(node, enumMembers(node));
    else if (node.type === "VariableDeclaration") {
      for (const it of many(node, "declarations")) {
        const init = one(it, "init");
        if (init) add(it, enumMembers(init));
      }
    } else if (/^Export|^TSModule/.test(node.type)) eachChild(node, visit);
  };
  for (const statement of many(program, "body")) visit(statement);
  return facts;
}

/**
 * The values of an enum, as it is declared or as it is written when the types are gone. Returns the values by member,
 * null where the text does not tell; null for what is not an enum.
 */
export function enumMembers(node: Node): Members | null {
  if (node.type === "TSEnumDeclaration") return declaredMembers(node);
  const call = unwrap(node);
  const made = call.type === "CallExpression" ? one(call, "callee") : null;
  const [given] = made && isFunction(made) ? many(made, "params") : [];
  if (!made || given?.type !== "Identifier") return null;
  const name = nameOf(given);
  const statements = many(one(made, "body"), "body");
  const last = statements.at(-1);
  if (last?.type !== "ReturnStatement") return null;
  const members: Members = Object.create(null);
  for (const statement of statements.slice(0, -1)) {
    let assigned = one(statement, "expression");
    // `E[E["A"] = 0] = "A"` for a number, `E["A"] = "x"` for a text.
    const inner = one(one(assigned, "left"), "property");
    if (inner?.type === "AssignmentExpression") assigned = inner;
    const left = one(assigned, "left");
    const key = left && keyName(left, "property");
    if (
      typeof key !== "string" || nameOf(one(left, "object")) !== name
    ) return null;
    members[key] = constant(one(assigned, "right")!, members);
  }
  return members;
}

function declaredMembers(node: Node): Members {
  const members: Members = Object.create(null);
  let next: number | null = 0;
  for (const member of many(one(node, "body"), "members")) {
    const initializer = one(member, "initializer");
    const value: string | number | null = initializer
      ? constant(initializer, members)
      : next;
    const id = one(member, "id");
    const name = id?.type === "Literal"
      ? String(field(id, "value"))
      : nameOf(id);
    members[name] = value;
    next = typeof value === "number" ? value + 1 : null;
  }
  return members;
}

/** The value of a constant expression of literals and other members. */
function constant(
  node: Node,
  members: Readonly<Record<string, string | number | null>>,
): string | number | null {
  const at = unwrap(node);
  switch (at.type) {
    case "Literal": {
      const value = field(at, "value");
      return typeof value === "string" || typeof value === "number"
        ? value
        : null;
    }
    case "Identifier":
      return members[nameOf(at)] ?? null;
    case "MemberExpression":
      return members[keyName(at, "property") ?? ""] ?? null;
    case "UnaryExpression": {
      const value = constant(one(at, "argument")!, members);
      if (typeof value !== "number") return null;
      return word(at, "operator") === "-"
        ? -value
        : word(at, "operator") === "~"
        ? ~value
        : value;
    }
    case "BinaryExpression": {
      const a = constant(one(at, "left")!, members);
      const b = constant(one(at, "right")!, members);
      if (typeof a !== "number" || typeof b !== "number") return null;
      switch (word(at, "operator")) {
        case "<<":
          return a << b;
        case ">>":
          return a >> b;
        case "|":
          return a | b;
        case "&":
          return a & b;
        case "+":
          return a + b;
        case "-":
          return a - b;
        case "*":
          return a * b;
      }
    }
  }
  return null;
}
