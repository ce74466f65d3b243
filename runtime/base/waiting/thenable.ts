/** Promises, native or not.
 * @module
 */

/** Tells whether `await` would wait for a value. Throws whatever a getter called `then` throws. */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (typeof value === "object" && value !== null ||
    typeof value === "function") &&
    typeof Reflect.get(value, "then") === "function";
}
