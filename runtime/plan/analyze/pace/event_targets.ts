/** Which target and which event some code means, however it names them.
 * @module
 */
import { keyName, many, type Node, one, unwrap, word } from "../code/nodes.ts";
import type { Resolved } from "../code/scope.ts";
import { writtenName } from "../code/uses.ts";
import { textOf } from "../imports.ts";

/** What hears what it is told itself: a socket's `emit` is heard at its other end. */
const EMITTER = /Emitter|Target|Bus|Hub/i;

/** An event of a target. */
export interface Told {
  /** The same text for all ways to name the target. */
  readonly target: string;
  /** Its name; null where nobody can tell. */
  readonly event: string | null;
}

/** A listener in whose code a target may be named as that of its event. */
export interface Within {
  readonly node: Node;
  readonly target: string;
}

/** Tells whether two may be the same event. */
export function isSame(a: Told, b: Told): boolean {
  return a.target === b.target &&
    (a.event === null || b.event === null || a.event === b.event);
}

/**
 * What a call of `dispatchEvent`, `emit` or `postMessage` tells. Returns the event; null where it is not heard in this
 * process, or nobody can tell by whom.
 */
export function toldByCall(
  call: Node,
  resolved: Resolved,
  within: Within,
): Told | null {
  const name = calledName(call);
  const receiver = receiverOf(call);
  if (name === "emit" && !hearsItself(receiver, resolved)) return null;
  const target = targetOf(receiver, resolved, within);
  if (target === null) return null;
  if (name !== "postMessage") {
    return { target, event: eventOf(many(call, "arguments")[0], resolved) };
  }
  // What one end of a channel is given arrives at the other.
  const end = /\.port([12])$/.exec(target);
  return end &&
    {
      target: target.replace(/.$/, end[1] === "1" ? "2" : "1"),
      event: "message",
    };
}

function hearsItself(receiver: Node | null, { bindings }: Resolved): boolean {
  const inner = receiver && unwrap(receiver);
  if (inner?.type !== "Identifier") return true;
  const binding = bindings.get(inner);
  const value = binding?.from && unwrap(binding.from.value);
  if (value?.type === "NewExpression" || value?.type === "CallExpression") {
    const callee = unwrap(one(value, "callee")!);
    const made = bindings.get(callee)?.from?.value;
    return EMITTER.test(writtenName(value) ?? "") ||
      made !== undefined && one(made, "superClass") !== null;
  }
  return true;
}

/**
 * A text for a target: that of a name and its members, of `this`, of the target of an event. Returns the text, or null
 * where nobody can tell.
 */
export function targetOf(
  owner: Node | null,
  resolved: Resolved,
  within: Within | null,
): string | null {
  if (owner === null) return "global";
  const path: string[] = [];
  let root = unwrap(owner);
  while (root.type === "MemberExpression") {
    const name = keyName(root, "property");
    if (name === null) return null;
    path.unshift(name);
    root = unwrap(one(root, "object")!);
  }
  if (root.type === "ThisExpression") {
    const isTarget = within && path.length === 0 &&
      within.node.type !== "ArrowFunctionExpression" &&
      resolved.parents.get(within.node)?.node.type !== "MethodDefinition";
    return isTarget ? within.target : ["this", ...path].join(".");
  }
  if (root.type !== "Identifier") return null;
  const binding = resolved.bindings.get(root);
  if (!binding) {
    const name = word(root, "name");
    return /^(?:globalThis|self|window)$/.test(name) && path.length === 0
      ? "global"
      : [name, ...path].join(".");
  }
  if (
    binding.parameter?.of === within?.node && binding.parameter?.index === 0 &&
    /^(?:current)?[tT]arget$/.test(
      [...binding.parameter.path, ...path].join("."),
    )
  ) return within!.target;
  const { from, node } = binding;
  const made = from && unwrap(from.value);
  const start = made?.type === "NewExpression" ? made.start : node.start;
  return [
    start,
    ...made?.type === "NewExpression" ? from!.path : [],
    ...path,
  ].join(".");
}

/** The name of an event. Returns the name, or null where nobody can tell. */
export function eventOf(
  given: Node | undefined,
  resolved: Resolved,
): string | null {
  if (!given) return null;
  const inner = unwrap(given);
  if (inner.type === "NewExpression") {
    return eventOf(many(inner, "arguments")[0], resolved);
  }
  if (inner.type !== "Identifier") return textOf(inner);
  const value = resolved.bindings.get(inner)?.from?.value;
  return value === undefined || value === inner
    ? null
    : unwrap(value).type === "Identifier"
    ? null
    : eventOf(value, resolved);
}

/** The last name of what a call calls. Returns the name, or null for a construction or what has none. */
export function calledName(call: Node): string | null {
  if (call.type !== "CallExpression") return null;
  const callee = unwrap(one(call, "callee")!);
  return callee.type === "MemberExpression"
    ? keyName(callee, "property")
    : callee.type === "Identifier"
    ? word(callee, "name")
    : null;
}

/** What a call is made on. Returns that, or null for a plain function. */
export function receiverOf(call: Node): Node | null {
  const callee = unwrap(one(call, "callee")!);
  return callee.type === "MemberExpression" ? one(callee, "object") : null;
}
