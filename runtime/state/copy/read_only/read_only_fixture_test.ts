import { assertThrows } from "@std/assert";
import { readOnly } from "./read_only.ts";

/** Fails unless the act is refused with the sentence that says what to do. */
export function assertRefused(act: () => unknown, what = act.toString()): void {
  assertThrows(
    act,
    TypeError,
    "Cannot change the state of a holder from outside: it is a read-only view; call an action",
    what,
  );
}

/** A view as code sees it that does not mind the types. */
// deno-lint-ignore no-explicit-any -- the types would refuse what is tried here
export function viewOf(value: unknown): any {
  return readOnly(value);
}
