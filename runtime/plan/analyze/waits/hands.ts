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

/** Timers, promises and streams are seen by themselves; elements are described, and texts and lists call at once. */
const SEEN =
  /^(?:set(?:Timeout|Interval|Immediate)|queueMicrotask|nextTick|then|catch|finally|Promise|(?:Readable|Writable|Transform)Stream|_?jsx\w*|createElement|map|filter|forEach|some|every|find(?:Last)?(?:Index)?|reduce(?:Right)?|(?:toS|s)orted|sort|flatMap|replace(?:All)?)$/;

/** Whether nobody has to say what is given to a callee. */
export function isSeen(callee: Node): boolean {
  return SEEN.test(calledName(callee));
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
