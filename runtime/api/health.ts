/** A module's own word on whether new code works.
 * @module
 */
import type { HealthCheck } from "../process/health_checks.ts";
import { appProcess } from "../process/process.ts";

/**
 * Declares a health check: it decides, during an upgrade, whether the new code stays.
 *
 * Call it at the top level of a hot module; several modules may. The check meets the new code before anybody else
 * does: what it calls, holders and live boundaries, and what it asks of the process's own servers by `fetch`. While it
 * runs, all callers from outside get the old code. It is repeated during the probation.
 *
 * @param check throws or returns false where the new code does not work
 * @throws {TypeError} if `check` is not a function
 *
 * @example
 * ```ts
 * import { health } from "@flyhot/runtime";
 *
 * health(async ({ signal }) => {
 *   const { ok } = await fetch("http://localhost:8080/healthz", { signal });
 *   return ok;
 * });
 * ```
 */
export function health(check: HealthCheck): void {
  if (typeof check !== "function") {
    throw new TypeError(
      "Cannot declare a health check: it is not a function; write health(() => …)",
    );
  }
  const declaring = appProcess.declaring();
  const { staging } = declaring;
  appProcess.healthChecks.declare(
    {
      check,
      get module() {
        return declaring.module;
      },
    },
    staging !== null && staging.state !== "live" ? staging.attempt : null,
  );
}
