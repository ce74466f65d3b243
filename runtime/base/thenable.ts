/** Promises, native or not.
 * @module
 */

/**
 * Tells whether `await` would wait for a value.
 *
 * @param value the value
 * @returns whether it has a `then` that can be called
 * @throws whatever a getter called `then` throws
 */
export function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (typeof value === "object" && value !== null ||
    typeof value === "function") &&
    typeof Reflect.get(value, "then") === "function";
}
