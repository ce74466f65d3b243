/** Events by their names: who listens to one, and who lets it happen.
 * @module
 */
import { field, many, type Node, unwrap } from "../code/nodes.ts";

/** Methods that take a function for an event. */
export const LISTENS = /^(?:on|once|(?:add|prepend)(?:Event|Once)?Listener)$/;
/** Methods that call those functions. */
export const EMITS = /^(?:emit|dispatchEvent|trigger|fire|publish)$/;

/** The name of the event that a call is about, as far as it is written there: `emit("ready")`, `dispatchEvent(new Event("ready"))`. */
export function eventOf(call: Node): string | null {
  const [first] = many(call, "arguments");
  const at = first && unwrap(first);
  if (at?.type === "NewExpression") return eventOf(at);
  const value = at?.type === "Literal" ? field(at, "value") : null;
  return typeof value === "string" ? value : null;
}

/** What a touch says of the event that it is about. */
export function eventIn(
  path: readonly string[],
  call: Node | null,
): { readonly event?: string } {
  const method = path.at(-1)?.replace(/\(\)$/, "") ?? "";
  const event = call && (LISTENS.test(method) || EMITS.test(method))
    ? eventOf(call)
    : null;
  return event === null ? {} : { event };
}
