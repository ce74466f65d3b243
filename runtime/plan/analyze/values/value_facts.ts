/** What kind of value an expression or variable holds, as far as the text tells.
 * @module
 */
import type {
  ExportFact,
  NameRef,
} from "../../../protocol/manifest/module_analysis.ts";
import { COLLECTION_CLASSES, isRuntime } from "./known_calls.ts";
import {
  field,
  flag,
  isClass,
  isFunction,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  unwrap,
  word,
} from "../code/nodes.ts";
import type { Roots } from "../code/roots.ts";
import type { Binding } from "../code/bindings.ts";
import type { Resolved } from "../code/scope.ts";
import { calleeName, useOf } from "../code/uses.ts";
import { saysThis, withSelves } from "./selfless.ts";

const UNKNOWN: ExportFact = { kind: "unknown" };
const PRIMITIVE: ExportFact = { kind: "primitive" };
const RUNTIME: ExportFact = { kind: "runtime" };
const DEPTH_MAX = 6;
const FIELDS_MAX = 64;

const PRIMITIVE_CALLS =
  /^(?:String|Number|Boolean|BigInt|Symbol|Symbol\.for|parseInt|parseFloat|isNaN|btoa|atob|setTimeout|setInterval|encodeURIComponent|decodeURIComponent|Math\.\w+|Date\.(?:now|parse|UTC)|performance\.now|crypto\.randomUUID|Deno\.env\.get|Deno\.env\.has|Deno\.cwd|Deno\.execPath|Deno\.readTextFile|Deno\.readTextFileSync|JSON\.stringify|Number\.\w+|String\.\w+|Object\.(?:is|hasOwn|isFrozen))$/;
const ARRAY_CALLS =
  /^(?:Array\.(?:from|of|fromAsync)|Object\.(?:keys|values|entries|getOwnPropertyNames)|new Array)$/;
const ARRAY_METHODS =
  /^(?:map|filter|split|flatMap|toSorted|toReversed|toSpliced|matchAll)$/;
const STRING_METHODS =
  /^(?:trim|trimEnd|trimStart|toLowerCase|toUpperCase|join|replace|replaceAll|padStart|padEnd|repeat|substring|toString|toISOString|toFixed|includes|startsWith|endsWith|indexOf)$/;

/** The kinds of the values of one module. */
export class ValueFacts {
  readonly #resolved: Resolved;
  readonly #roots: Roots;
  readonly #known = new Map<Binding, ExportFact>();

  constructor(resolved: Resolved, roots: Roots) {
    this.#resolved = resolved;
    this.#roots = roots;
  }

  /** What a variable holds. */
  ofBinding(binding: Binding, depth = 0): ExportFact {
    const known = this.#known.get(binding);
    if (known) return known;
    // Against variables that refer to each other, while this is being found out.
    this.#known.set(binding, UNKNOWN);
    const fact = this.#ofBinding(binding, depth);
    const sure = this.#isChanged(binding, fact) ? withSelves(fact) : fact;
    this.#known.set(binding, sure);
    return sure;
  }

  /** Whether functions of an object may be others than those that are written in it. */
  #isChanged({ references, node }: Binding, { fields }: ExportFact): boolean {
    if (!fields || !Object.values(fields).some((it) => it.selfless)) {
      return false;
    }
    return references.some((it) => {
      if (it === node) return false;
      const { how, path } = useOf(it, this.#resolved);
      return how === "write" || how === "pass" && path.length === 0;
    });
  }

