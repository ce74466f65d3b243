/** The classes and enums of a module: their fields, methods and values.
 * @module
 */
import type {
  AssignedField,
  ClassFact,
  EnumFact,
  FieldFact,
  MethodFact,
  NameRef,
} from "../../protocol/module_analysis.ts";
import { codeDigest } from "./digest.ts";
import { type Code, effectsOf, placeOf } from "./effects.ts";
import {
  eachChild,
  field,
  flag,
  isClass,
  isFunction,
  isTypeOnly,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  parameterOf,
  unwrap,
  word,
} from "./nodes.ts";
import type { ClassUnits, Units } from "./units.ts";

/**
 * Describes the classes at the top level of a module.
 *
 * @param code the module
 * @param units its code
 * @param source its text
 * @returns the classes, in the order of the source
 */
export function classFactsOf(
  code: Code,
  units: Units,
  source: string,
): ClassFact[] {
  const facts: ClassFact[] = [];
  for (const of of units.classes.values()) {
    const name = of.binding?.top
      ? of.binding.label
      : isDefault(of.node, code)
      ? "default"
      : null;
    if (name !== null) facts.push(classFact(name, of, code, source));
  }
  return facts;
}

function isDefault(node: Node, code: Code): boolean {
  return code.resolved.parents.get(node)?.node.type ===
    "ExportDefaultDeclaration";
}

function classFact(
  name: string,
  of: ClassUnits,
  code: Code,
  source: string,
): ClassFact {
  const text = (node: Node) => source.slice(node.start, node.end);
  const privates: string[] = [];
  const methods: Record<string, MethodFact> = Object.create(null);
  const fields: FieldFact[] = [];
  const statics: FieldFact[] = [];
  let constructor: Node | null = null;
  for (const member of many(one(of.node, "body"), "body")) {
    const key = one(member, "key");
    if (isTypeOnly(member) || !key) continue;
    if (key.type === "PrivateIdentifier") privates.push(nameOf(key));
    const isStatic = flag(member, "static");
    const label = keyName(member, "key") ?? `[${text(key)}]`;
    if (member.type === "MethodDefinition") {
      if (word(member, "kind") === "constructor") {
        constructor = one(member, "value");
        continue;
      }
      const kind = word(member, "kind");
      const called = (isStatic ? of.statics : of.methods).get(
        keyName(member, "key") ?? "[]",
      ) ?? [];
      const effects = effectsOf(code, code.runs.closure(called), {
        reads: false,
      });
      methods[
        `${isStatic ? "static " : ""}${
          kind === "get" || kind === "set" ? `${kind} ` : ""
        }${label}`
      ] = {
        digest: codeDigest(one(member, "value")!),
        ...(Object.keys(effects).length > 0 ? { effects } : {}),
      };
      continue;
    }
    const value = one(member, "value");
    (isStatic ? statics : fields).push({
      name: label,
      line: placeOf(member).line,
      text: value ? text(value) : "",
      ...(value ? { digest: codeDigest(value) } : {}),
      ...(!value || isSelfContained(value, code)
        ? { selfContained: true }
        : {}),
    });
  }
  const params = many(constructor, "params");
  const assigned = constructor ? assignedBy(constructor, code, text) : [];
  const above = of.superClass ? extendsOf(of.superClass, code) : null;
  const construct = effectsOf(code, code.runs.closure([of.construct]), {
    reads: false,
  });
  return {
    name,
    line: placeOf(of.node).line,
    ...(above ? { extends: above } : {}),
    ...(privates.length > 0 ? { private: [...new Set(privates)] } : {}),
    ...(Object.keys(methods).length > 0 ? { methods } : {}),
    ...(fields.length > 0 ? { fields } : {}),
    ...(params.length > 0 ? { parameters: params.length } : {}),
    ...(assigned.length > 0 ? { assigned } : {}),
    ...(statics.length > 0 ? { statics } : {}),
    ...(Object.keys(construct).length > 0 ? { construct } : {}),
  };
}

