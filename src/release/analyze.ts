/** Analyzes TypeScript and JavaScript with `@babel/parser`.
 * @module
 */
import { parse, type ParserPlugin } from "@babel/parser";
import {
  type AnalyzeOptions,
  analyzeTree,
} from "../../runtime/plan/analyze/analyze.ts";
import type { Node } from "../../runtime/plan/analyze/nodes.ts";
import type { ModuleAnalysis } from "../../runtime/protocol/module_analysis.ts";

/**
 * Analyzes one script of a release.
 *
 * @param path its path, whose ending tells the language
 * @param source its text
 * @param options compiler options that matter, and whether its `package.json` makes it CommonJS
 * @returns what it does
 * @throws {SyntaxError} with `loc` if it cannot be parsed
 */
export function analyzeScript(
  path: string,
  source: string,
  options: Omit<AnalyzeOptions, "typescript" | "jsx" | "place"> = {},
): ModuleAnalysis {
  const typescript = /\.[cm]?tsx?$/.test(path);
  const jsx = /\.[jt]sx$/.test(path);
  const commonjs = options.commonjs ?? /\.c[jt]s$/.test(path);
  const plugins: ParserPlugin[] = [
    "estree",
    ...(typescript ? ["typescript" as const] : []),
    ...(jsx ? ["jsx" as const] : []),
    "decorators",
    "decoratorAutoAccessors",
  ];
  const { program } = parse(source, {
    sourceType: commonjs ? "commonjs" : "module",
    plugins,
    createImportExpressions: true,
  });
  return analyzeTree(program as unknown as Node, source, {
    ...options,
    typescript,
    jsx,
    commonjs,
  });
}
