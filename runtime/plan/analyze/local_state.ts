/** State that functions keep which run while a module is evaluated: `const games = new Map()` in `main()`, `new Users()` in a call there.
 * @module
 */
import type { NameRef } from "../../protocol/module_analysis.ts";
import { type Keepable, keepableOf } from "./keepable.ts";
import { isExternal } from "./known_calls.ts";
import { isMutator } from "./mutation.ts";
import { isFunction, type Node, one, unwrap } from "./nodes.ts";
import { Roots } from "./roots.ts";
import { Runs } from "./runs.ts";
import { type Binding, type Resolved, resolveNames } from "./scope.ts";
import { type Unit, unitsOf } from "./units.ts";
import { useOf, writtenName } from "./uses.ts";
import { ValueFacts } from "./value_facts.ts";

/** State that would be lost with its module, in a local or in an expression without a name. */
export interface LocalState {
  /** As deno.json has it behind `#`: `main.games`, `main.new Users`. */
  readonly name: string;
  /** Where, 1-based. */
  readonly line: number;
  /** Where, 1-based. */
  readonly column: number;
  /** For people: `set() at line 12`, `new Users()`. */
  readonly detail: string;
  /** Of an instance: its class, which must have fields to be state. */
  readonly of?: NameRef;
}

/**
 * Finds state in what functions make that run while the module is evaluated.
 *
 * @param program the root of its tree
 * @param resolved its names, where they are resolved already
 * @returns the state that can be kept by name, in the order of the source
 */
export function localStateOf(
  program: Node,
  resolved: Resolved = resolveNames(program),
): LocalState[] {
  const units = unitsOf(resolved);
  const roots = new Roots(resolved, units);
  const values = new ValueFacts(resolved, roots);
  const top = new Runs(resolved, units, roots).closure([units.module]);
  const found: LocalState[] = [];
  for (const it of keepableOf(program).found.values()) {
    if (it.kind !== "local" && it.kind !== "expression") continue;
    const at = it.id ?? it.init;
    const unit = at && unitAround(at, resolved, units.byFunction) ||
      units.module;
    if (!top.has(unit)) continue;
    const state = instanceIn(it, values) ??
      (it.id
        ? changeOf(resolved.bindings.get(it.id), unit, units.all, resolved)
        : null);
    if (state === null) continue;
    const { name, line, column } = it;
    found.push({ name, line, column, ...state });
  }
  return found.sort((a, b) => a.line - b.line || a.column - b.column);
}

/** The function that a node stands in. */
function unitAround(
  node: Node,
  resolved: Resolved,
  byFunction: ReadonlyMap<Node, Unit>,
): Unit | null {
  for (
    let up = resolved.parents.get(node);
    up;
    up = resolved.parents.get(up.node)
  ) {
    if (isFunction(up.node)) return byFunction.get(up.node) ?? null;
  }
  return null;
}

/** An instance of a class of the app. */
function instanceIn(
  { init }: Keepable,
  values: ValueFacts,
): Pick<LocalState, "detail" | "of"> | null {
  let at = init ? unwrap(init) : null;
  while (at?.type === "AwaitExpression") at = unwrap(one(at, "argument")!);
  if (at?.type !== "NewExpression") return null;
  const of = values.classRef(one(at, "callee")!);
  if (
    !of || of.global || of.specifier !== undefined && isExternal(of.specifier)
  ) return null;
  return { detail: `${writtenName(at) ?? `new ${of.name}`}()`, of };
}

/** What functions inside of the one that declares a variable do to it: they run when that has ended. */
function changeOf(
  binding: Binding | undefined,
  own: Unit,
  all: readonly Unit[],
  resolved: Resolved,
): Pick<LocalState, "detail"> | null {
  if (!binding) return null;
  for (const unit of all) {
    if (unit === own || !isInside(unit, own)) continue;
    for (const node of unit.references) {
      if (resolved.bindings.get(node) !== binding) continue;
      const { how, path } = useOf(node, resolved);
      const change = path.find(isMutator);
      if (how !== "write" && change === undefined) continue;
      const last = path.at(-1);
      return {
        detail: `${
          change ??
            (last === undefined || last === "[]" ? "assignment" : `.${last} =`)
        } at line ${node.loc?.start.line ?? 0}`,
      };
    }
  }
  return null;
}

function isInside(unit: Unit, outer: Unit): boolean {
  for (let at = unit.parent; at; at = at.parent) if (at === outer) return true;
  return false;
}
