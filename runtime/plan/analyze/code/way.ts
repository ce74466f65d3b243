/** The members on the way from a value to its root.
 * @module
 */
import { ELEMENT } from "./scope.ts";

/** The members of a way, the next one first. A list, because most ways are gone in many directions and never read. */
export interface Way {
  readonly step: string;
  readonly rest: Way | null;
  readonly length: number;
}

/** A way with one more member in front. */
export function before(step: string, rest: Way | null): Way {
  return { step, rest, length: rest === null ? 1 : rest.length + 1 };
}

/** A way with members in front. */
export function wayOf(steps: readonly string[], rest: Way | null): Way | null {
  let way = rest;
  for (let at = steps.length - 1; at >= 0; at--) way = before(steps[at]!, way);
  return way;
}

/** The members of a way. */
export function stepsOf(way: Way | null): readonly string[] {
  const steps: string[] = [];
  for (let at = way; at !== null; at = at.rest) steps.push(at.step);
  return steps;
}

/** The member that a way begins with, and where it goes on from there: `list()` calls the member `list`. */
export function member(
  way: Way,
): { readonly name: string; readonly rest: Way | null } {
  const { step, rest } = way;
  return step.endsWith("()")
    ? { name: step.slice(0, -2), rest: before("()", rest) }
    : { name: step, rest };
}

/** Whether a member is one of those that a collection holds. */
export function isElement(step: string): boolean {
  return step === ELEMENT || /^(?:\d+|at\(\)|find\(\)|values\(\))$/.test(step);
}
