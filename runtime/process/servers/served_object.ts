/** The objects whose `fetch` answers for a handler, as `deno serve` looks it up.
 * @module
 */
const objects = new WeakMap<object, object>();

/** Notes by what a handler answers. Returns the handler. */
export function answeringBy<Handler extends object>(
  handler: Handler,
  object: object,
): Handler {
  objects.set(handler, object);
  return handler;
}

/** The object by whose `fetch` a handler answers; null for none. */
export function answersBy(handler: object): object | null {
  return objects.get(handler) ?? null;
}
