/** Why an upgrade ended badly, as an error.
 * @module
 */
import { errorText } from "./error_text.ts";
import type { UpgradePhase } from "./phases.ts";
import type { Refusal } from "./refusal.ts";

/** Thrown by a step of an upgrade. */
export class UpgradeError extends Error {
  /** The class name, kept through minification. */
  override readonly name = "UpgradeError";
  /** The step. */
  readonly phase: UpgradePhase;
  /** Whether a retry may cure it. */
  readonly transient: boolean;
  /** What was refused before anything happened, place by place. */
  readonly refusals: readonly Refusal[];
  /** How the upgrade ended: `fail` only if the new code was in and could not be taken out. */
  end: "abort" | "rolled_back" | "fail" = "abort";

  /**
   * @param phase the step
   * @param message what was tried, on what, and why it failed
   * @param options whether a retry may cure it (default false), the cause, and what was refused
   */
  constructor(
    phase: UpgradePhase,
    message: string,
    options: {
      readonly transient?: boolean;
      readonly cause?: unknown;
      readonly refusals?: readonly Refusal[];
    } = {},
  ) {
    super(message, options.cause === undefined ? {} : { cause: options.cause });
    this.phase = phase;
    this.transient = options.transient ?? false;
    this.refusals = options.refusals ?? [];
  }
}

/**
 * Turns whatever a step threw into an {@linkcode UpgradeError} of that step.
 *
 * @param phase the step
 * @param what what was tried, for the message; left out where the cause says it all
 * @param thrown what was thrown
 * @returns the same error if it already is one
 */
export function upgradeError(
  phase: UpgradePhase,
  what: string | null,
  thrown: unknown,
): UpgradeError {
  if (thrown instanceof UpgradeError) return thrown;
  const why = errorText(thrown);
  const transient = typeof thrown === "object" && thrown !== null &&
    "transient" in thrown &&
    thrown.transient === true;
  return new UpgradeError(phase, what === null ? why : `${what}: ${why}`, {
    transient,
    cause: thrown,
  });
}
