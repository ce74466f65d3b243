/** What a result of an upgrade means to the tests.
 * @module
 */
/** What an upgrade came to, as far as the oracle reads it. */
export interface Outcome {
  readonly state: string;
  readonly phase?: string;
  readonly message?: string;
  readonly failure?: unknown;
  readonly refusals?: unknown;
  readonly reloaded?: readonly string[];
}

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
