/** Why an upgrade ended badly, as an error.
 * @module
 */
import { errorText } from "./error_text.ts";
import type { UpgradePhase } from "./phases.ts";
import type { Refusal } from "./refusal.ts";

/** Thrown where a machine finds what only it can know, and cannot let a release in. */
export class RefusedError extends Error {
  /** The class name, kept through minification. */
  override readonly name: string = "RefusedError";
  /** What is refused, and where. */
  readonly refusal: Refusal;

  /**
   * @param refusal what is refused, and where
   * @param message what was tried, why it was refused, and what to do
   */
  constructor(refusal: Refusal, message: string) {
    super(message);
    this.refusal = refusal;
  }
}

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
 * Turns whatever a step threw into an {@linkcode UpgradeError} of that step. Returns the same error if it already is
 * one.
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
    refusals: thrown instanceof RefusedError ? [thrown.refusal] : [],
  });
}
