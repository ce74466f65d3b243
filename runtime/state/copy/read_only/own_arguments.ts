/** Arguments of actions: the objects of a state in the place of the views that its callers had of them.
 * @module
 */
import { types } from "node:util";
import { isPlain, seenIn } from "./read_only.ts";
import { originalOf } from "../value_kind.ts";

/** So many members of an argument are looked at. */
const MEMBERS_MAX = 1000;
const DEPTH_MAX = 2;

/**
 * The arguments of an action, with the objects of its own state in the place of the views that the caller had of them:
 * they are found in the state, and may be put into it. Returns the arguments; an array or plain object among them is
 * another one where it holds such a view.
 */
export function ownArguments(
  args: readonly unknown[],
  state: unknown,
): readonly unknown[] {
  return args.some((it) => typeof it === "object" && it !== null)
    ? args.map((it) => ownIn(it, state, DEPTH_MAX))
    : args;
}

function ownIn(value: unknown, state: unknown, depth: number): unknown {
  if (typeof value !== "object" || value === null) return value;
  const original = originalOf(value);
  if (original !== value) {
    return seenIn(original) === state ? original : value;
  }
  if (depth === 0 || types.isProxy(value) || !isPlain(value)) return value;
  const keys = Object.keys(value);
  if (keys.length > MEMBERS_MAX) return value;
  let copy: object | null = null;
  for (const key of keys) {
    const member = Reflect.getOwnPropertyDescriptor(value, key)?.value;
    const own = ownIn(member, state, depth - 1);
    if (own === member) continue;
    copy ??= Array.isArray(value) ? [...value] : Object.defineProperties(
      Object.create(Object.getPrototypeOf(value)),
      Object.getOwnPropertyDescriptors(value),
    ) as object;
    Reflect.set(copy, key, own);
  }
  return copy ?? value;
}
