/** What functions of a module make when they are called, and all that they call in it.
 * @module
 */
import { type Node, unwrap } from "../code/nodes.ts";
import { Roots } from "../code/roots.ts";
import { Runs } from "../code/runs.ts";
import { resolveNames } from "../code/scope.ts";
import { type Unit, unitAround, unitsOf } from "../code/units.ts";
import { keepableBindings, keepableOf } from "./keepable.ts";

/** Finds the names of what can be kept that runs of functions at the top level of a module make. */
export function madeWithin(
  program: Node,
  functions: ReadonlySet<string>,
): ReadonlySet<string> {
  const resolved = resolveNames(program);
  const units = unitsOf(resolved);
  const names = keepableOf(program);
  const roots = new Roots(resolved, units, keepableBindings(names, resolved));
  const runs = new Runs(resolved, units, roots);
  const called = new Set<Unit>();
  for (const name of functions) {
    const value = resolved.top.get(name)?.from?.value;
    const unit = value && units.byFunction.get(unwrap(value));
    if (unit) called.add(unit);
  }
  const all = runs.closure(called);
  return new Set(
    [...names.found.values()].filter(({ id, init }) => {
      const at = id ?? init;
      return at && all.has(unitAround(at, resolved, units));
    }).map(({ name }) => name),
  );
}
