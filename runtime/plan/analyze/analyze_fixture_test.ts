/** What the tests of the analysis ask of it, in short.
 * @module
 */

import type { ModuleAnalysis } from "../../protocol/manifest/module_analysis.ts";
import { touchesOf } from "../../protocol/manifest/module_analysis.ts";
import { analyzeScript } from "../../../src/release/graph/analysis/analyze.ts";

/** The analysis of a script. */
export const of = (source: string, path = "a.ts") =>
  analyzeScript(path, source);
/** What its evaluation touches. */
export const topOf = (it: ModuleAnalysis) => touchesOf(it, it.top);
/** `specifier#name how member` of what the evaluation touches, reads left out. */
export const touches = (source: string, path?: string) =>
  topOf(of(source, path)).filter(({ how }) => how !== "read")
    .map(({ specifier, name, how, member }) =>
      `${specifier}#${name} ${how}${member === undefined ? "" : ` ${member}`}`
    );
/** What each export is, by name. */
export const kinds = (source: string, path?: string) =>
  Object.fromEntries(
    Object.entries(of(source, path).exports ?? {}).map((
      [name, { kind }],
    ) => [name, kind]),
  );
/** `name why` of what would be lost with the module. */
export const state = (source: string, path?: string) =>
  (of(source, path).bindings ?? []).map(({ name, why }) => `${name} ${why}`);
/** Imports of one module by name and as a whole. */
export const A = `import { a } from "./a.ts"; import * as ns from "./a.ts"; `;
