/** Whether what a function makes for itself while its module is evaluated is state: it goes on in closures and in what it is
 * handed to.
 * @module
 */
import type { LocalState } from "../../../protocol/manifest/module_analysis.ts";
import type { Code } from "../effects.ts";
import { placeOf } from "../code/places.ts";
import type { Keepable } from "./keepable.ts";
import { isExternal } from "../values/known_calls.ts";
import { changeOf } from "../values/mutation.ts";
import {
  flag,
  isFunction,
  keyName,
  many,
  type Node,
  one,
  unwrap,
} from "../code/nodes.ts";
import type { Binding } from "../code/bindings.ts";
import { handleOf, instanceOf } from "../state/held_values.ts";
import { type Unit, unitAround, type Units } from "../code/units.ts";
import { useOf, writtenName } from "../code/uses.ts";

/**
 * Tells whether what stands in a function, or in an expression, would be lost if it were made a second time. Returns
 * why it is state; null if it is not.
 */
export function localStateOf(
  it: Keepable,
  code: Code,
  units: Units,
  after: ReadonlySet<Unit>,
): LocalState | null {
  if (it.kind === "expression") return made(it.init!, code);
  const binding = it.kind === "local" && it.id
    ? code.resolved.bindings.get(it.id)
    : undefined;
  if (!binding) return null;
  const home = unitAround(binding.node, code.resolved, units);
  const found = handleOf(binding, code) ??
    changed(
      binding,
      code,
      units,
      after,
      (unit) => !isBrief(unit, home, code),
    ) ??
    handedOn(it, binding, code) ??
    instanceOf(binding, code);
  if (!found) return null;
  const { why, detail, of } = found;
  return { why, detail, ...(of ? { of } : {}) };
}

function made(node: Node, code: Code): LocalState | null {
  const up = code.resolved.parents.get(node);
  // Used up where it stands.
  if (up?.node.type === "ThrowStatement" || up?.key === "object") return null;
  const of = code.values.classRef(one(node, "callee")!);
  if (
    !of || of.global || of.specifier !== undefined && isExternal(of.specifier)
  ) return null;
  return { why: "instance", detail: `new ${of.name}()`, of: [of] };
}

/**
 * Finds what functions inside of the one that declares a variable do to it, when they are called later. Returns the
 * first change; null where nothing changes it.
 */
export function changed(
  binding: Binding,
  code: Code,
  units: Units,
  after: ReadonlySet<Unit>,
  lasts: (unit: Unit) => boolean = () => true,
): LocalState | null {
  const home = unitAround(binding.node, code.resolved, units);
  for (const reference of binding.references) {
    if (reference === binding.node) continue;
    const unit = units.around.get(reference);
    if (!unit) continue;
    const isLater = code.runs.isLate(reference, unit) ||
      unit !== home && after.has(unit) && lasts(unit);
    if (!isLater) continue;
    const { how, path } = useOf(reference, code.resolved);
    const isAssigned = code.resolved.targets.has(reference);
    const fact = code.values.ofBinding(binding);
    const { of } = fact;
    const detail = isAssigned
      ? "assignment"
      : changeOf(fact, path, how === "write");
    if (detail === null) continue;
    return {
      why: isAssigned ? "written" : "mutated",
      detail: `${detail} at line ${placeOf(reference).line}`,
      ...(!isAssigned && of && !of.global ? { of: [of] } : {}),
    };
  }
  return null;
}

const WALKS =
  /^(?:forEach|map|filter|flatMap|reduce|reduceRight|some|every|find|findIndex|findLast|findLastIndex)$/;
const LIST_OF_LIST =
  /^(?:concat|filter|flat|flatMap|map|reverse|sort|toReversed|toSorted|toSpliced)$/;
const GIVES_LIST = /^(?:Object\.(?:keys|values|entries)|Array\.(?:from|of))$/;

/**
 * Whether a function is over when the one that made it is, like `list.forEach((it) => …)`. In doubt it is not: what only
 * has a method of that name may call it whenever it likes.
 */
function isBrief(unit: Unit, home: Unit, code: Code): boolean {
  for (let at: Unit | null = unit; at !== home; at = at.parent) {
    if (at === null || !isFunction(at.node) || flag(at.node, "async")) {
      return false;
    }
    const up = code.roots.above(at.node);
    const callee = up?.key === "arguments" ? one(up.node, "callee") : null;
    if (
      callee?.type !== "MemberExpression" ||
      !WALKS.test(keyName(callee, "property") ?? "") ||
      !isList(unwrap(one(callee, "object")!), code)
    ) return false;
  }
  return true;
}

function isList(node: Node, code: Code): boolean {
  if (node.type === "Identifier") {
    const binding = code.resolved.bindings.get(node);
    const value = binding?.kind === "const" && binding.from?.path.length === 0
      ? unwrap(binding.from.value)
      : null;
    return value !== null && value.type !== "Identifier" && isList(value, code);
  }
  if (node.type === "ArrayExpression") return true;
  // A Map or Set of the language's own, whose `forEach()` is over when it returns.
  if (node.type === "NewExpression") {
    return /^(?:map|set|array)$/.test(code.values.of(node).kind);
  }
  if (node.type !== "CallExpression") return false;
  const callee = unwrap(one(node, "callee")!);
  if (callee.type !== "MemberExpression") {
    return GIVES_LIST.test(writtenName(node) ?? "");
  }
  const method = keyName(callee, "property") ?? "";
  return /^(?:slice|split)$/.test(method) ||
    GIVES_LIST.test(writtenName(node) ?? "") ||
    LIST_OF_LIST.test(method) && isList(unwrap(one(callee, "object")!), code);
}

const MAKES =
  /^(?:length|size|(?:concat|every|filter|flat|flatMap|has|includes|indexOf|join|map|slice|some|toReversed|toSorted|toString)\(\))$/;

/** An empty collection that somebody else is given: for what, if not to put something into it. */
function handedOn(
  { init }: Keepable,
  binding: Binding,
  code: Code,
): LocalState | null {
  const value = init ? unwrap(init) : null;
  if (!value || !isEmptyCollection(value, code)) return null;
  for (const reference of binding.references) {
    const { how, given, path } = useOf(reference, code.resolved);
    if (how !== "pass" || !given) continue;
    // Given is only what was made of it.
    if (path.length === 1 && MAKES.test(path[0]!)) continue;
    return {
      why: "mutated",
      detail: `handed on at line ${placeOf(reference).line}`,
    };
  }
  return null;
}

function isEmptyCollection(node: Node, code: Code): boolean {
  switch (node.type) {
    case "ArrayExpression":
      return many(node, "elements").length === 0;
    case "ObjectExpression":
      return many(node, "properties").length === 0;
    case "NewExpression":
      return /^(?:map|set)$/.test(code.values.of(node).kind) &&
        many(node, "arguments").length === 0;
  }
  return false;
}
