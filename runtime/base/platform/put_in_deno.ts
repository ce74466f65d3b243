/** Puts wrappers in the place of functions of Deno.
 * @module
 */

/** Puts a wrapper in the place of a function of Deno, under the name and with the length of that. */
export function putInDeno(
  name: string,
  native: (...args: never[]) => unknown,
  wrapped: (...args: never[]) => unknown,
): void {
  Object.defineProperties(wrapped, {
    name: { value: native.name, configurable: true },
    length: { value: native.length, configurable: true },
  });
  Object.defineProperty(Deno, name, {
    value: wrapped,
    configurable: true,
    enumerable: true,
    writable: true,
  });
}