  #ofBinding(binding: Binding, depth: number): ExportFact {
    const { imported, from, assigned } = binding;
    if (imported) {
      return isRuntime(imported.specifier)
        ? RUNTIME
        : { kind: "re-export", from: { ...imported } };
    }
    switch (binding.kind) {
      case "function":
      case "class":
        break;
      case "enum":
        return { kind: "frozen", plain: true };
      case "namespace":
        return { kind: "object" };
      case "parameter":
      case "catch":
        return UNKNOWN;
    }
    const values: ExportFact[] = [];
    if (from) {
      values.push(
        from.path.length === 0
          ? this.of(from.value, depth + 1)
          : this.#descend(this.of(from.value, depth + 1), from.path),
      );
    }
    for (const other of assigned) {
      values.push(other ? this.of(other, depth + 1) : PRIMITIVE);
    }
    if (values.length === 0) return from ? UNKNOWN : PRIMITIVE;
    return joined(values);
  }

  #descend(fact: ExportFact, path: readonly string[]): ExportFact {
    let at = fact;
    for (const name of path) {
      if (at.kind === "runtime") return RUNTIME;
      if (at.plain) return PRIMITIVE;
      const next = at.fields && Object.hasOwn(at.fields, name)
        ? at.fields[name]
        : undefined;
      if (!next) return UNKNOWN;
      at = next;
    }
    return at;
  }

  /** What an expression evaluates to. */
  of(node: Node, depth = 0): ExportFact {
    if (depth > DEPTH_MAX) return UNKNOWN;
    const at = unwrap(node);
    const go = (next: Node | null) => next ? this.of(next, depth + 1) : UNKNOWN;
    if (isFunction(at)) return { kind: "function" };
    if (isClass(at)) return { kind: "class" };
    switch (at.type) {
      case "Literal":
        return field(at, "regex")
          ? { kind: "instance", of: { name: "RegExp", global: true } }
          : PRIMITIVE;
      case "TemplateLiteral":
      case "UnaryExpression":
      case "BinaryExpression":
      case "UpdateExpression":
      case "MetaProperty":
        return PRIMITIVE;
      case "ArrayExpression":
        return this.#array(at, depth);
      case "ObjectExpression":
        return this.#object(at, depth);
      case "Identifier": {
        const binding = this.#resolved.bindings.get(at);
        if (binding) return this.ofBinding(binding, depth);
        return /^(?:undefined|NaN|Infinity)$/.test(nameOf(at))
          ? PRIMITIVE
          : UNKNOWN;
      }
      case "MemberExpression":
        // What a global holds outlives every module.
        return this.#isGlobalMember(at) ? RUNTIME : this.#member(at, depth);
      case "NewExpression":
        return this.#constructed(at);
      case "CallExpression":
        return this.#called(at, depth);
      case "TaggedTemplateExpression":
        return calleeName(at, this.#resolved) === "String.raw"
          ? PRIMITIVE
          : UNKNOWN;
      case "AwaitExpression":
        return go(one(at, "argument"));
      case "AssignmentExpression": {
        const left = go(one(at, "left"));
        return left.kind === "runtime" || this.#isKeptGlobal(at)
          ? RUNTIME
          : /^[+\-*/%&|^<>]/.test(word(at, "operator")) &&
              !/^(?:\|\||&&)/.test(word(at, "operator"))
          ? PRIMITIVE
          : go(one(at, "right"));
      }
      case "SequenceExpression":
        return go(many(at, "expressions").at(-1) ?? null);
      case "ConditionalExpression":
        return joined([go(one(at, "consequent")), go(one(at, "alternate"))]);
      case "LogicalExpression": {
        const left = go(one(at, "left"));
        // What `data.x ??= new Map()` and `data.x ?? new Map()` hold lives in the runtime.
        return left.kind === "runtime"
          ? RUNTIME
          : joined([left, go(one(at, "right"))]);
      }
    }
    return UNKNOWN;
  }

  /** `globalThis.rooms ??= new Map()`: what is there stays, whichever module comes. */
  #isKeptGlobal(node: Node): boolean {
    if (!/^(?:\?\?|\|\|)=$/.test(word(node, "operator"))) return false;
    return this.#isGlobalMember(unwrap(one(node, "left")!));
  }

  #isGlobalMember(node: Node): boolean {
    let at = node;
    if (at.type !== "MemberExpression") return false;
    while (at.type === "MemberExpression") at = unwrap(one(at, "object")!);
    return /^(?:globalThis|self|window|global)$/.test(nameOf(at)) &&
      !this.#resolved.bindings.has(at);
  }

  #array(node: Node, depth: number): ExportFact {
    const items = many(node, "elements");
    const isPlain = items.every((item) =>
      isPlainFact(
        item.type === "SpreadElement" ? UNKNOWN : this.of(item, depth + 1),
      )
    );
    return isPlain ? { kind: "array", plain: true } : { kind: "array" };
  }

  #object(node: Node, depth: number): ExportFact {
    const fields: Record<string, ExportFact> = Object.create(null);
    let isPlain = true, isWhole = true;
    for (const item of many(node, "properties")) {
      const name = item.type === "Property" ? keyName(item, "key") : null;
      const value = one(item, "value");
      if (
        name === null || !value || word(item, "kind") !== "init" ||
        name === "__proto__"
      ) {
        isPlain = false;
        if (name === null) isWhole = false;
        else delete fields[name];
        continue;
      }
      const fact = this.#field(value, depth);
      fields[name] = fact;
      if (!isPlainFact(fact)) isPlain = false;
    }
    if (isPlain) return { kind: "object", plain: true };
    const names = Object.keys(fields);
    // A spread may hide any of them behind another value.
    return !isWhole || names.length === 0 || names.length > FIELDS_MAX
      ? { kind: "object" }
      : { kind: "object", fields };
  }

  #field(value: Node, depth: number): ExportFact {
    const fact = this.of(value, depth + 1);
    const unit = fact.kind === "function"
      ? this.#roots.functionOf(value)
      : null;
    return unit && !saysThis(unit.node) ? { ...fact, selfless: true } : fact;
  }

  #member(node: Node, depth: number): ExportFact {
    const object = unwrap(one(node, "object")!);
    const name = keyName(node, "property");
    if (object.type === "MetaProperty") return PRIMITIVE;
    const fact = this.of(object, depth + 1);
    if (fact.kind === "runtime") return RUNTIME;
    if (fact.plain) return PRIMITIVE;
    if (name === "length" || name === "size") return PRIMITIVE;
    return name === null ? UNKNOWN : this.#descend(fact, [name]);
  }

  #constructed(node: Node): ExportFact {
    const callee = unwrap(one(node, "callee")!);
    const name = calleeName(node, this.#resolved)?.slice(4) ?? null;
    if (name !== null) {
      const kind = COLLECTION_CLASSES.get(name);
      if (kind) {
        return name === "Set" && many(node, "arguments").length === 1 &&
            this.of(many(node, "arguments")[0]!).plain
          ? { kind, plain: true }
          : { kind };
      }
      return { kind: "instance", of: { name, global: true } };
    }
    const of = this.classRef(callee);
    if (!of) return UNKNOWN;
    return of.specifier !== undefined && isRuntime(of.specifier)
      ? RUNTIME
      : { kind: "instance", of };
  }

  /** The class that an expression names. */
  classRef(node: Node): NameRef | null {
    const at = unwrap(node);
    if (at.type === "Identifier") {
      const binding = this.#resolved.bindings.get(at);
      if (!binding) return { name: nameOf(at), global: true };
      if (binding.imported) return { ...binding.imported };
      return binding.kind === "class" ||
          binding.from !== null && isClass(unwrap(binding.from.value))
        ? { name: binding.label }
        : null;
    }
    const root = this.#roots.of(at).find((it) => it.specifier !== null);
    if (!root || root.path.length > 0) return null;
    return { specifier: root.specifier!, name: root.name };
  }

  #called(node: Node, depth: number): ExportFact {
    const callee = unwrap(one(node, "callee")!);
    const name = calleeName(node, this.#resolved);
    const first = many(node, "arguments")[0];
    if (name !== null) {
      if (PRIMITIVE_CALLS.test(name)) return PRIMITIVE;
      if (ARRAY_CALLS.test(name)) return { kind: "array" };
      if (name === "Object.freeze" && first) {
        return frozen(this.of(first, depth + 1));
      }
      if (/^Object\.(?:seal|preventExtensions|assign)$/.test(name) && first) {
        const { kind } = this.of(first, depth + 1);
        return { kind: kind === "object" ? "object" : "unknown" };
      }
      return name === "Object.create" || name === "Object.fromEntries"
        ? { kind: "object" }
        : UNKNOWN;
    }
    if (callee.type === "MemberExpression") {
      const object = this.of(one(callee, "object")!, depth + 1);
      if (object.kind === "runtime") return RUNTIME;
      const method = keyName(callee, "property") ?? "";
      if (ARRAY_METHODS.test(method)) return { kind: "array" };
      if (STRING_METHODS.test(method)) return PRIMITIVE;
      return UNKNOWN;
    }
    const unit = this.#roots.functionOf(callee);
    if (unit) {
      return unit.returns.length > 0 && !flag(unit.node, "generator")
        ? joined(unit.returns.map((value) => this.of(value, depth + 1)))
        : UNKNOWN;
    }
    if (callee.type === "Identifier") {
      const binding = this.#resolved.bindings.get(callee);
      if (binding?.imported) {
        return isRuntime(binding.imported.specifier)
          ? RUNTIME
          // What an imported function makes is known by who knows that module.
          : { kind: "unknown", of: { ...binding.imported } };
      }
    }
    return UNKNOWN;
  }
}

