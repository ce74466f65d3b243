/** Views of bytes: what wants the bytes themselves is told so, and copies are bytes again.
 * @module
 */

/** What gives a typed array of its own. */
const COPIES = new Set<string | symbol>([
  ...["slice", "map", "filter", "with", "toReversed", "toSorted"],
]);

/**
 * Tells whether a view is asked what only somebody asks who wants bytes and takes what a view is for a text or a list:
 * `new Blob([view])`, `socket.send(view)`.
 */
export function meansBytes(target: object, key: string | symbol): boolean {
  if (key === Symbol.toPrimitive) return isBytes(target);
  return (key === "length" || key === Symbol.iterator) &&
    target instanceof ArrayBuffer;
}

/** Says what to give instead. Throws always. */
export function refuseText(): never {
  throw new TypeError(
    "Cannot take a read-only view of bytes for the bytes themselves: give slice() of it, or snapshot(…); its text is toString()",
  );
}

/** Tells whether a method gives bytes of its own, which may as well be what takes bytes; views of them cannot be. */
export function isCopyOfBytes(target: object, key: string | symbol): boolean {
  if (target instanceof ArrayBuffer) return key === "slice";
  if (!ArrayBuffer.isView(target) || !COPIES.has(key)) return false;
  return key !== "slice" || !globalThis.Buffer?.isBuffer(target);
}

function isBytes(target: object): boolean {
  return ArrayBuffer.isView(target) || target instanceof ArrayBuffer;
}
