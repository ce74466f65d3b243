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
import "./process/at_load.ts";

export { asset, assetRoot } from "./api/pages/assets.ts";
export {
  hotReloadCss,
  type HotReloadCssOptions,
  hotReloadResponse,
  type HotReloadResponseOptions,
} from "./api/pages/css_reload.ts";
export { DeclarationError } from "./state/staging.ts";
export type { UpgradeEvent } from "./process/events.ts";
export { type Family, family, type FamilySpec } from "./api/family.ts";
export {
  type ClassConversion,
  holder,
  type HolderSpec,
  type RequiredSteps,
  type StateSpec,
} from "./api/holder.ts";
export { HolderCallError } from "./state/cells/holder_cell.ts";
export { health } from "./api/health.ts";
export { type Hot, hot, InvalidatedError } from "./api/hot.ts";
export type { DisposeCallback } from "./modules/hot_context.ts";
export type { HotEventName, HotEventPayloads } from "./modules/hot_events.ts";
export {
  hotUpgrade,
  type HotUpgradeOptions,
  type HotUpgradeResult,
} from "./api/hot_upgrade.ts";
export { live } from "./api/live.ts";
export type { Logger } from "./base/log.ts";
export {
  type LastMigration,
  type Migration,
  type MigrationContext,
  MigrationError,
  type Migrations,
  type MigrationStep,
  type MigrationsTo,
  type StepTo,
  type VersionsTo,
} from "./state/migration.ts";
export type {
  HolderChange,
  MachineInfo,
  MachineInfoCommon,
  MemoryForecast,
  UpgradePhase,
} from "./protocol/mod.ts";
export { CopyError } from "./state/copy/copy_error.ts";
export { type Snapshot, snapshot } from "./state/copy/read_only/snapshot.ts";
export type { DeepReadonly } from "./state/copy/read_only/read_only.ts";
export { info, reapply, stop } from "./api/reapply.ts";
export type { ReapplyResult } from "./api/reapply_result.ts";
export { type Service, service, type ServiceSpec } from "./api/service.ts";
export {
  type Socket,
  type Sockets,
  sockets,
  type SocketsSpec,
} from "./api/sockets.ts";
export type {
  OpenSocket,
  SocketMessage,
} from "./state/sockets/socket_handlers.ts";
export {
  type ServiceContext,
  ServiceError,
} from "./state/cells/service_cell.ts";
export type { Credentials, ReapplyOptions } from "./machine/settings.ts";
export type { Holder, SubscribeOptions } from "./state/cells/state_handle.ts";
export type {
  Action,
  Actions,
  Call,
  Calls,
  Fitting,
  HasOpen,
  RequiredActions,
  Returned,
  Tail,
  TakesState,
  TypeTheParameters,
} from "./state/action_types.ts";
export { events, subscribe } from "./api/events.ts";
export type { HealthCheck, HealthContext } from "./process/health_checks.ts";
export type { UpgradeOutcome } from "./upgrade/context.ts";
