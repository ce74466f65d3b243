/** Whether a use changes what a variable holds, by the names of what is called on it.
 * @module
 */
import type { ExportFact } from "../../../protocol/manifest/module_analysis.ts";
import { COPYING_METHODS, ELEMENT_METHODS, MUTATORS } from "./known_calls.ts";

const LISTENS =
  /^(?:on|once|off|(?:add|remove)(?:Event)?Listener|prepend(?:Once)?Listener|removeAllListeners)\(\)$/;
/** Instances of the platform whose methods are about nothing but themselves. */
const PLAIN_INSTANCE =
  /^(?:URL|Date|DataView|Headers|URLSearchParams|FormData)$/;

/** Whether a step calls a method that changes a collection. */
export function isMutator(step: string): boolean {
  return step.endsWith("()") && MUTATORS.has(step.slice(0, -2));
}

/** Whether a use adds or removes listeners, if what it is done to has any. */
export function isListening(path: readonly string[]): boolean {
  return path.length === 1 && LISTENS.test(path[0]!);
}

/** What a variable holds, as far as it matters to who changes it. */
type Changeable = Pick<ExportFact, "kind" | "of" | "fields">;

/** Finds what a use changes. Returns what is done, for people; null if nothing is changed but a copy. */
export function mutationOf(
  { kind, of, fields }: Changeable,
  path: readonly string[],
  isWrite: boolean,
): string | null {
  const isForeign = kind === "unknown" ||
    kind === "instance" && !(of?.global && PLAIN_INSTANCE.test(of.name));
  let isCopy = false, isCalled = false;
  for (const [at, step] of path.entries()) {
    const method = step.endsWith("()") ? step.slice(0, -2) : null;
    // An iterator that a call has just made is nobody else's.
    const isOwn = isCopy || method === "next" && isCalled;
    // What a function of the app changes without `this` has a name of its own.
    const isOfApp = at === 0 && method !== null && fields !== undefined &&
      Object.hasOwn(fields, method) && fields[method]!.selfless === true;
    if (isMutator(step) && !isOwn && !isOfApp) {
      // Databases, clients, routers and logs have a `delete()` or `append()` that is about something else.
      const isAbout = method !== "delete" && method !== "append";
      if (!isForeign || !isCalled && isAbout) return step;
    }
    // Bound, it is called by whoever gets it.
    if (!isForeign && MUTATORS.has(step) && path[at + 1] === "bind()") {
      return `${step}()`;
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

/**
 * Finds what a use changes: what {@linkcode mutationOf} finds, and who listens to it, where it may have listeners.
 * Returns what is done, for people; null if nothing is changed but a copy.
 */
export function changeOf(
  fact: Changeable,
  path: readonly string[],
  isWrite: boolean,
): string | null {
  // What is stored there is that of the request that asks.
  const isStorage = fact.of?.name === "AsyncLocalStorage" &&
    fact.of.specifier?.endsWith("async_hooks");
  if (isStorage && path[0] === "getStore()") return null;
  const mayListen = fact.of !== undefined &&
    (!fact.of.global || fact.of.name === "EventTarget");
  return mutationOf(fact, path, isWrite) ??
    (mayListen && isListening(path) ? path[0]! : null);
}