function extendsOf(node: Node, code: Code): NameRef {
  return code.values.classRef(node) ?? { name: "" };
}

/** Whether an initializer can be evaluated anywhere: it names nothing but globals and what it declares itself. */
function isSelfContained(value: Node, code: Code): boolean {
  let found = true;
  const visit = (node: Node): void => {
    if (
      node.type === "ThisExpression" || node.type === "Super" ||
      node.type === "PrivateIdentifier" || node.type === "MetaProperty"
    ) found = false;
    const binding = code.resolved.bindings.get(node);
    if (
      binding &&
      !(value.start <= binding.node.start && binding.node.end <= value.end)
    ) found = false;
    eachChild(node, visit);
  };
  visit(value);
  return found;
}

function assignedBy(
  constructor: Node,
  code: Code,
  text: (node: Node) => string,
): AssignedField[] {
  const found: AssignedField[] = [];
  for (const parameter of many(constructor, "params")) {
    if (parameter.type !== "TSParameterProperty") continue;
    const name = nameOf(parameterOf(parameter));
    found.push({ name, text: name, usesParameters: true });
  }
  const visit = (node: Node): void => {
    // `this` is another one there; arrow functions run later, if at all.
    if (isFunction(node) || isClass(node)) return;
    if (node.type === "AssignmentExpression") {
      const left = unwrap(one(node, "left")!);
      const right = one(node, "right")!;
      if (
        left.type === "MemberExpression" &&
        unwrap(one(left, "object")!).type === "ThisExpression"
      ) {
        found.push({
          name: keyName(left, "property") ?? "[]",
          text: text(right),
          digest: codeDigest(right),
          ...(usesLocals(right, constructor, code)
            ? { usesParameters: true }
            : {}),
        });
      }
    }
    if (node.type === "CallExpression") {
      const args = many(node, "arguments");
      if (args[0]?.type === "ThisExpression" && args[1]) {
        found.push({
          name: "*",
          text: text(node),
          digest: codeDigest(node),
          ...(args.some((it) => usesLocals(it, constructor, code))
            ? { usesParameters: true }
            : {}),
        });
      }
    }
    eachChild(node, visit);
  };
  const body = one(constructor, "body");
  if (body) visit(body);
  return found;
}

function usesLocals(node: Node, constructor: Node, code: Code): boolean {
  let found = false;
  const visit = (at: Node): void => {
    const binding = code.resolved.bindings.get(at);
    if (
      binding && !binding.top && constructor.start <= binding.node.start &&
      binding.node.end <= constructor.end &&
      !(node.start <= binding.node.start && binding.node.end <= node.end)
    ) found = true;
    eachChild(at, visit);
  };
  visit(node);
  return found;
}

/**
 * Describes the enums at the top level of a module.
 *
 * @param code the module
 * @returns the enums with the values of their members
 */
export function enumFactsOf(code: Code): EnumFact[] {
  const facts: EnumFact[] = [];
  const visit = (node: Node): void => {
    if (isTypeOnly(node)) return;
    if (node.type === "TSEnumDeclaration") facts.push(enumFact(node));
    else if (/^Export|^TSModule/.test(node.type)) eachChild(node, visit);
  };
  for (const statement of many(code.resolved.program, "body")) visit(statement);
  return facts;
}

function enumFact(node: Node): EnumFact {
  const members: Record<string, string | number | null> = Object.create(null);
  let next: number | null = 0;
  for (const member of many(one(node, "body"), "members")) {
    const initializer = one(member, "initializer");
    const value: string | number | null = initializer
      ? constant(initializer, members)
      : next;
    members[nameOf(one(member, "id"))] = value;
    next = typeof value === "number" ? value + 1 : null;
  }
  return { name: nameOf(one(node, "id")), line: placeOf(node).line, members };
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
