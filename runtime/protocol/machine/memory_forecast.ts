/** What replaced modules keep in memory, and how many more upgrades that allows.
 * @module
 */
import { count, fields, nullable, type Reader } from "../json/parse.ts";

/** What a process keeps of what was replaced; Deno never frees a module, a restart does. */
export interface MemoryForecast {
  /** About how much memory replaced modules keep, in bytes. */
  readonly retainedBytes: number;
  /** Past how much of it a restart is recommended, in bytes. */
  readonly budgetBytes: number;
  /** About how much an upgrade has kept so far, in bytes; null before the first one. */
  readonly upgradeBytes: number | null;
  /** About how many more of these fit into the budget; null before the first one. */
  readonly upgradesLeft: number | null;
}

/** Reads a forecast. */
export const memoryForecast: Reader<MemoryForecast> = fields<MemoryForecast>({
  retainedBytes: count,
  budgetBytes: count,
  upgradeBytes: nullable(count),
  upgradesLeft: nullable(count),
});
