/** What one check found.
 * @module
 */
import { type ErrorCode, toFlyhotError } from "../errors.ts";

/** What was looked at. */
export type CheckName =
  | "flyctl"
  | "login"
  | "token"
  | "app"
  | "bucket"
  | "credentials"
  | "clock"
  | "conditional_writes"
  | "probation"
  | "runtime"
  | "deno"
  | "environment"
  | "disk"
  | "start"
  | "import"
  | "main_module"
  | "hot_surface";

/** What one check found. */
export interface Check {
  /** What was looked at. */
  readonly check: CheckName;
  /** On which machine, or null where it is about none. */
  readonly machine: string | null;
  /** `warn` is worth knowing, `fail` keeps upgrades from working. */
  readonly verdict: "pass" | "warn" | "fail";
  /** What was found. */
  readonly text: string;
  /** What to do about it, or null. */
  readonly remedy: string | null;
  /** The kind of a failure, which decides the exit code; null for all else. */
  readonly code: ErrorCode | null;
}

/** All is well. */
export function pass(
  check: CheckName,
  text: string,
  machine: string | null = null,
): Check {
  return { check, machine, verdict: "pass", text, remedy: null, code: null };
}

/** Something is worth knowing. */
export function warn(
  check: CheckName,
  text: string,
  remedy: string | null,
  machine: string | null = null,
): Check {
  return { check, machine, verdict: "warn", text, remedy, code: null };
}

/** Something keeps upgrades from working. */
export function fail(
  check: CheckName,
  thrown: unknown,
  machine: string | null = null,
): Check {
  const { code, message, hint } = toFlyhotError(thrown);
  return { check, machine, verdict: "fail", text: message, remedy: hint, code };
}
