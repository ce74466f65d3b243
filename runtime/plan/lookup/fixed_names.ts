/** The variables of a module that hold primitive values and can hold nothing else.
 * @module
 */
import type { ModuleAnalysis } from "../../protocol/manifest/module_analysis.ts";

const NONE: ReadonlySet<string> = new Set();
/** By the facts of a module, which are the same from one release to the next. */
const NAMES = new WeakMap<ModuleAnalysis, ReadonlySet<string>>();

/** Finds them by what is known of the module. */
export function fixedNames(
  facts: ModuleAnalysis | undefined,
): ReadonlySet<string> {
  if (!facts) return NONE;
  let names = NAMES.get(facts);
  if (!names) {
    const { kept = [] } = facts;
    names = new Set(kept.filter((it) => it.fixed).map(({ name }) => name));
    NAMES.set(facts, names);
  }
  return names;
}
