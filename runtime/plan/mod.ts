/**
 * Hot or cold, and why: what the `flyhot` command and a machine decide by the same rule.
 *
 * @module
 */
export { type AnalyzeOptions, analyzeTree } from "./analyze/analyze.ts";
export type { Node } from "./analyze/nodes.ts";
export type * from "../protocol/module_analysis.ts";
