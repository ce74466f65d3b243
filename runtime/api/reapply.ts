/** Where an app hands itself over: applies what its generation runs, then keeps watching.
 * @module
 */
import { errorText } from "../base/error_text.ts";
import type { Machine } from "../machine/machine.ts";
import type { Logger } from "../base/log.ts";
import type {
  MachineInfo,
  StartedBy,
} from "../protocol/machine/machine_info.ts";
import { ProtocolError } from "../protocol/json/parse.ts";
import { inertReason, type ReapplyOptions } from "../machine/settings.ts";
import { appProcess } from "../process/process.ts";
import type { ReapplyResult } from "./reapply_result.ts";
import {
  defaultLogger,
  environment,
  runningAtLeast,
  runtime,
  startRunning,
} from "./start/running.ts";

/**
 * Applies the hot upgrade that the machines on this base image run, then keeps watching for new ones.
 *
 * Call it once, at the top of the main module, before the app is imported. It never throws: if the upgrade cannot be
 * applied, the app starts with the code of its image and the reason is logged and returned. Outside Fly, in release
 * commands and in other reserved machines it does nothing. Where the preload or `serve` has started the runtime before
 * the app, it returns what that came to; its options have no effect then.
 *
 * @param options overrides of what the environment says
 * @returns what was done
 *
 * @example
 * ```ts
 * import { reapply } from "@flyhot/runtime";
 *
 * const result = await reapply();
 * if (result.status === "error") console.error(result.reason);
 * ```
 */
export async function reapply(
  options: ReapplyOptions = {},
): Promise<ReapplyResult> {
  if (runtime.before) return await runtime.before;
  return await startWatching(options, "reapply");
}

/** Starts the runtime, if nobody has yet, and applies what its generation runs. */
export async function startWatching(
  options: ReapplyOptions,
  startedBy: StartedBy,
): Promise<ReapplyResult> {
  const logger = options.logger ?? defaultLogger();
  try {
    const inert = inertReason(environment);
    if (inert !== null) {
      if (!runtime.running) appProcess.modules.uninstall();
      return { status: "skipped", reason: inert };
    }
    if (runtime.running && runtime.passive) {
      await (await runtime.running)[Symbol.asyncDispose]();
      runtime.running = null;
    }
    if (runtime.running) {
      return {
        status: "skipped",
        reason: "reapply() has run in this process already",
      };
    }
    const { machine, missing } = await startRunning(
      options,
      logger,
      startedBy,
    );
    if (missing !== null) {
      logger.error(`hot upgrades are off: ${missing}`);
      return { status: "error", reason: missing };
    }
    return await boot(machine, logger);
  } catch (error) {
    const reason = errorText(error);
    logger.error(`hot upgrades are off: ${reason}`);
    return { status: "error", reason };
  }
}

async function boot(machine: Machine, logger: Logger): Promise<ReapplyResult> {
  try {
    const result = await machine.boot();
    if (result === null) return { status: "none" };
    if (result.state === "applied" || result.state === "nothing_to_do") {
      const { version, fingerprint } = result;
      return { status: "applied", version, fingerprint };
    }
    return {
      status: "error",
      reason: result.failure?.message ?? "the upgrade is still pending",
    };
  } catch (error) {
    const reason = errorText(error);
    const remedy = error instanceof ProtocolError
      ? ""
      : "; it is read again while the app runs";
    logger.error(
      `the pointer cannot be read, starting with the base image: ${reason}${remedy}`,
    );
    return { status: "error", reason };
  }
}

/** The machine of this process, set up for direct use where `reapply()` has not run. */
export async function runningMachine(): Promise<Machine> {
  return (await runningAtLeast()).machine;
}

/**
 * What code this process runs.
 *
 * @returns whether a hot upgrade is applied and which; always the base image, the fingerprint and the counts
 *
 * @example
 * ```ts
 * import { info } from "@flyhot/runtime";
 *
 * const now = await info();
 * if (now.hotUpgradeApplied) console.log(now.version);
 * ```
 */
export async function info(): Promise<MachineInfo> {
  return await (await runningAtLeast()).info();
}

/**
 * Stops watching, closes the control socket and stops all services, for tests and orderly shutdowns.
 *
 * @example
 * ```ts
 * import { stop } from "@flyhot/runtime";
 *
 * await stop();
 * ```
 */
export async function stop(): Promise<void> {
  const was = runtime.running;
  runtime.running = null;
  runtime.before = null;
  if (was) await (await was)[Symbol.asyncDispose]();
  await appProcess.rest();
}
