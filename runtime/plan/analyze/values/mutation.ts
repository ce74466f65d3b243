/** Whether a use changes what a variable holds, by the names of what is called on it.
 * @module
 */
import type { ValueKind } from "../../../protocol/manifest/module_analysis.ts";
import { COPYING_METHODS, ELEMENT_METHODS, MUTATORS } from "./known_calls.ts";

/** Whether a step calls a method that changes a collection. */
export function isMutator(step: string): boolean {
  return step.endsWith("()") && MUTATORS.has(step.slice(0, -2));
}

/**
 * Finds what a use changes.
 *
 * @param kind what the variable holds; of what is not known, only calls right on it count: `db.update().set()` is a query
 * @param path the members and calls on the way
 * @param isWrite whether it ends in an assignment, `++` or `delete`
 * @returns what is done, for people; null if nothing is changed but a copy
 */
export function mutationOf(
  kind: ValueKind,
  path: readonly string[],
  isWrite: boolean,
): string | null {
  const isForeign = kind === "unknown" || kind === "instance";
  let isCopy = false, isCalled = false;
  for (const step of path) {
    const method = step.endsWith("()") ? step.slice(0, -2) : null;
    // An iterator that a call has just made is nobody else's.
    const isOwn = isCopy || method === "next" && isCalled;
    if (isMutator(step) && !isOwn) {
      // Databases, clients, routers and logs have a `delete()` or `append()` that is about something else.
      const isAbout = method !== "delete" && method !== "append";
      if (!isForeign || !isCalled && isAbout) return step;
    }
    if (method === null || ELEMENT_METHODS.has(method)) {
      // What a copy holds is what the original holds.
      isCopy = false;
    } else if (COPYING_METHODS.has(method)) isCopy = true;
    if (method !== null) isCalled = true;
  }
  if (!isWrite) return null;
  const last = path.at(-1);
  return last === undefined || last === "[]" ? "assignment" : `.${last} =`;
}
