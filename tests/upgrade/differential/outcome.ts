/** What a result of an upgrade means to the tests.
 * @module
 */
import type { Outcome } from "./driver.ts";

/** How an upgrade ended. */
export type End = "applied" | "refused" | "failed";

/** Reads a result. */
export function endOf(outcome: Outcome): End {
  if (outcome.state === "applied" || outcome.state === "nothing_to_do") {
    return "applied";
  }
  return JSON.stringify(outcome).includes(`"refusals":[{`) ||
      ["pack", "plan", "check"].includes(outcome.phase ?? "")
    ? "refused"
    : "failed";
}

/** Whether a refusal of kept state names where in it, what, and what to do. */
export function namesStatePath(outcome: Outcome): boolean {
  return /^Cannot keep [\w$]+(?:[.[]\S*)? \([^)]+\)?\): .+; .+/.test(
    outcome.message ?? "",
  );
}

/** Whether a refusal names file and line. */
export function namesPlace(outcome: Outcome): boolean {
  return /[\w-]\.(tsx?|jsx?|json|txt|html|css):\d+/.test(
    outcome.message ?? "",
  );
}
