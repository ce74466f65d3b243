/** To whom functions are given, where somebody may keep them and call them later.
 * @module
 */
import {
  flag,
  isFunction,
  keyName,
  nameOf,
  type Node,
  one,
  unwrap,
} from "../code/nodes.ts";
import type { Found } from "../code/tree.ts";

/** Timers, promises and streams are seen by themselves; elements are described. */
const SEEN =
  /^(?:set(?:Timeout|Interval|Immediate)|queueMicrotask|nextTick|then|catch|finally|Promise|(?:Readable|Writable|Transform)Stream|_?jsx\w*|createElement)$/;

/** Methods of texts and lists, which call at once what they are given first, or second: `agenda.every("5 minutes", poll)` is none. */
const FIRST =
  /^(?:map|filter|forEach|some|every|find(?:Last)?(?:Index)?|reduce(?:Right)?|(?:toS|s)orted|sort|flatMap)$/;
const SECOND = /^replace(?:All)?$/;

/** Call what they are given at once, and keep none. */
const AT_ONCE =
  /^(?:(?:Array|\w+Array)\.from|(?:Object|Map)\.groupBy|JSON\.\w+)$/;

/** Whether nobody has to say what is given to a callee at a place among its arguments. */
export function isSeen(callee: Node, at: number): boolean {
  const name = calledName(callee);
  return SEEN.test(name) ||
    callee.type === "MemberExpression" &&
      (at === 0 && FIRST.test(name) || at === 1 && SECOND.test(name) ||
        AT_ONCE.test(`${nameOf(unwrap(one(callee, "object")!))}.${name}`));
}

/** Whether code runs when a function is called, or an instance is made. */
export function isInFunction(found: Found): boolean {
  for (let at = found.around; at; at = at.around) {
    if (isFunction(at.self) || isField(at)) return true;
  }
  return false;
}

/** Made with each instance. */
function isField({ self, type }: Found): boolean {
  return type === "PropertyDefinition" && !flag(self, "static");
}

/** The name that an access begins with: `app` of `app.bus.on`. */
export function rootOf(access: Node): string[] {
  let root = access;
  while (root.type === "MemberExpression") root = unwrap(one(root, "object")!);
  return root.type === "Identifier" ? [nameOf(root)] : [];
}

/** The name of what is called: of a method, that of the property. */
export function calledName(callee: Node): string {
  return callee.type === "Identifier"
    ? nameOf(callee)
    : keyName(callee, "property") ?? "";
}
