/**
 * The records, object keys and rules that the `flyhot` command and a running machine share.
 *
 * Every record goes through its parser here, on both ends; an unknown protocol version is refused.
 *
 * @module
 */
export { type ImageRef, parseImageRef, sameImage } from "./image_ref.ts";
export {
  isReleasePath,
  type Manifest,
  MANIFEST_PATH,
  type ModuleEdges,
  parseManifest,
  parseRunningManifest,
  PROTOCOL_VERSION,
  type ReleaseFile,
  type RunningManifest,
  type ServiceCheck,
  settingsText,
} from "./manifest/manifest.ts";
export { JSON_DEPTH_MAX, parseJsonc, TooDeepError } from "./json/jsonc.ts";
export { ProtocolError } from "./json/parse.ts";
export { type DeployLock, parseDeployLock } from "./deploy_lock.ts";
export { fingerprint, sha256Of } from "./fingerprint.ts";
export {
  type MachineInfo,
  type MachineInfoCommon,
  parseMachineInfo,
  STARTED_BY,
  type StartedBy,
} from "./machine/machine_info.ts";
export type { MemoryForecast } from "./machine/memory_forecast.ts";
export {
  forecastMemory,
  isPastBudget,
  memoryOf,
  type ReplacedModules,
  RETAINED_BUDGET_BYTES,
  retainedMemory,
  upgradesLeft,
} from "./machine/retained_memory.ts";
export {
  type HolderChange,
  type MachineResult,
  parseMachineResult,
  type ProcessIdentity,
  type UpgradeFailure,
} from "./machine/machine_result.ts";
export {
  isReleaseKey,
  lockKey,
  pointerKey,
  releaseKey,
  resultKey,
  startKey,
} from "./object_keys.ts";
export { type HotUpgrade, type ReleasePlace } from "./hot_upgrade.ts";
export {
  boundedGenerations,
  emptyPointer,
  type Generation,
  generationKey,
  generationOf,
  GENERATIONS_MAX,
  HISTORY_MAX,
  parsePointer,
  type Pointer,
  type PointerReading,
  pointerRecord,
  pointerWithGeneration,
  pointerWithGenerations,
} from "./pointer.ts";
export { isUnread, unreadIn, type WithUnread } from "./pointer_unread.ts";
export {
  keyId,
  publicKey,
  type ReleaseSignature,
  releaseSignature,
  signatureTrouble,
  signedText,
  signRelease,
} from "./signature.ts";
export { errorText } from "../base/error_text.ts";
export { UPGRADE_PHASES, type UpgradePhase } from "../base/phases.ts";
export type {
  AssignedField,
  ClassFact,
  Effects,
  EnumFact,
  ExportFact,
  FieldFact,
  GlobalWrite,
  ImportFact,
  KeptFact,
  LocalState,
  MethodFact,
  ModuleAnalysis,
  NameRef,
  RepeatFact,
  StateBinding,
  TakenMember,
  TextRecord,
  Touch,
  UnkeepableFact,
  ValueKind,
} from "./manifest/module_analysis.ts";
export type {
  Met,
  ParameterFacts,
  PassedTo,
  Passing,
} from "./manifest/passing_facts.ts";
export type {
  ChangeOfGiven,
  GivenTo,
  GivenValue,
} from "./manifest/given_facts.ts";
export type { OwnedFact, PacedBy, PacingFact } from "./manifest/owned_facts.ts";
export { VALUE_KINDS } from "./manifest/module_analysis.ts";
export {
  IMPORT_USES,
  type ImportedClass,
  type ImportUse,
  type LeftBehind,
  type PieceFacts,
  type RebindFacts,
} from "./manifest/rebind_facts.ts";
export type {
  LoadedPackage,
  ManifestPlanFields,
  PinnedPackage,
  RunningPlanFields,
  SeenEdge,
} from "./manifest/plan_fields.ts";
export { type Refusal, REFUSAL_RULES, refusalText } from "../base/refusal.ts";
export {
  type KeptEntry,
  NO_SETTINGS,
  RELEASE_KEYS,
  type ReleaseSettings,
  SOCKET_WAYS,
} from "./manifest/release_settings.ts";
export {
  type RuntimeOptions,
  runtimeOptions,
} from "./manifest/runtime_options.ts";
export {
  parseStartRecord,
  type StartRecord,
  type TakenRecord,
} from "./machine/start_record.ts";
export {
  shownText,
  shownUrl,
  withoutSecrets,
  withoutValues,
} from "../base/shown_text.ts";
export { ulid } from "../base/ulid.ts";
