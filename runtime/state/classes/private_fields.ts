/** The private fields of instances, as their classes show them.
 * @module
 */

import {
  mayHavePrivate,
  PRIVATE_KEY,
  type PrivateFields,
  type TakePrivate,
} from "../../modules/left/private_fields.ts";

const shown = new WeakMap<
  object,
  (instance: object) => PrivateFields | null
>();

/** Begins to take them. */
export function takePrivateFields(): void {
  const shared = globalThis as { [PRIVATE_KEY]?: TakePrivate };
  shared[PRIVATE_KEY] = ({ prototype }, fields) => shown.set(prototype, fields);
}

/** What is known of the private fields of instances with one prototype. */
export interface PrivateAccess {
  /** Reads those that their classes show, the innermost class first. */
  readonly shown: readonly ((instance: object) => PrivateFields | null)[];
  /** Whether there are others, as those of packages. */
  readonly hides: boolean;
}

const NONE: PrivateAccess = { shown: [], hides: false };
const known = new WeakMap<object, PrivateAccess>();

/** What is known of the private fields of instances with a prototype. */
export function privateAccess(prototype: object | null): PrivateAccess {
  if (prototype === null || prototype === Object.prototype) return NONE;
  const there = known.get(prototype);
  if (there) return there;
  const above = privateAccess(Object.getPrototypeOf(prototype));
  const own = shown.get(prototype);
  const access: PrivateAccess = own
    ? { ...above, shown: [own, ...above.shown] }
    : hasPrivate(prototype)
    ? { ...above, hides: true }
    : above;
  known.set(prototype, access);
  return access;
}

function hasPrivate(prototype: object): boolean {
  const made: unknown = Object.getOwnPropertyDescriptor(
    prototype,
    "constructor",
  )?.value;
  return typeof made === "function" && made.prototype === prototype &&
    mayHavePrivate(Function.prototype.toString.call(made));
}
