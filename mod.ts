/**
 * Upgrades running Deno programs on Fly.io without restarting them: the `flyhot` command as a library.
 *
 * ```ts ignore
 * import { denoHost, main } from "@flyhot/cli/mod";
 *
 * using host = denoHost();
 * const exitCode = await main(["hot", "--local"], host);
 * ```
 *
 * What a command shows is also a value:
 *
 * ```ts ignore
 * import { denoHost, doctor, plan, status } from "@flyhot/cli/mod";
 *
 * using host = denoHost();
 * const { verdict } = await doctor({ app: "my-app" }, { host });
 * const { machines } = await status({ app: "my-app" }, { host });
 * const planned = await plan({}, { host });
 * planned.plan?.hot; // true
 * ```
 *
 * Or, with machines and bucket of your own choice:
 *
 * ```ts ignore
 * import {
 *   denoHost,
 *   MachinesApi,
 *   MachinesFleet,
 *   orchestrate,
 *   parseFlyToken,
 *   S3Bucket,
 *   silentReporter,
 * } from "@flyhot/cli/mod";
 *
 * using host = denoHost();
 * const token = parseFlyToken(host.env("FLY_API_TOKEN")!, "FLY_API_TOKEN");
 * const report = await orchestrate({
 *   app: "my-app",
 *   root: host.cwd(),
 *   deployedBy: "ci",
 *   canary: 1,
 *   maxConcurrency: 20,
 *   timeoutMs: 120_000,
 *   lockTtlMs: 300_000,
 *   force: false,
 *   dryRun: false,
 *   gitIgnored: true,
 * }, {
 *   host,
 *   bucket: new S3Bucket({
 *     endpoint: "https://fly.storage.tigris.dev",
 *     bucket: "my-releases",
 *     accessKeyId: host.env("AWS_ACCESS_KEY_ID")!,
 *     secretAccessKey: host.env("AWS_SECRET_ACCESS_KEY")!,
 *   }),
 *   fleet: new MachinesFleet(new MachinesApi({ host, app: "my-app", token })),
 *   reporter: silentReporter,
 * });
 * report.outcome; // "committed"
 * ```
 *
 * @module
 */
export {
  type Bucket,
  BucketError,
  type BucketErrorCode,
  type BucketRequestOptions,
  type ListedObject,
  MemoryBucket,
  type ReadOutcome,
  S3Bucket,
  type S3BucketOptions,
  type WriteCondition,
  type WriteOutcome,
} from "@flyhot/runtime/bucket";
export { UPGRADE_PHASES, type UpgradePhase } from "@flyhot/runtime/protocol";
export type {
  DeployLock,
  Generation,
  HolderChange,
  HotUpgrade,
  MachineInfo,
  MachineInfoCommon,
  MachineResult,
  Manifest,
  ModuleEdges,
  Pointer,
  ProcessIdentity,
  ReleaseFile,
  RunningManifest,
  UpgradeFailure,
} from "@flyhot/runtime/protocol";
export type { AppDeps } from "./src/ui/app_deps.ts";
export type { ShownValue } from "./src/reports/config_text.ts";
export type { Check, CheckName } from "./src/doctor/check.ts";
export { doctor } from "./src/doctor/doctor.ts";
export type { DoctorReport } from "./src/doctor/doctor_report.ts";
export {
  plan,
  type PlannedRollout,
  type PlanOptions,
} from "./src/commands/rollout/dry_run.ts";
export { status } from "./src/status/read.ts";
export {
  type ReleaseEntry,
  type ReleasesReport,
  releasesReport,
} from "./src/reports/releases_text.ts";
export type {
  MachineStatus,
  StatusReport,
  StatusVerdict,
} from "./src/status/status.ts";
export type { CliValues } from "./src/config/resolve.ts";
export { type ErrorCode, EXIT_CODES, FlyhotError } from "./src/errors.ts";
export type {
  AppMachine,
  Fleet,
  InfoAndManifest,
} from "./src/fly/fleet/fleet.ts";
export type {
  Machine,
  MachineContainer,
  MachineEvent,
  MachineExit,
} from "./src/fly/machine.ts";
export type { ExecOutcome } from "./src/fly/api/answers.ts";
export type { CreateOutcome, MachineSpec } from "./src/fly/api/spec.ts";
export {
  MachinesApi,
  type MachinesApiOptions,
} from "./src/fly/machines_api.ts";
export {
  type LogReader,
  MachinesFleet,
} from "./src/fly/fleet/machines_fleet.ts";
export { type FlyToken, parseFlyToken } from "./src/fly/token.ts";
export type {
  Host,
  HostFiles,
  HostInput,
  HostOutput,
  RunOptions,
  RunOutcome,
  WalkedEntry,
} from "./src/host.ts";
export { type DenoHost, denoHost } from "./src/host_deno.ts";
export { main } from "./src/main.ts";
export { classify } from "./src/release/join_plans.ts";
export {
  type KeyPair,
  makeKeyPair,
  readSigningKey,
  type ReleaseToSign,
  type SigningKey,
  type SignStep,
} from "./src/release/signing.ts";
export type { ReleaseSignature } from "@flyhot/runtime/protocol";
export {
  type PackedRelease,
  type PackOptions,
  packRelease,
} from "./src/release/pack/pack.ts";
export {
  orchestrate,
  type OrchestrateDeps,
  type OrchestrateOptions,
} from "./src/rollout/orchestrate.ts";
export { readLock, type StoredLock } from "./src/rollout/lock/store.ts";
export {
  readPointer,
  type StoredPointer,
} from "./src/rollout/pointer/pointer.ts";
export type { AbandonedProbation } from "./src/rollout/pointer/abandoned.ts";
export { rollback, type RollbackRequest } from "./src/rollout/rollback.ts";
export type { ReleaseSource } from "./src/rollout/prepare.ts";
export type { UpgradeOptions } from "./src/rollout/pointer/new_upgrade.ts";
export type { RollOutOptions } from "./src/rollout/roll_out.ts";
export type { RolloutDeps } from "./src/rollout/deps.ts";
export type { WaveOptions } from "./src/rollout/waves/waves.ts";
export type { PlanReport } from "@flyhot/runtime/plan";
export type { MachineReport, RolloutReport } from "./src/rollout/report.ts";
export { Secret } from "./src/base/secret.ts";
export type {
  MachineStanding,
  Reporter,
  ReportEvent,
} from "./src/ui/reporter.ts";
export {
  type ClosableReporter,
  silentReporter,
} from "./src/ui/reporters/text_reporter.ts";
export { VERSION } from "./src/version.ts";
