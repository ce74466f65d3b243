/** What calling a function leaves behind: functions that outlive the call, instances, or nothing but data.
 * @module
 */
import type {
  ImportedClass,
  LeftBehind,
} from "../../../protocol/manifest/rebind_facts.ts";
import type { Code } from "../effects.ts";
import { field, isClass, isFunction, type Node } from "../code/nodes.ts";
import type { Unit, Units } from "../code/units.ts";
import { calleeName } from "../code/uses.ts";
import { isExternal } from "../values/known_calls.ts";
import { isBrief } from "./late.ts";

/** Tells what is left behind by some code of a module; of a class by all of it. */
export function leftBehind(
  start: readonly Unit[],
  ofClass: boolean,
  code: Code,
  units: Units,
): LeftBehind {
  const ran = code.runs.closure(start);
  const makes = new Set<string>();
  const imports = new Map<string, ImportedClass>();
  // What a generator gives goes on by its code.
  let functions = !ofClass &&
    start.some((unit) => field(unit.node, "generator") === true);
  for (const unit of units.all) {
    if (unit.parent && ran.has(unit.parent) && outlives(unit, code)) {
      functions = true;
    }
  }
  for (const unit of ran) {
    for (const reference of unit.references) {
      const found = whatIs(reference, code, units);
      if (found === "functions") functions = true;
      else if (typeof found === "string") makes.add(found);
      else if (found) imports.set(`${found.specifier}\n${found.name}`, found);
    }
  }
  const data = !ofClass &&
    start.every((unit) =>
      !field(unit.node, "generator") &&
      unit.returns.every((it) => isData(it, code))
    );
  return {
    ...functions ? { functions } : {},
    ...data ? { data } : {},
    ...makes.size > 0 ? { makes: [...makes].sort() } : {},
    ...imports.size > 0 ? { imports: [...imports.values()] } : {},
  };
}

/** Whether a function that is written in some code may be called when that has ended. */
function outlives({ kind, node }: Unit, code: Code): boolean {
  const { resolved, roots } = code;
  // A class that a call makes is one nobody knows by name.
  if (kind === "construct") {
    return roots.nameOfFunction(node)?.top !== true && isClass(node);
  }
  if (isBrief(node, resolved) || isTimer(node, code)) {
    return false;
  }
  const up = roots.above(node);
  // Of a class: its methods follow it; a field that holds a function does not.
  if (up?.node.type === "MethodDefinition") return false;
  const binding = roots.nameOfFunction(node);
  return !binding ||
    binding.references.some((it) => roots.above(it)?.key !== "callee");
}

/** What timers run is looked at when they are left. */
function isTimer(node: Node, { resolved, roots }: Code): boolean {
  const up = roots.above(node);
  return up?.key === "arguments" && up.node.type === "CallExpression" &&
    /^set(?:Timeout|Interval)$/.test(calleeName(up.node, resolved) ?? "");
}

/** What a name brings out of a call: functions of the module, or the name of a class that is made an instance of, be it an imported one. */
function whatIs(
  reference: Node,
  { resolved, roots }: Code,
  units: Units,
): string | ImportedClass | null {
  const binding = resolved.bindings.get(reference)!;
  if (binding.node === reference || !binding.top && !binding.imported) {
    return null;
  }
  const up = roots.above(reference);
  const isCalled = up?.key === "callee";
  if (binding.imported) {
    if (isExternal(binding.imported.specifier)) return null;
    if (up?.node.type === "MemberExpression" || isCalled) {
      return up!.node.type === "NewExpression" ? binding.imported : null;
    }
    return up?.node.type === "BinaryExpression" ? null : "functions";
  }
  if (!binding.from || up?.key === "superClass") return null;
  const { value } = binding.from;
  if (isClass(value)) {
    const of = units.classes.get(value);
    if (up?.node.type === "BinaryExpression") return null;
    return up?.node.type === "NewExpression" && isCalled && of
      ? binding.label
      : up?.node.type === "MemberExpression" && up.key === "object"
      ? binding.label
      : "functions";
  }
  return isFunction(value) && !isCalled ? "functions" : null;
}

function isData(node: Node, { values }: Code): boolean {
  const fact = values.of(node);
  return fact.kind === "primitive" || fact.plain === true;
}
