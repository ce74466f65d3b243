/** What this machine says about an upgrade, put together.
 * @module
 */
import { fingerprint } from "../../protocol/fingerprint.ts";
import type { HotUpgrade } from "../../protocol/pointer.ts";
import type {
  MachineResult,
  ProcessIdentity,
} from "../../protocol/machine/machine_result.ts";
import { PROTOCOL_VERSION } from "../../protocol/manifest/manifest.ts";
import type { Settings } from "../settings.ts";
import type { UpgradeOutcome } from "../../upgrade/context.ts";
import type { UpgradeError } from "../../base/upgrade_error.ts";

/** The result of an upgrade that has begun. */
export async function pendingResult(
  wanted: HotUpgrade,
  settings: Settings,
  releaseSha256: string | null,
  startedAt: Date,
  bootAttempts: number | null,
  process: ProcessIdentity,
): Promise<MachineResult> {
  return {
    protocol: PROTOCOL_VERSION,
    upgrade_id: wanted.id,
    machine_id: settings.machineId,
    region: settings.region,
    image_ref: settings.imageRef,
    state: "pending",
    version: wanted.version,
    started_at: startedAt.toISOString(),
    ended_at: null,
    fingerprint: await fingerprint(settings.imageRef, releaseSha256),
    reloaded: [],
    modules: 0,
    holders: [],
    suspend_ms: null,
    total_ms: Math.max(0, Date.now() - startedAt.getTime()),
    at_boot: bootAttempts !== null,
    ...(bootAttempts === null ? {} : { boot_attempts: bootAttempts }),
    process,
    failure: null,
  };
}

/** The result of an upgrade that came in, or changed nothing. */
export function goodResult(
  pending: MachineResult,
  outcome: UpgradeOutcome,
): MachineResult {
  const { state, reloaded, modules, holders, suspendMs, undrained } = outcome;
  const ended_at = new Date().toISOString();
  return {
    ...pending,
    state,
    ended_at,
    reloaded,
    modules,
    holders,
    suspend_ms: suspendMs,
    ...(undrained === undefined ? {} : { undrained }),
  };
}

/** The result of an upgrade that did not come in. */
export function badResult(
  pending: MachineResult,
  error: UpgradeError,
): MachineResult {
  return {
    ...withFailure(pending, error),
    state: error.end === "rolled_back" ? "rolled_back" : "failed",
    ended_at: new Date().toISOString(),
  };
}

/** A result that says what went wrong and is otherwise as it was. */
export function withFailure(
  result: MachineResult,
  error: UpgradeError,
): MachineResult {
  const { phase, message, transient, refusals } = error;
  const end = error.end === "fail" ? "fail" : "abort";
  return {
    ...result,
    failure: {
      phase,
      message,
      end,
      transient,
      ...(refusals.length > 0 ? { refusals } : {}),
    },
  };
}

/** One line for the log. */
export function resultLine(
  result: MachineResult,
): { readonly level: "info" | "warn" | "error"; readonly text: string } {
  const { version, failure, reloaded, modules, holders, suspend_ms, total_ms } =
    result;
  const { undrained = 0 } = result;
  switch (result.state) {
    case "applied": {
      const migrated =
        holders.filter(({ action }) => action === "migrated").length;
      return {
        level: "info",
        text:
          `${version} is applied: reloaded ${reloaded.length} of ${modules} modules, migrated ${migrated} of ${holders.length} holders, suspended ${
            (suspend_ms ?? 0).toFixed(1)
          } ms, total ${Math.round(total_ms)} ms${
            undrained === 0
              ? ""
              : `, ${undrained} ${
                undrained === 1 ? "request goes" : "requests go"
              } on in the old code`
          }`,
      };
    }
    case "nothing_to_do":
      return {
        level: "info",
        text: `${version} changes nothing that runs here`,
      };
    case "pending":
      return {
        level: "warn",
        text: `${version} is not in yet, trying again: ${failure?.message}`,
      };
    case "rolled_back":
      return {
        level: "error",
        text:
          `${version} was taken out again in ${failure?.phase}, the old code serves on: ${failure?.message}`,
      };
    case "failed":
      return {
        level: "error",
        text:
          `${version} was refused in ${failure?.phase}, the old code serves on: ${failure?.message}`,
      };
  }
}
