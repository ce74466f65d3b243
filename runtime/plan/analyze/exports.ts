/** What a module exports, and what each of it is.
 * @module
 */
import type { ExportFact } from "../../protocol/manifest/module_analysis.ts";
import type { Code, EffectTable } from "./effects.ts";
import { placeOf } from "./code/places.ts";
import {
  field,
  flag,
  isFunction,
  isTypeOnly,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
} from "./code/nodes.ts";
import { eachChild } from "./code/tree.ts";
import type { Binding } from "./code/bindings.ts";

const PLACED = new Set([
  "function",
  "map",
  "set",
  "array",
  "object",
  "instance",
  "unknown",
]);
const DEPTH_MAX = 3;

/** What a module exports. */
export interface Exports {
  readonly facts: Record<string, ExportFact>;
  readonly stars: readonly string[];
  /** The variables that others can import. */
  readonly bindings: ReadonlySet<Binding>;
}

/** The variables of a module that others can import, found without looking at their values. */
export function exportedBindings(
  { program, bindings }: Code["resolved"],
): Set<Binding> {
  const found = new Set<Binding>();
  for (const [, node] of localExports(program)) {
    const binding = bindings.get(unwrap(node));
    if (binding) found.add(binding);
  }
  // What a namespace exports is reached through the namespace.
  const visit = (node: Node): void => {
    if (node.type === "TSModuleBlock") {
      for (const statement of many(node, "body")) {
        const declaration = one(statement, "declaration");
        for (const id of declaration ? declaredNames(declaration) : []) {
          const binding = bindings.get(id);
          if (binding) found.add(binding);
        }
      }
    }
    if (/^(?:Export|TSModule|Program)/.test(node.type)) eachChild(node, visit);
  };
  visit(program);
  return found;
}

/** Tells what a module exports. */
export function exportsOf(code: Code, table: EffectTable): Exports {
  const { program, bindings } = code.resolved;
  const facts: Record<string, ExportFact> = Object.create(null);
  const stars: string[] = [];
  for (const [name, node] of localExports(program)) {
    const binding = bindings.get(unwrap(node));
    facts[name] = binding
      ? ofBinding(binding, code, table)
      : ofValue(node, code, table);
  }
  for (const statement of many(program, "body")) {
    const source = one(statement, "source");
    if (!source || isTypeOnly(statement)) continue;
    const specifier = String(field(source, "value"));
    if (statement.type === "ExportAllDeclaration") {
      const exported = one(statement, "exported");
      if (!exported) stars.push(specifier);
      else {
        facts[nameOf(exported)] = {
          kind: "re-export",
          from: { specifier, name: "*" },
        };
      }
    } else if (statement.type === "ExportNamedDeclaration") {
      for (const item of many(statement, "specifiers")) {
        if (isTypeOnly(item)) continue;
        facts[nameOf(one(item, "exported"))] = {
          kind: "re-export",
          from: { specifier, name: nameOf(one(item, "local")) },
        };
      }
    }
  }
  return { facts, stars, bindings: exportedBindings(code.resolved) };
}

/** Every export that is not of another module: its name and the identifier or value behind it. */
export function localExports(program: Node): [name: string, node: Node][] {
  const found: [string, Node][] = [];
  for (const statement of many(program, "body")) {
    if (isTypeOnly(statement)) continue;
    const declaration = one(statement, "declaration");
    if (statement.type === "ExportDefaultDeclaration" && declaration) {
      if (isTypeOnly(declaration)) continue;
      found.push(["default", one(declaration, "id") ?? declaration]);
    } else if (
      statement.type === "TSImportEqualsDeclaration" &&
      flag(statement, "isExport")
    ) {
      const id = one(statement, "id")!;
      found.push([nameOf(id), id]);
    } else if (statement.type === "TSExportAssignment") {
      const value = one(statement, "expression");
      if (value) found.push(["default", value]);
    } else if (
      statement.type === "ExportNamedDeclaration" && !one(statement, "source")
    ) {
      for (const item of many(statement, "specifiers")) {
        if (isTypeOnly(item)) continue;
        found.push([nameOf(one(item, "exported")), one(item, "local")!]);
      }
      if (!declaration || isTypeOnly(declaration)) continue;
      for (const id of declaredNames(declaration)) {
        found.push([nameOf(id), id]);
      }
    }
  }
  return found;
}

