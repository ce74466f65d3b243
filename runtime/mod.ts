/**
 * Hot upgrades for Deno programs: sockets stay open, state stays and is migrated, only changed modules are replaced.
 *
 * @example The boot shell; changes here need a cold deploy
 * ```ts ignore
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

export { asset, assetRoot } from "./assets.ts";
export {
  hotReloadCss,
  type HotReloadCssOptions,
  hotReloadResponse,
  type HotReloadResponseOptions,
} from "./css_reload.ts";
export { DeclarationError } from "./declarations.ts";
export type { UpgradeEvent } from "./events.ts";
export { type Family, family, type FamilySpec } from "./family.ts";
export { holder, type HolderSpec, type StateSpec } from "./holder.ts";
export { HolderCallError } from "./holder_cell.ts";
export { type Hot, hot, InvalidatedError } from "./hot.ts";
export type { DisposeCallback } from "./hot_context.ts";
export type { HotEventName, HotEventPayloads } from "./hot_events.ts";
export {
  hotUpgrade,
  type HotUpgradeOptions,
  type HotUpgradeResult,
} from "./hot_upgrade.ts";
export { live } from "./live.ts";
export type { Logger } from "./log.ts";
export {
  type Migration,
  type MigrationContext,
  MigrationError,
  type Migrations,
  type MigrationStep,
} from "./migration.ts";
export type {
  HolderChange,
  MachineInfo,
  MachineInfoCommon,
  UpgradePhase,
} from "./protocol.ts";
export type { DeepReadonly } from "./read_only.ts";
export { info, reapply, type ReapplyResult, stop } from "./reapply.ts";
export { type Service, service, type ServiceSpec } from "./service.ts";
export { type ServiceContext, ServiceError } from "./service_cell.ts";
export type { Credentials, ReapplyOptions } from "./settings.ts";
export type {
  Action,
  Actions,
  Calls,
  Holder,
  SubscribeOptions,
} from "./state_handle.ts";
export { events, subscribe } from "./subscribe.ts";
export type { HealthCheck, HealthContext } from "./health.ts";
export type { UpgradeOutcome } from "./upgrade_context.ts";
