/** The health check that decides whether new code stays.
 * @module
 */
import { within } from "../base/deadline.ts";
import { runPassingGates } from "../state/holder_cell.ts";
import { UpgradeError } from "../base/upgrade_error.ts";

/** What a health check is told. */
export interface HealthContext {
  /** What code runs now; see `info()`. */
  readonly fingerprint: string;
  /** The version of the release. */
  readonly version: string;
  /** Aborted when the check has taken too long. */
  readonly signal: AbortSignal;
}

/** Tells whether the new code works: throw or return false if not. */
export type HealthCheck = (context: HealthContext) => unknown;

/**
 * Runs a health check; calls that it makes reach suspended holders.
 *
 * @param health the check
 * @param timeoutMs how long it may take, in milliseconds
 * @param context what it is told
 * @throws {UpgradeError} if it throws, returns false or takes too long
 */
export async function checkHealth(
  health: HealthCheck,
  timeoutMs: number,
  context: Omit<HealthContext, "signal">,
): Promise<void> {
  const abort = new AbortController();
  let verdict: unknown;
  try {
    verdict = await within(
      timeoutMs,
      () => runPassingGates(() => health({ ...context, signal: abort.signal })),
      () => new Error(`it did not answer within ${timeoutMs} ms`),
    );
  } catch (cause) {
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new UpgradeError(
      "health",
      `The health check of ${context.version} failed: ${why}`,
      {
        cause,
      },
    );
  } finally {
    abort.abort();
  }
  if (verdict === false) {
    throw new UpgradeError(
      "health",
      `The health check of ${context.version} failed: it returned false`,
    );
  }
}
