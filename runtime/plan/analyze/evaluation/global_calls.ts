/** What a module calls outside of all modules, which another module of the app may have set: `greet("a")`, `app.use(a)`.
 * @module
 */
import { nameOf, type Node } from "../code/nodes.ts";
import { ELEMENT, type Resolved } from "../code/scope.ts";
import { type Unit, unitAround, type Units } from "../code/units.ts";
import { useOf } from "../code/uses.ts";

/** The specifier of what is no import. */
export const GLOBALS = "global:";

/** The names of the global object. */
export const ROOT = /^(?:globalThis|self|window|global)$/;
/** What is the platform's own is nobody's of the app. */
const OF_PLATFORM =
  /^(?:[A-Z]\w*|addEventListener|alert|atob|btoa|caches|clear(?:Immediate|Interval|Timeout)|close|confirm|console|createImageBitmap|crypto|(?:de|en)codeURI(?:Component)?|dispatchEvent|escape|eval|exports|fetch|import|isFinite|isNaN|(?:local|session)Storage|location|module|navigator|on\w+|parse(?:Float|Int)|performance|postMessage|process|prompt|queueMicrotask|removeEventListener|reportError|require|set(?:Immediate|Interval|Timeout)|structuredClone|undefined|unescape)$/;

/** A call of something global. */
export interface GlobalCall {
  /** The first name, without `globalThis`. */
  readonly name: string;
  /** The members and calls from there. */
  readonly path: readonly string[];
  readonly node: Node;
}

/** Finds the calls, by the code that they stand in. */
export function globalCallsOf(
  resolved: Resolved,
  units: Units,
): Map<Unit, GlobalCall[]> {
  const found = new Map<Unit, GlobalCall[]>();
  for (const nodes of resolved.globals.values()) {
    for (const node of nodes) {
      const call = callAt(node, resolved);
      if (call === null) continue;
      const unit = unitAround(node, resolved, units);
      const known = found.get(unit);
      if (known) known.push(call);
      else found.set(unit, [call]);
    }
  }
  return found;
}

function callAt(node: Node, resolved: Resolved): GlobalCall | null {
  const { path: whole } = useOf(node, resolved);
  let name = nameOf(node);
  let path = whole;
  if (ROOT.test(name)) {
    const [first, ...rest] = whole;
    if (first === undefined) return null;
    name = first.replace(/\(\)$/, "");
    path = name === first ? rest : ["()", ...rest];
  }
  const isCalled = path.some((step) => step.endsWith("()"));
  return !isCalled || name === "" || name === ELEMENT || OF_PLATFORM.test(name)
    ? null
    : { name, path, node };
}
