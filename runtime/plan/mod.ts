/**
 * Hot or cold, and why: what the `flyhot` command and a running machine decide by the same rule.
 *
 * @module
 */
export { type AnalyzeOptions, analyzeTree } from "./analyze/analyze.ts";
export { namesNothing } from "./analyze/erasable.ts";
export {
  type Keepable,
  type KeepableNames,
  keepableOf,
  type NotKeepable,
} from "./analyze/keeping/keepable.ts";
export type { Binding } from "./analyze/code/bindings.ts";
export type { Resolved } from "./analyze/code/scope.ts";
export {
  isFunction,
  keyName,
  many,
  nameOf,
  type Node,
  one,
  type Place,
  unwrap,
  word,
} from "./analyze/code/nodes.ts";
export { eachChild } from "./analyze/code/tree.ts";
export { classify, type ClassifyOptions } from "./classify.ts";
export { isImageFile, startKeys } from "./settings/config_keys.ts";
export { tsconfigText } from "./settings/tsconfig.ts";
export {
  closureOf,
  closureText,
  exactPackage,
  type LockedPackage,
  type LockFile,
  type PackageSpecifier,
  packageSpecifier,
  readLockFile,
} from "./dependencies/lock_file.ts";
export type { PackageChange } from "./dependencies/package_changes.ts";
export {
  LINKED,
  type PackageFolder,
  type PackageTarget,
  PackageTargets,
} from "./dependencies/package_targets.ts";
export {
  type PinnedPackages,
  pinPackages,
} from "./dependencies/pin_packages.ts";
export { classIn, type KnownClass } from "./lookup/class_lookup.ts";
export { importRoots } from "./reload/import_roots.ts";
export { lockChanges, lockedVersions } from "./settings/locked_versions.ts";
export { newPackages, packageOf, packagesIn } from "./packages.ts";
export {
  isAlias,
  isForDevelopment,
  isScriptPath,
  isSecretLike,
} from "./paths.ts";
export {
  isEmptyPlan,
  type Plan,
  type ReachedClass,
  type ReboundModule,
} from "./plan.ts";
export type { TakenEntry } from "./rules/keep_rule.ts";
export { becauseOf, type Reason } from "./reload/reload_set.ts";
export type { Capture } from "./reload/captures.ts";
export type { Contact } from "./lookup/touched.ts";
export type { Grip } from "./analyze/values/judge_touch.ts";
export {
  type CaptureReport,
  type PackageReport,
  type PlanReport,
  planReport,
  withRefusals,
} from "./report.ts";
export {
  type HotSurface,
  hotSurface,
  type ModuleState,
  moduleStates,
  type Repeat,
  repeatedStates,
  type SurfaceModule,
  type SurfaceOptions,
  type TreeOf,
} from "./reload/surface.ts";
export { assetMatcher, readReleaseSettings } from "./settings/settings.ts";
