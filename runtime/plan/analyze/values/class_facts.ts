/** The classes of a module: their fields and methods.
 * @module
 */
import type {
  AssignedField,
  ClassFact,
  FieldFact,
  MethodFact,
  NameRef,
} from "../../../protocol/manifest/module_analysis.ts";
import { codeDigest } from "../digest.ts";
import type { Code, EffectTable } from "../effects.ts";
import { placeOf } from "../code/places.ts";
import {
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
} from "../code/nodes.ts";
import { eachChild, eachWithin } from "../code/tree.ts";
import type { ClassUnits, Units } from "../code/units.ts";

/** Describes the classes at the top level of a module. Returns the classes, in the order of the source. */
export function classFactsOf(
  code: Code,
  units: Units,
  table: EffectTable,
  source: string,
): ClassFact[] {
  const facts: ClassFact[] = [];
  for (const of of units.classes.values()) {
    const name = of.binding?.top
      ? of.binding.label
      : isDefault(of.node, code)
      ? "default"
      : null;
    if (name !== null) facts.push(classFact(name, of, code, table, source));
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
  table: EffectTable,
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
      const effects = table.ofCalls(called);
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
    const called = value && isFunction(unwrap(value))
      ? table.ofCalls(code.runs.callees(value))
      : {};
    (isStatic ? statics : fields).push({
      name: label,
      line: placeOf(member).line,
      text: value ? text(value) : "",
      ...(value ? { digest: codeDigest(value) } : {}),
      ...(!value || isSelfContained(value, code)
        ? { selfContained: true }
        : {}),
      ...(Object.keys(called).length > 0 ? { effects: called } : {}),
    });
  }
  const params = many(constructor, "params");
  const assigned = constructor ? assignedBy(constructor, code, text) : [];
  const above = of.superClass ? extendsOf(of.superClass, code) : null;
  const construct = table.of(code.runs.closure([of.construct]));
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
  eachWithin(value, ({ self, type }) => {
    if (
      type === "ThisExpression" || type === "Super" ||
      type === "PrivateIdentifier" || type === "MetaProperty"
    ) found = false;
    const binding = found && code.resolved.bindings.get(self);
    if (
      binding &&
      !(value.start <= binding.node.start && binding.node.end <= value.end)
    ) found = false;
    return found;
  });
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
  eachWithin(node, ({ self }) => {
    const binding = found ? undefined : code.resolved.bindings.get(self);
    if (
      binding && !binding.top && constructor.start <= binding.node.start &&
      binding.node.end <= constructor.end &&
      !(node.start <= binding.node.start && binding.node.end <= node.end)
    ) found = true;
    return !found;
  });
  return found;
}
