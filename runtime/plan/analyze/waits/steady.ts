/** Modules whose functions have an end of their own and hand none to anybody, so that no request can leave one behind.
 * @module
 */
import type { Node } from "../code/nodes.ts";
import { handedFunctions } from "./handed_functions.ts";
import { handedNames } from "./handed_names.ts";
import { waitingChains } from "./waiting_chains.ts";
import { waitingLoops } from "./waiting_loops.ts";

/** What no text is without that waits, or has a function that gives somebody something to call later. */
const WAITS =
  /\bawait\b|=>|\)\s*\{|\bfunction\b|\bthen\b|\bfinally\b|\bcatch\b|queueMicrotask|nextTick|["']node:/;

/** Whether a text may have a function that waits or hands one on: parsing all others would take time at every start. */
export function mayWait(text: string): boolean {
  return WAITS.test(text);
}

/** Whether no function of a module waits without an end of its own, or hands functions on. */
export function isSteady(program: Node): boolean {
  return waitingLoops(program).length === 0 &&
    waitingChains(program).length === 0 &&
    handedFunctions(program).length === 0 &&
    handedNames(program).sites.length === 0;
}
