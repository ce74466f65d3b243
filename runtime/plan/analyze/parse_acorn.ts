/** Analyzes JavaScript with acorn, which is only loaded when something has to be parsed.
 * @module
 */
import type { ModuleAnalysis } from "../../protocol/manifest/module_analysis.ts";
import { type AnalyzeOptions, analyzeTree } from "./analyze.ts";
import type { Node } from "./code/nodes.ts";

/** What is used of acorn. */
interface Acorn {
  parse(source: string, options: {
    readonly ecmaVersion: "latest";
    readonly sourceType: "module" | "commonjs";
    readonly locations: boolean;
    readonly allowHashBang: true;
  }): unknown;
}

/** Loads the parser. */
export async function acornParser(locations = true): Promise<
  (source: string, commonjs?: boolean) => Node
> {
  const acorn: Acorn = await import("npm:acorn@8.19.0");
  return (source, commonjs = false) =>
    acorn.parse(source, {
      ecmaVersion: "latest",
      sourceType: commonjs ? "commonjs" : "module",
      locations,
      allowHashBang: true,
    }) as Node;
}

/** Loads the parser. */
export async function acornAnalyzer(): Promise<
  (source: string, options?: AnalyzeOptions) => ModuleAnalysis
> {
  // Lines are counted where somebody asks for one.
  const parse = await acornParser(false);
  return (source, options = {}) =>
    analyzeTree(parse(source, options.commonjs ?? false), source, options);
}
