/**
 * Hot or cold, and why: what the `flyhot` command and a machine decide by the same rule.
 *
 * @module
 */
export { type AnalyzeOptions, analyzeTree } from "./analyze/analyze.ts";
export type { Node } from "./analyze/nodes.ts";
export { classify } from "./classify.ts";
export { RESOLUTION_KEYS, startKeys } from "./config_keys.ts";
export { importRoots } from "./import_roots.ts";
export { isForDevelopment, isScriptPath } from "./paths.ts";
export { isEmptyPlan, type Plan } from "./plan.ts";
export { type Refusal, refusalText } from "./refusal.ts";
export { becauseOf, bootModules, type Reason } from "./reload_set.ts";
export { type PlanReport, planReport } from "./report.ts";
export { assetMatcher, readReleaseSettings, RELEASE_KEYS } from "./settings.ts";
export type * from "../protocol/module_analysis.ts";
export type * from "../protocol/plan_fields.ts";
export {
  type KeptEntry,
  NO_SETTINGS,
  type ReleaseSettings,
} from "../protocol/release_settings.ts";
