/**
 * Hot upgrades for Deno programs: sockets stay open, state stays and is migrated, only changed modules are replaced.
 *
 * @example The boot shell; changes here need a cold deploy
 * ```ts no-eval
 * import { live, reapply } from "@flyhot/runtime";
 *
 * await reapply();
 * const app = await live(() => import("./app.ts"));
 * Deno.serve((request) => app.handle(request));
 * ```
 *
 * @example A hot module
 * ```ts
 * import { holder } from "@flyhot/runtime";
 *
 * export const counter = holder("counter", {
 *   state: () => ({ count: 0 }),
 *   actions: { increment: (state, by: number = 1) => (state.count += by) },
 * });
 * ```
 *
 * @module
 */
import "./install.ts";

export {
  type Actions,
  type Calls,
  type Holder,
  holder,
  type HolderSpec,
} from "./holder.ts";
export { HolderCallError } from "./holder_cell.ts";
export { DeclarationError } from "./declarations.ts";
export {
  hotUpgrade,
  type HotUpgradeOptions,
  type HotUpgradeResult,
} from "./hot_upgrade.ts";
export { live } from "./live.ts";
export type { Logger } from "./log.ts";
export type {
  Migration,
  MigrationContext,
  Migrations,
  MigrationStep,
} from "./migration.ts";
export { MigrationError } from "./migration.ts";
export type { MachineInfo, MachineInfoCommon } from "./protocol.ts";
export type { DeepReadonly } from "./read_only.ts";
export { info, reapply, type ReapplyResult, stop } from "./reapply.ts";
export type { Credentials, ReapplyOptions } from "./settings.ts";
export type { HolderChange } from "./protocol.ts";
export type { UpgradeOutcome } from "./upgrade.ts";
