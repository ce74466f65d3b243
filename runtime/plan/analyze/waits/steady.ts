/** Modules whose functions have an end of their own and hand none to anybody, so that no request can leave one behind.
 * @module
 */
import type { Node } from "../code/nodes.ts";
import { handedFunctions } from "./handed_functions.ts";
import { waitingChains } from "./waiting_chains.ts";
import { waitingLoops } from "./waiting_loops.ts";

/** What no text is without that waits, or gives somebody a function to call later. */
const WAITS =
  /\bawait\b|=>|\bfunction\b|\bthen\b|\bfinally\b|\bcatch\b|queueMicrotask|nextTick|["']node:/;

/** Whether a text may have a function that waits: parsing all others for nothing would take time at every start. */
export function mayWait(text: string): boolean {
  return WAITS.test(text);
}

/** Whether no function of a module waits without an end of its own, or hands functions on. */
export function isSteady(text: string, program: Node): boolean {
  return !mayWait(text) ||
    waitingLoops(program).length === 0 &&
      waitingChains(program).length === 0 &&
      handedFunctions(program).length === 0;
}
