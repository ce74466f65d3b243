/** How much memory replaced modules keep, and how many more upgrades fit: the one rule for machine, plan and status.
 * @module
 */
import type { MachineInfoCommon } from "./machine_info.ts";
import type { MemoryForecast } from "./memory_forecast.ts";

/** Past how much kept memory a restart is recommended, where the app does not say, in bytes. */
export const RETAINED_BUDGET_BYTES: number = 128 * 1024 * 1024;

/** Measured (`deno task bench memory`): what a module costs however small it is, and what each byte of it costs. */
const PER_MODULE_BYTES = 12 * 1024;
const PER_SOURCE_BYTE = 10;

/** Modules that were replaced, or would be. */
export interface ReplacedModules {
  /** How many. */
  readonly modules: number;
  /** The size of their source, in bytes. */
  readonly sourceBytes: number;
}

/**
 * About how much memory replaced modules keep, for Deno never frees a module.
 *
 * @param replaced how many, and how large
 * @returns bytes
 */
export function retainedMemory(
  { modules, sourceBytes }: ReplacedModules,
): number {
  return modules * PER_MODULE_BYTES + sourceBytes * PER_SOURCE_BYTE;
}

/**
 * Tells how many more upgrades like those so far a process can take.
 *
 * @param replaced what they have replaced in it
 * @param upgrades how many there were
 * @param budgetBytes how much may be kept
 * @returns the forecast
 */
export function forecastMemory(
  replaced: ReplacedModules,
  upgrades: number,
  budgetBytes: number,
): MemoryForecast {
  const retainedBytes = retainedMemory(replaced);
  const upgradeBytes = upgrades === 0 || retainedBytes === 0
    ? null
    : Math.ceil(retainedBytes / upgrades);
  const forecast = { retainedBytes, budgetBytes, upgradeBytes };
  return {
    ...forecast,
    upgradesLeft: upgradeBytes === null
      ? null
      : upgradesLeft(forecast, upgradeBytes),
  };
}

/**
 * Tells how many upgrades of a size fit into what is left of a process's budget.
 *
 * @param memory what it keeps, and may keep
 * @param upgradeBytes what each of them would keep, more than 0
 * @returns whole upgrades; 0 where the budget is reached
 */
export function upgradesLeft(
  { retainedBytes, budgetBytes }: Pick<
    MemoryForecast,
    "retainedBytes" | "budgetBytes"
  >,
  upgradeBytes: number,
): number {
  return Math.max(0, Math.floor((budgetBytes - retainedBytes) / upgradeBytes));
}

/** Whether a process keeps more than it should. */
export function isPastBudget(
  { retainedBytes, budgetBytes }: MemoryForecast,
): boolean {
  return retainedBytes > budgetBytes;
}

/**
 * The forecast of a machine; for an older runtime, from what it tells.
 *
 * @param info what the machine says of itself
 * @returns the forecast
 */
export function memoryOf(
  info: Pick<
    MachineInfoCommon,
    "memory" | "retainedModules" | "retainedBytes" | "upgrades"
  >,
): MemoryForecast {
  const { retainedModules: modules, retainedBytes: sourceBytes } = info;
  return info.memory ?? forecastMemory(
    { modules, sourceBytes },
    info.upgrades,
    RETAINED_BUDGET_BYTES,
  );
}
