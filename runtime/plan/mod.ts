/**
 * Hot or cold: the rules that the `flyhot` command and a running machine decide by, so that a plan says what will happen.
 *
 * @module
 */
export { newPackages, packageOf, packagesIn } from "./packages.ts";
export { lockChanges, lockedVersions } from "./locked_versions.ts";
export {
  bootModules,
  type ColdReason,
  type ReloadSet,
  reloadSet,
  type RunningModules,
} from "./reload_set.ts";
export { type AnalyzeOptions, analyzeTree } from "./analyze/analyze.ts";
export type { Node } from "./analyze/nodes.ts";