function isPlainFact(fact: ExportFact): boolean {
  return fact.kind === "primitive" || fact.plain === true;
}

function frozen(fact: ExportFact): ExportFact {
  switch (fact.kind) {
    case "object":
      return {
        kind: "frozen",
        ...(fact.fields ? { fields: fact.fields } : {}),
        ...(fact.plain ? { plain: true } : {}),
      };
    case "array":
      return fact.plain ? { kind: "frozen", plain: true } : fact;
    case "instance":
      return fact.of?.global ? fact : { kind: "frozen", plain: true };
  }
  return fact;
}

/** One fact for a variable that holds any of these; a primitive beside something else is only "not there yet". */
function joined(values: readonly ExportFact[]): ExportFact {
  const others = values.filter((it) => it.kind !== "primitive");
  const [first] = others;
  if (!first) return PRIMITIVE;
  if (others.length === 1) return first;
  if (others.some((it) => it.kind !== first.kind)) return UNKNOWN;
  switch (first.kind) {
    case "map":
    case "set":
    case "array":
      return others.every((it) => it.plain) ? first : { kind: first.kind };
    case "object":
      return others.every((it) => it.plain) ? first : { kind: "object" };
    case "instance":
    case "re-export": {
      const key = (it: ExportFact) => JSON.stringify([it.of, it.from]);
      return others.every((it) => key(it) === key(first)) ? first : UNKNOWN;
    }
    case "runtime":
      return RUNTIME;
    case "function":
      return { kind: "function" };
  }
  return UNKNOWN;
}