function declaredNames(declaration: Node): Node[] {
  const id = one(declaration, "id");
  if (declaration.type !== "VariableDeclaration") return id ? [id] : [];
  const names: Node[] = [];
  const pattern = (node: Node | null): void => {
    if (!node) return;
    switch (node.type) {
      case "Identifier":
        names.push(node);
        return;
      case "AssignmentPattern":
        return pattern(one(node, "left"));
      case "RestElement":
        return pattern(one(node, "argument"));
      case "ArrayPattern":
        return many(node, "elements").forEach(pattern);
      case "ObjectPattern":
        return many(node, "properties").forEach((item) =>
          pattern(item.type === "RestElement" ? item : one(item, "value"))
        );
    }
  };
  for (const declarator of many(declaration, "declarations")) {
    pattern(one(declarator, "id"));
  }
  return names;
}

function ofBinding(
  binding: Binding,
  code: Code,
  table: EffectTable,
): ExportFact {
  const fact = code.values.ofBinding(binding);
  const value = binding.from && binding.from.path.length === 0
    ? binding.from.value
    : null;
  const full = enriched(fact, value, code, table, 0, binding.node);
  return {
    ...full,
    ...(binding.imported ? {} : { local: binding.label }),
    ...(fact.kind === "class" ? { class: binding.label } : {}),
    ...(PLACED.has(fact.kind) ? placeOf(binding.node) : {}),
    ...(binding.assigned.length > 0
      ? { reassigned: true }
      : value && isLiteral(value)
      ? { literal: true }
      : {}),
  };
}

function ofValue(
  node: Node,
  code: Code,
  table: EffectTable,
): ExportFact {
  const fact = code.values.of(node);
  return {
    ...enriched(fact, node, code, table, 0, null),
    ...(fact.kind === "class" ? { class: "default" } : {}),
    ...(PLACED.has(fact.kind) ? placeOf(node) : {}),
    ...(isLiteral(node) ? { literal: true } : {}),
  };
}

/** Whether the text of a value shows that it is a number, a text or the like, whatever anybody has made of names. */
function isLiteral(node: Node): boolean {
  const at = unwrap(node);
  return at.type === "Literal" && !field(at, "regex") ||
    at.type === "TemplateLiteral" || at.type === "UnaryExpression" ||
    at.type === "BinaryExpression";
}

/** Adds what functions do when they are called, those in fields as well. */
function enriched(
  fact: ExportFact,
  value: Node | null,
  code: Code,
  table: EffectTable,
  depth: number,
  name: Node | null,
): ExportFact {
  if (fact.kind === "function") {
    const called = name && code.resolved.bindings.has(name)
      ? code.runs.callees(name)
      : value
      ? code.runs.callees(value)
      : [];
    const effects = {
      ...table.ofCalls(called),
      ...(called.some((unit) => code.runs.callsBack(unit))
        ? { callsBack: true }
        : {}),
    };
    const kinds = new Set(
      called.flatMap((unit) =>
        unit.returns.map((it) => code.values.of(it).kind)
      ),
    );
    const [returns] = kinds;
    return {
      ...fact,
      ...(Object.keys(effects).length > 0 ? { effects } : {}),
      ...(called.some((unit) => flag(unit.node, "generator"))
        ? { generator: true }
        : {}),
      ...(kinds.size === 1 && (returns === "runtime" || returns === "primitive")
        ? { returns }
        : {}),
    };
  }
  if (!fact.fields || depth >= DEPTH_MAX) return fact;
  const literal = value ? literalOf(value) : null;
  const fields: Record<string, ExportFact> = Object.create(null);
  for (const [key, inner] of Object.entries(fact.fields)) {
    const property = many(literal, "properties").find((item) =>
      item.type === "Property" && keyName(item, "key") === key
    );
    fields[key] = enriched(
      inner,
      property ? one(property, "value") : null,
      code,
      table,
      depth + 1,
      null,
    );
  }
  return { ...fact, fields };
}

/** The object literal behind `as const` and `Object.freeze()`. */
function literalOf(node: Node): Node | null {
  const at = unwrap(node);
  if (at.type === "ObjectExpression") return at;
  const [first] = at.type === "CallExpression" ? many(at, "arguments") : [];
  return first && !isFunction(first) ? literalOf(first) : null;
}
