/** What an upgrade in a test did, and how people read it.
 * @module
 */
import type {
  HolderChange,
  MachineResult,
  UpgradeFailure,
} from "../protocol/machine/machine_result.ts";

/** What one upgrade did to the app. */
export interface UpgradeReport {
  /**
   * How it ended. `nothing_to_do`: no file that runs differs. `failed` and `rolled_back`: the old code and state are
   * as they were, and `failure` says why.
   */
  readonly state: "applied" | "nothing_to_do" | "failed" | "rolled_back";
  /** The release's version, from its `deno.json`; `base` for the code that the app was started with. */
  readonly version: string;
  /** The modules evaluated again, by path. */
  readonly reloaded: readonly string[];
  /** How many of the app's modules are loaded in all. */
  readonly modules: number;
  /** What became of the holders and families that the reloaded modules declare. */
  readonly holders: readonly HolderChange[];
  /** How long they took no calls, in milliseconds; null if it did not come to that. */
  readonly suspendMs: number | null;
  /** How many requests and events that began before it went on in the old code when it was over. */
  readonly undrained: number;
  /** From the first step to the last, in milliseconds. */
  readonly totalMs: number;
  /** Why it was refused, or null. */
  readonly failure: UpgradeFailure | null;
  /** What the app wrote meanwhile, line by line. */
  readonly log: readonly string[];
}

/** Makes a report out of what the machine wrote to the bucket. */
export function reportOf(
  result: MachineResult,
  log: readonly string[],
): UpgradeReport {
  const { state, version, reloaded, modules, holders, failure } = result;
  if (state === "pending") {
    throw new TypeError("Cannot report an upgrade that is still pending");
  }
  return {
    state,
    version,
    reloaded,
    modules,
    holders,
    suspendMs: result.suspend_ms,
    undrained: result.undrained ?? 0,
    totalMs: result.total_ms,
    failure,
    log,
  };
}

/**
 * Writes a report on one line, for the output of a test.
 *
 * @param report the report
 * @returns for example `2.0.0: applied, reloaded 2 of 6 modules (app.ts, counter.ts), migrated counter 1 -> 2, suspended 3 ms, 41 ms in all`
 *
 * @example
 * ```ts
 * import { formatUpgradeReport } from "@flyhot/runtime/testing";
 *
 * formatUpgradeReport({
 *   state: "applied",
 *   version: "2.0.0",
 *   reloaded: ["app.ts"],
 *   modules: 6,
 *   holders: [],
 *   suspendMs: null,
 *   undrained: 0,
 *   totalMs: 41,
 *   failure: null,
 *   log: [],
 * }); // "2.0.0: applied, reloaded 1 of 6 modules (app.ts), 41 ms in all"
 * ```
 */
export function formatUpgradeReport(report: UpgradeReport): string {
  const { version, state, reloaded, modules, holders, suspendMs, failure } =
    report;
  const parts = [`${version}: ${state}`];
  if (failure) parts[0] += ` in ${failure.phase} (${failure.message})`;
  if (reloaded.length > 0) {
    parts.push(
      `reloaded ${reloaded.length} of ${modules} modules (${
        reloaded.join(", ")
      })`,
    );
  }
  for (const { name, from, to, action } of holders) {
    parts.push(
      `${action} ${name}${action === "migrated" ? ` ${from} -> ${to}` : ""}`,
    );
  }
  if (suspendMs !== null) parts.push(`suspended ${Math.round(suspendMs)} ms`);
  parts.push(`${Math.round(report.totalMs)} ms in all`);
  return parts.join(", ");
}
